// One study, live: progress and trials over the socket, panels and pictures asked for anew.

import { live, panels } from "../shell/desk.js";
import { recall, remember } from "../shell/settings.js";
import { Pictures } from "./pictures.js";
import { TrialsPlot } from "./trials_plot.js";

const REFETCH_AFTER = 5000; // ms without a word while the study is active
const PANELS_PAUSE = 2000;
const REPORT_PAUSE = 15000; // reports on the way, files and figures of the run

class StudyPage {
  constructor() {
    this.box = document.getElementById("study");
    this.id = Number(this.box.dataset.study);
    this.n = Number(this.box.dataset.n);
    this.state = this.box.dataset.state;
    this.plot = new TrialsPlot(this.box);
    this.pictures = new Pictures(this.box);
    this.measure = document.getElementById("measure");
    const kept = recall("study.measure");
    if ([...this.measure.options].some((option) => option.value === kept)) this.measure.value = kept;
    this.measure.addEventListener("change", () => {
      remember("study.measure", this.measure.value);
      this.watch();
    });
    live.addEventListener("open", () => this.watch());
    live.addEventListener("study", (event) => this.load(event.detail));
    live.addEventListener("trials", (event) => this.take(event.detail));
    live.addEventListener("error", (event) => {
      if (event.detail?.message) this.plot.say(event.detail.message);
    });
    document.addEventListener("desk:swapped", (event) => this.swapped(event.detail));
    this.heard = performance.now();
    this.reportAt = this.heard;
    setInterval(() => this.refetch(), 1000);
  }

  watch() {
    live.send({ op: "study", study: this.id, measure: this.measure.value });
  }

  isMine(message) {
    return message.study === this.id && message.measure === this.measure.value;
  }

  load(message) {
    if (!this.isMine(message)) return;
    this.plot.load(message, this.measure.selectedOptions[0].text);
    this.goOn(message);
  }

  take(message) {
    if (!this.isMine(message)) return;
    if (message.from !== this.n) {
      this.watch(); // something was missed: begin again from a snapshot
      return;
    }
    this.plot.add(message);
    this.goOn(message);
  }

  goOn(message) {
    this.heard = performance.now();
    const isNew = message.n !== this.n;
    const isFirst = isNew && this.n === 0;
    this.n = message.n;
    this.box.dataset.n = message.n;
    this.progress = message.progress;
    this.show();
    const state = message.progress.state;
    if (state !== this.state) {
      this.state = state;
      this.box.dataset.state = state;
      panels.mark(panels.all(), 0);
      this.pictures.mark(0);
    } else if (isNew) {
      this.tell(isFirst ? 0 : PANELS_PAUSE);
      this.pictures.mark();
    }
  }

  tell(pause) {
    const now = performance.now();
    if (now - this.reportAt > REPORT_PAUSE) {
      this.reportAt = now;
      panels.tell("report", pause);
    }
    panels.tell("batch", pause);
  }

  show() {
    const now = this.progress;
    if (!now) return;
    const box = document.querySelector("[data-progress-box]");
    box.dataset.tone = now.tone;
    for (const element of box.querySelectorAll("[data-progress]")) {
      const text = now[element.dataset.progress] || "–";
      if (element.textContent !== text) element.textContent = text;
    }
    box.querySelector("[data-progress='state']").dataset.tone = now.tone;
    // the orders and figures of a state change with its word, not with the next panels
    const shown = {
      active: now.active,
      ended: !now.active,
      cancel: now.can_cancel,
      resume: now.can_resume,
    };
    for (const element of this.box.querySelectorAll("[data-shown]"))
      element.hidden = !shown[element.dataset.shown];
    const bar = box.querySelector("progress");
    bar.max = now.total;
    bar.value = now.n;
    document.title = `${now.active ? `${now.percent} % · ` : ""}Study ${this.id} · Optimizer · Guardian`;
  }

  swapped(names) {
    if (names.includes("folds")) this.pictures.drawFolds();
    if (!names.includes("progress") && !names.includes("head")) return;
    if (live.isOpen) {
      this.show(); // the panel came with the average rate, the socket knows the rate just now
      return;
    }
    const { n, state } = document.querySelector("[data-progress-box]").dataset;
    this.box.dataset.n = n;
    if (state !== this.state) {
      this.state = state;
      this.box.dataset.state = state;
      panels.mark(panels.all(), 0);
    }
  }

  refetch() {
    if (["finished", "cancelled", "failed"].includes(this.state)) return;
    if (performance.now() - this.heard < REFETCH_AFTER) return;
    this.heard = performance.now();
    // news may be lost; without a socket the panels are the news
    if (!live.send({ op: "refetch" })) panels.tell("poll", 0);
  }
}

// an order for a study, opened alone, stands under the same page and shows no study
if (document.getElementById("study")) new StudyPage();
