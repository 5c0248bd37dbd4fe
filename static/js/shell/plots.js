// Plotly, loaded when first needed, in the page's own colours: a trace names its token in `meta`.

import { token } from "./settings.js";

let loading = null;

export function loadPlotly(url) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => {
      loading = null; // asked again the next time
      reject(new Error("Plotly could not be loaded"));
    });
    document.head.append(script);
  });
  return loading;
}

export function toRgba(colour, alpha) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = colour;
  const hex = probe.fillStyle;
  const part = (i) => parseInt(hex.slice(i, i + 2), 16);
  return hex.startsWith("#") ? `rgba(${part(1)},${part(3)},${part(5)},${alpha})` : colour;
}

function painted(trace) {
  const colour = token(trace.meta ?? "accent");
  const out = { ...trace };
  if (trace.type === "bar" || trace.mode === "markers") out.marker = { ...trace.marker, color: colour };
  else out.line = { ...trace.line, color: trace.line?.color ?? colour };
  if (trace.fill) out.fillcolor = toRgba(colour, 0.22);
  return out;
}

export function dressed(figure, more = {}) {
  const axis = {
    gridcolor: token("line"),
    linecolor: token("line"),
    zerolinecolor: token("line-strong"),
    tickfont: { size: 12 },
    exponentformat: "none",
    automargin: true,
  };
  const layout = {
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: token("muted") },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    separators: ".\u202f",
    margin: { l: 8, r: 8, t: 8, b: 8 },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    hoverlabel: {
      bgcolor: token("raised"),
      bordercolor: token("line-strong"),
      font: { color: token("text-strong") },
    },
    ...figure.layout,
    ...more,
  };
  for (const name of ["xaxis", "yaxis", "yaxis2"])
    if (name !== "yaxis2" || layout[name]) layout[name] = { ...axis, ...layout[name] };
  return { data: figure.data.map(painted), layout };
}

export const QUIET = { displayModeBar: false, responsive: false };

// calls back when the box comes into view and when its width changes
export function whenVisible(box, seen) {
  const watcher = { isVisible: false };
  new IntersectionObserver((items) => {
    watcher.isVisible = items.some((item) => item.isIntersecting);
    if (watcher.isVisible) seen();
  }, { rootMargin: "200px" }).observe(box);
  return watcher;
}

export function say(box, text) {
  const line = document.createElement("p");
  line.className = "empty";
  line.textContent = text;
  box.replaceChildren(line);
}

// the div Plotly draws into, made when there is something to draw instead of a sentence
export function canvasOf(box) {
  let canvas = box.querySelector(":scope > .js-plotly-plot, :scope > .plot-canvas");
  if (!canvas) {
    canvas = document.createElement("div");
    canvas.className = "plot-canvas";
    box.replaceChildren(canvas);
    new ResizeObserver(() => {
      const isDrawn = canvas.isConnected && canvas.classList.contains("js-plotly-plot");
      if (isDrawn) globalThis.Plotly.Plots.resize(canvas);
    }).observe(box);
  }
  return canvas;
}
