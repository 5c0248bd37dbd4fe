// Which pair and timeframe the chart shows; both are reachable by keyboard and remembered.

import { recall, remember } from "../shell/settings.js";

export class Switches {
  constructor(sources, changed) {
    this.sources = sources;
    this.changed = changed;
    this.select = document.getElementById("chart-pair");
    this.group = document.getElementById("chart-timeframes");
    for (const source of sources)
      for (const pair of source.pairs) {
        const label = sources.length > 1 ? `${pair} · ${source.name}` : pair;
        this.select.append(new Option(label, `${source.id} ${pair}`));
      }
    const kept = recall("chart.pair");
    if ([...this.select.options].some((option) => option.value === kept)) this.select.value = kept;
    this.select.addEventListener("change", () => {
      remember("chart.pair", this.select.value);
      this.fillTimeframes();
      this.changed();
    });
    this.group.addEventListener("keydown", (event) => this.key(event));
    this.fillTimeframes();
  }

  chosen() {
    const [id, pair] = this.select.value.split(" ");
    const source = this.sources.find((s) => String(s.id) === id);
    return { source, pair, timeframe: this.timeframe };
  }

  fillTimeframes() {
    const { source } = this.chosen();
    const kept = recall("chart.timeframe");
    this.timeframe = source.timeframes.includes(kept) ? kept : source.timeframe;
    this.group.replaceChildren(...source.timeframes.map((name) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.setAttribute("role", "radio");
      button.addEventListener("click", () => this.choose(name));
      return button;
    }));
    this.mark();
  }

  key(event) {
    const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    const names = this.chosen().source.timeframes;
    this.choose(names[(names.indexOf(this.timeframe) + move + names.length) % names.length]);
    this.group.querySelector('[aria-checked="true"]').focus();
  }

  choose(name) {
    if (name !== this.timeframe) {
      this.timeframe = name;
      remember("chart.timeframe", name);
      this.changed();
    }
    this.mark();
  }

  mark() {
    for (const button of this.group.children) {
      const isChosen = button.textContent === this.timeframe;
      button.setAttribute("aria-checked", String(isChosen));
      button.tabIndex = isChosen ? 0 : -1; // one stop for Tab, arrows inside
    }
  }
}
