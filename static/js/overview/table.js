// How the chart writes figures, and the same bars as a table for those who read instead of look.

const TABLE_ROWS = 60;

export const places = (price) => Math.max(price >= 1 ? 2 : 0, Math.min(12, 5 - Math.floor(Math.log10(price))));
export const grouped = (value, digits) =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replaceAll(",", "\u202f").replace("-", "\u2212");
export const stamp = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");

function cell(text, className) {
  const element = document.createElement("td");
  element.className = className;
  element.textContent = text;
  return element;
}

function row(bar, signs, digits) {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = stamp(bar.time);
  const prices = [bar.open, bar.high, bar.low, bar.close].map((p) => cell(grouped(p, digits), "num"));
  line.append(head, ...prices, cell(grouped(bar.volume, 2), "num"), cell(signs.join("; "), ""));
  return line;
}

export function fillTable(body, bars, markers, digits) {
  const signs = new Map();
  for (const marker of markers) {
    const bar = bars.at(marker.t);
    if (bar) signs.set(bar.time, [...(signs.get(bar.time) ?? []), `${marker.kind}: ${marker.text}`]);
  }
  const newest = bars.list.slice(-TABLE_ROWS).reverse();
  body.replaceChildren(...newest.map((bar) => row(bar, signs.get(bar.time) ?? [], digits)));
}
