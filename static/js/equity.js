// The equity curve: drawn by Plotly when it comes into view, in the page's own colours.

import { dressed, loadPlotly } from "./plots.js";

const PAUSE = 4000;

export class Equity {
  constructor() {
    this.box = document.getElementById("equity");
    if (!this.box) return;
    this.last = -PAUSE;
    new IntersectionObserver((items) => {
      this.isVisible = items.some((item) => item.isIntersecting);
      if (this.isVisible) this.refresh();
    }).observe(this.box);
    document.addEventListener("desk:theme", () => this.draw());
    new ResizeObserver(() => { if (this.drawn) globalThis.Plotly.Plots.resize(this.plot); }).observe(this.box);
  }

  mark() {
    if (!this.box || !this.isVisible || this.timer) return;
    const wait = Math.max(0, PAUSE - (performance.now() - this.last));
    this.timer = setTimeout(() => { this.timer = null; this.refresh(); }, wait);
  }

  async refresh() {
    if (document.hidden || this.busy) return;
    this.busy = true;
    this.last = performance.now();
    try {
      const response = await fetch(this.box.dataset.url, { credentials: "same-origin" });
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      const answer = await response.json();
      if (answer.figure) await loadPlotly(this.box.dataset.plotly);
      this.answer = answer; // not before: a change of theme draws what is here
      this.draw();
    } catch (error) {
      this.message(`The curve could not be loaded: ${error.message}. It is asked for again with the next bar.`);
    } finally {
      this.busy = false;
    }
  }

  message(text) {
    if (this.drawn) { document.getElementById("equity-note").textContent = text; return; }
    const line = document.createElement("p");
    line.className = "empty";
    line.textContent = text;
    this.box.replaceChildren(line);
  }

  draw() {
    if (!this.answer) return;
    if (!this.answer.figure) { this.message(this.answer.empty); return; }
    document.getElementById("equity-note").textContent = this.answer.note ?? "";
    if (!this.drawn) {
      this.plot = document.createElement("div");
      this.plot.style.height = "100%";
      this.box.replaceChildren(this.plot);
      this.drawn = true;
    }
    const { data, layout } = dressed(this.answer.figure, { showlegend: false, hovermode: "x unified" });
    globalThis.Plotly.react(this.plot, data, layout, { displayModeBar: false, responsive: false });
  }
}
