// The equity curves, one for each currency: drawn by Plotly when it comes into view, in the page's
// own colours.

import { QUIET, dressed, loadPlotly } from "../shell/plots.js";

const PAUSE = 4000;

export class Equity {
  constructor() {
    this.box = document.getElementById("equity");
    if (!this.box) return;
    this.last = -PAUSE;
    this.plots = new Map(); // by currency
    new IntersectionObserver((items) => {
      this.isVisible = items.some((item) => item.isIntersecting);
      if (this.isVisible) this.refresh();
    }).observe(this.box);
    document.addEventListener("desk:theme", () => this.draw());
    new ResizeObserver(() => {
      this.plots.forEach((plot) => globalThis.Plotly.Plots.resize(plot));
    }).observe(this.box);
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
      if (answer.figures.length) await loadPlotly(this.box.dataset.plotly);
      this.answer = answer; // not before: a change of theme draws what is here
      this.draw();
    } catch (error) {
      this.message(`The curve could not be loaded: ${error.message}. It is asked for again with the next bar.`);
    } finally {
      this.busy = false;
    }
  }

  message(text) {
    if (this.plots.size) { document.getElementById("equity-note").textContent = text; return; }
    const line = document.createElement("p");
    line.className = "empty";
    line.textContent = text;
    this.box.replaceChildren(line);
  }

  draw() {
    if (!this.answer) return;
    const { figures, empty } = this.answer;
    if (!figures.length) { this.message(empty); return; }
    document.getElementById("equity-note").textContent = "";
    this.arrange(figures.map((figure) => figure.quote));
    for (const figure of figures) {
      const { data, layout } = dressed(figure, { showlegend: false, hovermode: "x unified" });
      globalThis.Plotly.react(this.plots.get(figure.quote), data, layout, QUIET);
    }
  }

  arrange(quotes) {
    if (quotes.join() === [...this.plots.keys()].join()) return;
    this.plots = new Map(quotes.map((quote) => {
      const plot = document.createElement("div");
      plot.className = "equity-plot";
      return [quote, plot];
    }));
    this.box.replaceChildren(...this.plots.values());
  }
}
