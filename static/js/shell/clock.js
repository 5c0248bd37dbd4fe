// Two clocks and every age on the page, once a second; an age past its budget looks stale at once.

const started = performance.now();
const serverStart = Date.parse(document.body.dataset.now);

// the server's time, so that a wrong clock on this computer cannot make data look fresh
export const serverNow = () => serverStart + (performance.now() - started);

export function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const gap = "\u202f";
  if (s < 60) return `${s}${gap}s`;
  if (s < 3600) return `${Math.floor(s / 60)}${gap}min`;
  if (s < 86400) return `${Math.floor(s / 3600)}${gap}h ${Math.floor((s % 3600) / 60)}${gap}min`;
  return `${Math.floor(s / 86400)}${gap}d ${Math.floor((s % 86400) / 3600)}${gap}h`;
}

const two = (n) => String(n).padStart(2, "0");
export const hms = (date) =>
  `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;

function showAge(element, now) {
  const from = Date.parse(element.dataset.ageFrom);
  const text = element.querySelector(".age-text");
  if (!text || Number.isNaN(from)) return;
  const age = (now - from) / 1000;
  const ended = element.dataset.status && element.dataset.status !== "running";
  const stale = ended || age > Number(element.dataset.budget);
  element.classList.toggle("is-stale", stale);
  if (ended) text.textContent = element.dataset.status;
  else text.textContent = stale ? `stale since ${hms(new Date(from))} UTC` : duration(age);
}

function tick() {
  const now = serverNow();
  const date = new Date(now);
  const utc = document.querySelector('[data-clock="utc"]');
  const local = document.querySelector('[data-clock="local"]');
  if (utc) utc.textContent = hms(date);
  if (local) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const same = date.getTimezoneOffset() === 0;
    local.textContent = same ? "local is UTC" : `${date.toLocaleTimeString("en-GB")} local`;
    local.title = zone;
    local.toggleAttribute("data-same", same);
  }
  for (const element of document.querySelectorAll("[data-age-from]")) showAge(element, now);
}

export function startClock() {
  tick();
  setInterval(tick, 1000);
  document.addEventListener("desk:swapped", tick);
}
