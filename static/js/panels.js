// Panels are rendered by the server; news marks them dirty and one request refreshes all of them.

const STEP_PAUSE = 1000; // ms between refreshes caused by bars
const SLOW_PAUSE = 5000; // the funnel counts a day of bars; it need not follow every bar
const HEARTBEAT = 10000; // without any news, ages and the checklist are still asked for
const ANNOUNCE_PAUSE = 8000;

const present = (name) => document.getElementById(`panel-body-${name}`);

export class Panels {
  constructor() {
    this.url = document.querySelector("[data-panels]")?.dataset.panels ?? "/panels/";
    this.dirty = new Set();
    this.cost = 0;
    this.lastRun = 0;
    this.lastSlow = 0;
    this.announced = this.newestId();
    this.lastAnnounced = 0;
    const quiet = document.getElementById("quiet");
    quiet?.addEventListener("change", () => this.mark(["decisions"], 0));
    const feed = present("decisions");
    feed?.addEventListener("pointerleave", () => this.mark(["decisions"]));
    feed?.addEventListener("focusout", () => this.mark(["decisions"]));
    setInterval(() => this.mark(["strip", "checklist"]), HEARTBEAT);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.mark(this.all(), 0);
    });
  }

  all() {
    return [...document.querySelectorAll('[id^="panel-body-"]')].map((e) => e.id.slice(11));
  }

  step(message) {
    const names = ["strip", "figures", "checklist", "decisions", "positions", "bots"];
    if (message.round_trips) names.push("trips", "savings");
    if (message.checkpoints) names.push("savings");
    const now = performance.now();
    if (now - this.lastSlow > SLOW_PAUSE) {
      this.lastSlow = now;
      names.push("funnel");
    }
    this.mark(names);
  }

  mark(names, pause = STEP_PAUSE) {
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
    const names = [...this.dirty].filter((name) => !this.isRead(name));
    if (names.length === 0) return;
    this.dirty.clear();
    this.running = true;
    const before = this.figures();
    const quiet = document.getElementById("quiet")?.checked ? "&quiet=1" : "";
    const start = performance.now();
    this.lastRun = start;
    try {
      const url = `${this.url}?names=${names.join(",")}${quiet}`;
      await globalThis.htmx.ajax("GET", url, { target: "body", swap: "none" });
    } catch {
      // the server is away: the socket's badge says so, and these panels are asked for again
      for (const name of names) this.dirty.add(name);
    } finally {
      this.cost = performance.now() - start;
      this.running = false;
    }
    this.flash(before);
    this.announce();
    document.dispatchEvent(new CustomEvent("desk:swapped", { detail: names }));
    this.plan(STEP_PAUSE);
  }

  // what somebody is reading does not move under the eyes
  isRead(name) {
    const panel = present(name);
    if (panel.hasAttribute("data-calm")) return panel.contains(document.activeElement) || panel.querySelector("details[open]") !== null;
    if (name !== "decisions") return false;
    return panel.scrollTop > 0 && (panel.matches(":hover") || panel.contains(document.activeElement));
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

  newestId() {
    const item = document.querySelector("#panel-body-decisions [data-id]");
    return item ? Number(item.dataset.id) : 0;
  }

  announce() {
    const now = performance.now();
    const acted = document.querySelector('#panel-body-decisions [data-kind="acted"]');
    if (!acted || now - this.lastAnnounced < ANNOUNCE_PAUSE) return;
    const id = Number(acted.dataset.id);
    if (id <= this.announced) return;
    this.announced = id;
    this.lastAnnounced = now;
    document.getElementById("announce").textContent = acted.textContent.replace(/\s+/g, " ").trim();
  }
}
