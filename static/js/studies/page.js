// The list of studies follows the news; the form keeps the steering objective among those scored.

import { live, panels } from "../shell/desk.js";

const POLL = 5000; // ms; news may be lost, and ages grow without any

live.addEventListener("open", () => live.send({ op: "studies" }));
setInterval(() => panels.tell("poll"), POLL);
for (const button of document.querySelectorAll("[data-tick-all]"))
  button.addEventListener("click", () => {
    const boxes = [...document.querySelectorAll(`input[name="${button.dataset.tickAll}"]`)];
    const tick = !boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = tick;
  });
