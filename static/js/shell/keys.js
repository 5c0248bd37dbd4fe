// Keyboard: g and a letter go to a room, / filters, ? lists the keys, Ctrl-K finds and does.

import { closeSide } from "./side.js";
import { words } from "./tables.js";

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

function entries() {
  const list = [];
  for (const link of document.querySelectorAll(".rail-item[href]"))
    list.push({ text: words(link), hint: "room", run: () => location.assign(link.href) });
  for (const link of document.querySelectorAll("a[data-control]"))
    list.push({ text: `${words(link)} the desk`, hint: "order", run: () => link.click() });
  const pair = document.getElementById("chart-pair");
  for (const option of pair?.options ?? [])
    list.push({
      text: option.textContent, hint: "chart",
      run: () => { pair.value = option.value; pair.dispatchEvent(new Event("change")); },
    });
  const filter = document.querySelector("[data-filter]");
  for (const row of document.querySelectorAll("tr[data-find]")) {
    const name = `${words(row.cells[0])} ${words(row.cells[1])}`;
    list.push({
      text: name, hint: row.dataset.find,
      run: () => { filter.value = name; filter.dispatchEvent(new Event("input")); filter.focus(); },
    });
  }
  return list;
}

function startPalette() {
  const sheet = document.getElementById("palette");
  const input = document.getElementById("palette-input");
  const list = document.getElementById("palette-list");
  let found = [];
  let at = 0;
  const draw = () => {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = entries().filter((e) => wanted.every((w) => e.text.toLowerCase().includes(w))).slice(0, 12);
    at = Math.min(at, Math.max(0, found.length - 1));
    list.replaceChildren(...found.map((entry, i) => {
      const item = document.createElement("li");
      item.id = `palette-${i}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(i === at));
      const hint = document.createElement("span");
      hint.className = "muted small";
      hint.textContent = entry.hint;
      item.append(entry.text, hint);
      item.addEventListener("click", () => run(i));
      return item;
    }));
    input.setAttribute("aria-activedescendant", found.length ? `palette-${at}` : "");
  };
  const run = (i) => { sheet.close(); found[i]?.run(); };
  input.addEventListener("input", () => { at = 0; draw(); });
  input.addEventListener("keydown", (event) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) {
      event.preventDefault();
      at = (at + move + found.length) % Math.max(1, found.length);
      draw();
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(at);
    }
  });
  return () => { input.value = ""; at = 0; draw(); sheet.showModal(); };
}

function switchPair(by) {
  const select = document.getElementById("chart-pair");
  if (!select || select.options.length === 0) return;
  select.selectedIndex = (select.selectedIndex + by + select.options.length) % select.options.length;
  select.dispatchEvent(new Event("change"));
}

export function startKeys() {
  const openPalette = startPalette();
  const openKeys = () => document.getElementById("keys-sheet").showModal();
  document.querySelector("[data-open-keys]")?.addEventListener("click", openKeys);
  let isGoing = false;
  const simple = {
    "/": () => document.querySelector("[data-filter]")?.focus(),
    "?": openKeys,
    "[": () => switchPair(-1),
    "]": () => switchPair(1),
  };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
      return;
    }
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
      if (!document.querySelector("dialog[open]")) closeSide();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (isGoing) {
      isGoing = false;
      document.querySelector(`.rail-item[data-key="${CSS.escape(event.key)}"]`)?.click();
      return;
    }
    if (event.key === "g") {
      isGoing = true;
      setTimeout(() => { isGoing = false; }, 1500);
    } else if (simple[event.key]) {
      event.preventDefault();
      simple[event.key]();
    }
  });
}
