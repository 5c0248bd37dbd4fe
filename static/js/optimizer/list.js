// The list of studies follows the news; the form keeps the steering objective among those scored.

export class StudyList {
  constructor(live, panels) {
    if (!document.getElementById("studies")) return;
    live.addEventListener("open", () => live.send({ op: "studies" }));
    live.addEventListener("studies", () => panels.mark(["studies"]));
    // news may be lost, and ages grow without any
    setInterval(() => panels.mark(["studies"]), 5000);
    for (const button of document.querySelectorAll("[data-tick-all]"))
      button.addEventListener("click", () => {
        const boxes = [...document.querySelectorAll(`input[name="${button.dataset.tickAll}"]`)];
        const tick = !boxes.every((box) => box.checked);
        for (const box of boxes) box.checked = tick;
      });
  }
}
