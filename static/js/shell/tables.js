// Sort, filter, choose columns, count and export; the choices survive every refresh of the rows.

import { recall, remember } from "./settings.js";

const state = new Map();

function choices(name) {
  if (!state.has(name)) {
    let kept = {};
    try { kept = JSON.parse(recall(`table.${name}`, "{}")); } catch { kept = {}; }
    state.set(name, { column: null, descending: false, hidden: [], filter: "", ...kept });
  }
  return state.get(name);
}

function keep(name) {
  const { column, descending, hidden } = choices(name);
  remember(`table.${name}`, JSON.stringify({ column, descending, hidden }));
}

// what a cell says, whatever lines its markup is written in
export const words = (cell) => cell.textContent.replace(/[ \t\n]+/g, " ").trim();

const cellValue = (row, index, kind) => {
  const cell = row.cells[index];
  if (kind !== "number") return words(cell);
  return cell.dataset.value === "" ? -Infinity : Number(cell.dataset.value ?? cell.textContent);
};

function sortRows(table, chosen) {
  const heads = [...table.tHead.rows[0].cells];
  const index = heads.findIndex((h) => h.dataset.name === chosen.column);
  for (const head of heads) head.removeAttribute("aria-sort");
  if (index < 0) return;
  heads[index].setAttribute("aria-sort", chosen.descending ? "descending" : "ascending");
  const kind = heads[index].dataset.sort;
  const rows = [...table.tBodies[0].rows].map((row) => [cellValue(row, index, kind), row]);
  const order = chosen.descending ? -1 : 1;
  rows.sort(([a], [b]) => order * (kind === "number" ? a - b : a.localeCompare(b)));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

// figures are grouped by spaces of several kinds and have a real minus, which nobody types
const plain = (text) =>
  text.toLowerCase().replaceAll("\u2212", "-").replace(/(\d)[^\S\n]+(?=\d{3}(?!\d))/g, "$1");

// a filter without hits says so; an empty table looks like a fault
function sayNone(table, chosen, total) {
  const wrap = table.closest(".table-wrap") ?? table;
  let none = wrap.nextElementSibling;
  if (!none?.matches("[data-none]")) {
    none = document.createElement("p");
    none.className = "empty";
    none.dataset.none = "";
    none.setAttribute("role", "status");
    wrap.after(none);
  }
  wrap.hidden = total > 0;
  none.hidden = total === 0;
  const text = total > 0 ? `No row has “${chosen.filter.trim()}”. Clear the filter to see all ${total}.` : "";
  if (none.textContent !== text) none.textContent = text;
}

function filterRows(table, chosen, tools) {
  const wanted = plain(chosen.filter).split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of table.tBodies[0].rows) {
    const text = [...row.cells].map((cell) => plain(words(cell))).join("\n");
    row.hidden = !wanted.every((word) => text.includes(word));
    if (!row.hidden) shown += 1;
  }
  const total = table.tBodies[0].rows.length;
  sayNone(table, chosen, shown === 0 ? total : 0);
  const count = tools?.querySelector("[data-count]");
  const all = `${total} row${total === 1 ? "" : "s"}`;
  if (count) count.textContent = shown === total ? all : `${shown} of ${total} rows`;
}

function hideColumns(table, chosen) {
  [...table.tHead.rows[0].cells].forEach((head, i) => {
    const hidden = chosen.hidden.includes(head.dataset.name);
    for (const row of table.rows) row.cells[i].hidden = hidden;
  });
}

function apply(table) {
  const name = table.dataset.table;
  const chosen = choices(name);
  const tools = document.querySelector(`[data-tools="${name}"]`);
  sortRows(table, chosen);
  filterRows(table, chosen, tools);
  hideColumns(table, chosen);
}

function heads(table) {
  const name = table.dataset.table;
  const chosen = choices(name);
  if (chosen.column === null && table.dataset.sorted)
    Object.assign(chosen, { column: table.dataset.sorted, descending: true });
  for (const head of table.tHead.rows[0].cells) {
    head.dataset.name = words(head);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.id = `sort-${name}-${head.cellIndex}`; // keeps the focus when the rows are refreshed
    button.textContent = head.dataset.name;
    button.addEventListener("click", () => {
      const again = chosen.column === head.dataset.name;
      chosen.descending = again ? !chosen.descending : head.dataset.sort === "number";
      chosen.column = head.dataset.name;
      keep(name);
      apply(table);
    });
    head.replaceChildren(button);
  }
}

function columnList(table, tools) {
  const list = tools.querySelector("[data-columns]");
  if (!list || list.childElementCount) return;
  const chosen = choices(table.dataset.table);
  [...table.tHead.rows[0].cells].slice(1).forEach((head) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = !chosen.hidden.includes(head.dataset.name);
    box.addEventListener("change", () => {
      chosen.hidden = chosen.hidden.filter((n) => n !== head.dataset.name);
      if (!box.checked) chosen.hidden.push(head.dataset.name);
      keep(table.dataset.table);
      apply(document.querySelector(`[data-table="${table.dataset.table}"]`));
    });
    label.append(box, head.dataset.name);
    list.append(label);
  });
}

function csv(table) {
  const quote = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const visible = (cells) => [...cells].filter((cell) => !cell.hidden);
  const value = (cell) => cell.dataset.value ?? cell.dataset.name ?? words(cell);
  const rows = [table.tHead.rows[0], ...[...table.tBodies[0].rows].filter((row) => !row.hidden)];
  const text = rows.map((row) => visible(row.cells).map((c) => quote(value(c))).join(",")).join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/csv" }));
  link.download = `${table.dataset.table}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function enhance() {
  for (const table of document.querySelectorAll("table[data-table]")) {
    if (!table.dataset.ready) {
      table.dataset.ready = "1";
      heads(table);
    }
    const tools = document.querySelector(`[data-tools="${table.dataset.table}"]`);
    if (tools) columnList(table, tools);
    apply(table);
  }
}

export function startTables() {
  for (const tools of document.querySelectorAll("[data-tools]")) {
    const name = tools.dataset.tools;
    const table = () => document.querySelector(`[data-table="${name}"]`);
    tools.querySelector("[data-filter]")?.addEventListener("input", (event) => {
      choices(name).filter = event.target.value;
      if (table()) apply(table());
    });
    tools.querySelector("[data-csv]")?.addEventListener("click", () => { if (table()) csv(table()); });
  }
  document.addEventListener("desk:swapped", enhance);
  enhance();
}
