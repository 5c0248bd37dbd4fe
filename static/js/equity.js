// The equity curve: drawn by Plotly when it comes into view, in the page's own colours.

import { token } from "./settings.js";

const PAUSE = 4000;

function loadScript(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => reject(new Error("Plotly could not be loaded")));
    document.head.append(script);
  });
}


function dressed(figure) {
  const axis = { gridcolor: token("line"), linecolor: token("line"), zerolinecolor: token("line"), tickfont: { size: 12 }, exponentformat: "none", automargin: true };
  const data = figure.data.map((trace) => {
    const colour = token(trace.meta);
    const out = { ...trace, line: { ...trace.line, color: colour } };
    if (trace.fill) out.fillcolor = toRgba(colour, 0.22);
    return out;
  });
  const layout = {
    ...figure.layout,
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: token("muted") },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    separators: ".\u202f",
    margin: { l: 8, r: 8, t: 8, b: 8 }, showlegend: false, hovermode: "x unified",
    hoverlabel: { bgcolor: token("raised"), bordercolor: token("line-strong"), font: { color: token("text-strong") } },
  };
  for (const name of ["xaxis", "yaxis", "yaxis2"]) layout[name] = { ...axis, ...layout[name] };
  return { data, layout };
}

function toRgba(colour, alpha) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = colour;
  const hex = probe.fillStyle;
  const part = (i) => parseInt(hex.slice(i, i + 2), 16);
  return hex.startsWith("#") ? `rgba(${part(1)},${part(3)},${part(5)},${alpha})` : colour;
}

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
      this.answer = await response.json();
      if (this.answer.figure && !globalThis.Plotly) await loadScript(this.box.dataset.plotly);
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
    const { data, layout } = dressed(this.answer.figure);
    globalThis.Plotly.react(this.plot, data, layout, { displayModeBar: false, responsive: false });
  }
}
