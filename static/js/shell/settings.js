// Choices kept in this browser: theme, direction colours, and small per-page memories.

export function recall(name, fallback = null) {
  try {
    const text = localStorage.getItem(`guardian.${name}`);
    return text === null ? fallback : text;
  } catch {
    return fallback; // storage may be blocked; the page then starts from its defaults
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(`guardian.${name}`, value);
  } catch {
    // nothing is lost but the memory of a choice
  }
}

export const token = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const announceChange = () => document.dispatchEvent(new Event("desk:theme"));

function applyTheme(value) {
  if (value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
}

function applyUpdown(value) {
  if (value === "convention") document.documentElement.dataset.updown = value;
  else delete document.documentElement.dataset.updown;
}

function bind(name, fallback, apply) {
  const chosen = recall(name, fallback);
  for (const input of document.querySelectorAll(`input[name="${name}"]`)) {
    input.checked = input.value === chosen;
    input.addEventListener("change", () => {
      remember(name, input.value);
      apply(input.value);
      announceChange();
    });
  }
}

export function startSettings() {
  bind("theme", "system", applyTheme);
  bind("updown", "safe", applyUpdown);
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", announceChange);
  // an open menu closes on a click elsewhere and on Escape
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]"))
      if (!menu.contains(event.target)) menu.open = false;
  });
}
