// Every complete trial as a point, the best so far as a line; a click opens the trial beside the page.

import { QUIET, canvasOf, dressed, loadPlotly, say } from "../shell/plots.js";
import { openSide } from "../shell/side.js";
import { Thinning } from "./thinning.js";

const DRAW_PAUSE = 1000;
const grouped = (n) => n.toLocaleString("en-US").replaceAll(",", "\u202f");

export class TrialsPlot {
  constructor(root) {
    this.box = document.getElementById("trials-plot");
    this.note = document.getElementById("trials-note");
    this.plotly = root.dataset.plotly;
    this.address = (n) => `/optimizer/${root.dataset.study}/trials/${n}/`;
    this.drawnAt = -DRAW_PAUSE;
    document.addEventListener("desk:theme", () => this.draw());
  }

  load(message, label) {
    this.label = label;
    this.isPercent = message.measure === "return";
    this.points = message.points;
    this.best = message.best;
    this.complete = message.complete;
    this.thinning = new Thinning(this.points, this.complete);
    this.plan();
  }

  add(message) {
    for (const name of ["n", "v"]) {
      this.points[name].push(...message.points[name]);
      this.best[name].push(...message.best[name]);
    }
    this.complete += message.complete;
    this.thin();
    this.plan();
  }

  thin() {
    const keep = this.thinning.keep(this.points, this.best);
    for (const name of ["n", "v"]) this.points[name] = this.points[name].filter((_, i) => keep[i]);
  }

  plan() {
    if (this.timer) return;
    const wait = Math.max(0, DRAW_PAUSE - (performance.now() - this.drawnAt));
    this.timer = setTimeout(() => { this.timer = null; this.draw(); }, wait);
  }

  say(text) {
    say(this.box, text);
  }

  async draw() {
    if (!this.points) return;
    this.drawnAt = performance.now();
    if (this.points.n.length === 0) {
      this.say("No complete trial yet. The first batch brings the first points.");
      return;
    }
    try {
      await loadPlotly(this.plotly);
    } catch (error) {
      this.say(`The picture could not be drawn: ${error.message}. The table below holds the same figures.`);
      return;
    }
    const { data, layout } = dressed(this.figure(), { showlegend: false, hovermode: "closest" });
    const canvas = canvasOf(this.box);
    const isFirst = !canvas.classList.contains("js-plotly-plot");
    await globalThis.Plotly.react(canvas, data, layout, QUIET);
    if (isFirst)
      canvas.on("plotly_click", (event) => openSide(this.address(event.points[0].x), this.box));
    const shown = this.points.n.length;
    const drawn = `${grouped(shown)} of ${grouped(this.complete)} complete trials are drawn`;
    this.note.textContent = shown < this.complete
      ? `${drawn}: every new best, the highest, and an even choice of the rest.`
      : `${grouped(shown)} complete trials. Click one to open it.`;
  }

  figure() {
    const unit = this.isPercent ? " %" : "";
    const end = this.points.n[this.points.n.length - 1];
    const { n, v } = this.best;
    return {
      data: [
        {
          type: "scatter", mode: "markers", meta: "info", x: this.points.n, y: this.points.v,
          marker: { size: 5, opacity: 0.55 }, hovertemplate: `#%{x}: %{y:,.4~f}${unit}<extra></extra>`,
        },
        {
          type: "scatter", mode: "lines", meta: "accent", x: [...n, end], y: [...v, v[v.length - 1]],
          line: { width: 2, shape: "hv" }, hovertemplate: `best so far %{y:,.4~f}${unit}<extra></extra>`,
        },
      ],
      layout: {
        xaxis: { title: { text: "trial" }, rangemode: "tozero", zeroline: false },
        yaxis: { title: { text: this.label }, ticksuffix: unit, separatethousands: true },
      },
    };
  }
}
