// Panels are rendered by the server; news marks them dirty and one request refreshes all of them.
// Which news a panel follows is declared by its page and stands at its place: data-news.

const PAUSE = 1000; // ms between refreshes caused by news
const URGENT = ["state", "feed"]; // kinds of news that are shown at once
const HEARTBEAT = 10000; // without any news, ages and checks are still asked for

const present = (name) => document.getElementById(`panel-body-${name}`);

// "step" follows every step, "step:checkpoints" those that carry checkpoints
function follows(panel, kind, message) {
  return panel.dataset.news.split(" ").some((news) => {
    const [followed, carried] = news.split(":");
    return followed === kind && (carried === undefined || Boolean(message[carried]));
  });
}

export class Panels {
  constructor(live) {
    this.url = document.body.dataset.panels;
    this.dirty = new Set();
    this.cost = 0;
    this.lastRun = 0;
    this.toldAt = new Map(); // by name, of panels with a pause of their own
    // a choice that belongs to a panel is sent along, and changing it refreshes the panel
    this.options = [...document.querySelectorAll("input[data-refreshes]")];
    for (const option of this.options)
      option.addEventListener("change", () => this.mark([option.dataset.refreshes], 0));
    for (const panel of document.querySelectorAll('[data-panel][data-calm="scrolled"]'))
      for (const name of ["pointerleave", "focusout"])
        panel.addEventListener(name, () => this.mark([panel.dataset.panel]));
    setInterval(() => this.tell("beat"), HEARTBEAT);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.mark(this.all(), 0);
    });
    this.follow(live);
  }

  follow(live) {
    live.addEventListener("news", ({ detail: message }) => {
      const pause = URGENT.includes(message.kind) ? 0 : PAUSE;
      this.tell(message.kind, pause, message);
    });
    // whatever happened while the socket was away is on the server: ask for all of it once
    let isFirst = true;
    live.addEventListener("open", () => {
      if (!isFirst) this.mark(this.all(), 0);
      isFirst = false;
    });
  }

  all() {
    return [...document.querySelectorAll("[data-panel]")].map((panel) => panel.dataset.panel);
  }

  // marks the panels that follow this kind of news
  tell(kind, pause = PAUSE, message = {}) {
    const now = performance.now();
    const names = [];
    for (const panel of document.querySelectorAll("[data-news]")) {
      if (!follows(panel, kind, message)) continue;
      const { panel: name, pause: own } = panel.dataset;
      if (own && now - (this.toldAt.get(name) ?? 0) <= Number(own)) continue;
      this.toldAt.set(name, now);
      names.push(name);
    }
    if (names.length > 0) this.mark(names, pause);
  }

  mark(names, pause = PAUSE) {
    for (const name of names) if (present(name)) this.dirty.add(name);
    this.plan(pause);
  }

  plan(pause) {
    if (this.running || document.hidden || this.dirty.size === 0) return;
    // a slow server is asked less often: at most a quarter of its time goes to one tab
    const since = performance.now() - this.lastRun;
    const wait = Math.max(0, Math.max(pause, 4 * this.cost) - since);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.run(), wait);
  }

  async run() {
    const names = [...this.dirty].filter((name) => !this.isRead(present(name)));
    if (names.length === 0) return;
    this.dirty.clear();
    this.running = true;
    const before = this.figures();
    const start = performance.now();
    this.lastRun = start;
    try {
      await globalThis.htmx.ajax("GET", this.address(names), { target: "body", swap: "none" });
    } catch {
      // the server is away: the socket's badge says so, and these panels are asked for again
      for (const name of names) this.dirty.add(name);
    } finally {
      this.cost = performance.now() - start;
      this.running = false;
    }
    this.flash(before);
    document.dispatchEvent(new CustomEvent("desk:swapped", { detail: names }));
    this.plan(PAUSE);
  }

  address(names) {
    const chosen = this.options.filter((option) => option.checked).map((option) => `&${option.name}=1`);
    return `${this.url}?names=${names.join(",")}${chosen.join("")}`;
  }

  // what somebody is reading does not move under the eyes
  isRead(panel) {
    const { calm } = panel.dataset;
    if (calm === undefined) return false;
    const isInside = panel.contains(document.activeElement);
    if (calm === "scrolled") return panel.scrollTop > 0 && (panel.matches(":hover") || isInside);
    return isInside || panel.querySelector("details[open]") !== null;
  }

  figures() {
    const texts = new Map();
    for (const e of document.querySelectorAll("[data-live]")) texts.set(e.dataset.live, e.textContent);
    return texts;
  }

  flash(before) {
    for (const element of document.querySelectorAll("[data-live]")) {
      const old = before.get(element.dataset.live);
      if (old !== undefined && old !== element.textContent) element.classList.add("flash");
    }
  }
}
