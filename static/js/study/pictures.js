// Pictures that need every trial: importance and parallel coordinates by strategy, and the folds.

import { QUIET, canvasOf, dressed, loadPlotly, say, whenVisible } from "../shell/plots.js";
import { parallelFigure } from "./parallel.js";

const PAUSE = 10000;
const FIRST_PAUSE = 2000; // while there is nothing to see, the first trials are waited for

export class Pictures {
  constructor(root) {
    this.url = root.dataset.pictures;
    this.plotly = root.dataset.plotly;
    this.select = document.getElementById("strategy");
    this.importance = document.getElementById("importance-plot");
    this.parallel = document.getElementById("parallel-plot");
    this.note = document.getElementById("parallel-note");
    this.askedAt = -PAUSE;
    this.isDirty = true;
    this.cost = 0;
    this.select.addEventListener("change", () => { this.chosen = this.select.value; this.draw(); });
    this.watcher = whenVisible(this.importance, () => this.plan(0));
    this.folds = whenVisible(document.getElementById("panel-body-folds"), () => this.plan(0));
    document.addEventListener("desk:theme", () => { this.draw(); this.drawFolds(); });
  }

  get pause() {
    return this.answer && Object.keys(this.answer.strategies).length === 0 ? FIRST_PAUSE : PAUSE;
  }

  mark(pause = this.pause) {
    this.isDirty = true;
    this.plan(pause);
  }

  plan(pause) {
    if (!this.isDirty || this.timer || this.isBusy) return;
    if (!this.watcher.isVisible && !this.folds.isVisible) return; // asked for when looked at
    // a large study is asked for less often: at most a tenth of the server's time
    const wait = Math.max(pause, 10 * this.cost) - (performance.now() - this.askedAt);
    this.timer = setTimeout(() => { this.timer = null; this.refresh(); }, Math.max(0, wait));
  }

  async refresh() {
    const start = performance.now();
    this.askedAt = start;
    this.isDirty = false;
    this.isBusy = true;
    try {
      const response = await fetch(this.url, { credentials: "same-origin" });
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      const answer = await response.json();
      await loadPlotly(this.plotly);
      this.answer = answer; // not before: a change of theme or strategy draws what is here
      this.fillSelect();
      this.draw();
      this.drawFolds();
    } catch (error) {
      this.isDirty = true;
      if (!this.answer) say(this.importance, `The pictures could not be loaded: ${error.message}.`);
    } finally {
      this.cost = performance.now() - start;
      this.isBusy = false;
    }
  }

  fillSelect() {
    const names = Object.keys(this.answer.strategies);
    if (!names.includes(this.chosen)) this.chosen = names[0];
    this.select.replaceChildren(...names.map((name) => new Option(name.replaceAll("_", " "), name)));
    this.select.value = this.chosen ?? "";
    this.select.closest("label").hidden = names.length === 0;
  }

  draw() {
    if (!this.answer) return;
    const found = this.answer.strategies[this.chosen];
    if (!found) {
      for (const box of [this.importance, this.parallel]) say(box, this.answer.empty);
      this.note.textContent = "";
      return;
    }
    const { data, layout } = dressed(found.importance, { showlegend: false, height: undefined });
    layout.yaxis = { ...layout.yaxis, ticklabelstandoff: 6 };
    layout.xaxis = { ...layout.xaxis, title: { text: "share of score ranks explained" } };
    this.importance.style.height = `${Math.max(120, found.importance.layout.height ?? 0)}px`;
    globalThis.Plotly.react(canvasOf(this.importance), data, layout, QUIET);
    const [{ x, y }] = found.importance.data;
    const read = y.map((name, i) => `${name.replaceAll("_", " ")} ${x[i] ?? "unknown"}`).reverse();
    this.importance.setAttribute("aria-label", `Share of score ranks explained: ${read.join(", ")}`);
    this.drawParallel(found.parallel);
  }

  drawParallel(figure) {
    const { data, layout, width } = parallelFigure(figure);
    this.parallel.style.height = "360px";
    this.parallel.style.minWidth = `${width}px`;
    globalThis.Plotly.react(canvasOf(this.parallel), data, layout, QUIET);
    this.parallel.setAttribute(
      "aria-label",
      "Lines through the parameters of trials; the ranked table opens each trial with the same values",
    );
    const isCut = width > this.parallel.parentElement.clientWidth;
    const more = isCut ? ` Scroll sideways for all ${figure.data[0].dimensions.length} columns.` : "";
    this.note.textContent = figure.note.replace(/ Drag along.*$/, ` The lines in the accent score highest.${more}`);
  }

  drawFolds() {
    const box = document.getElementById("folds-plot");
    if (!box || !this.answer?.folds) return;
    const { data, layout } = dressed(this.answer.folds, { showlegend: true });
    const steps = data[0].x; // "3 hybrid_v2": the number is enough, the table below has the rest
    const ticktext = steps.map((s) => String(s).split(" ")[0]);
    layout.xaxis = { ...layout.xaxis, tickmode: "array", tickvals: steps, ticktext, tickangle: 0 };
    globalThis.Plotly.react(canvasOf(box), data, layout, QUIET);
  }
}
