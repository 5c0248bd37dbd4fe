// Parallel coordinates as plain lines. Plotly's own kind compiles shaders from text, which the page's
// security policy forbids, and needs WebGL; these need neither and print.

import { dressed, toRgba } from "../shell/plots.js";
import { token } from "../shell/settings.js";

const GROUPS = 5; // of score ranks, the lowest drawn first
const AXIS_WIDTH = 110;
const SHORT = 4;

const shown = (value) => {
  if (!Number.isFinite(value)) return "\u2013"; // of a column without any value
  const text = Math.abs(value) >= 1e5 ? value.toPrecision(3) : String(Number(value.toPrecision(SHORT)));
  return text.replace("-", "\u2212");
};

function range(values) {
  const known = values.filter((v) => v !== null);
  return [Math.min(...known), Math.max(...known)];
}

export function parallelFigure(figure) {
  const [{ dimensions, line }] = figure.data;
  const ranges = dimensions.map((dimension) => range(dimension.values));
  const place = (d, i) => {
    const value = dimensions[d].values[i];
    const [low, high] = ranges[d];
    if (value === null) return null;
    return high > low ? (value - low) / (high - low) : 0.5;
  };
  const n = line.color.length;
  const groups = Array.from({ length: GROUPS }, () => ({ x: [], y: [], text: [] }));
  for (let i = 0; i < n; i += 1) {
    const group = groups[Math.min(GROUPS - 1, Math.floor((line.color[i] * GROUPS) / n))];
    dimensions.forEach((dimension, d) => {
      group.x.push(d);
      group.y.push(place(d, i));
      group.text.push(dimension.values[i] === null ? "" : `${dimension.label} ${shown(dimension.values[i])}`);
    });
    group.x.push(null);
    group.y.push(null);
    group.text.push("");
  }
  const last = GROUPS - 1;
  const data = groups.map((group, k) => ({
    type: "scatter", mode: "lines", ...group, hovertemplate: "%{text}<extra></extra>", connectgaps: false,
    line: k === last
      ? { width: 1.4, color: toRgba(token("accent"), 0.85) }
      : { width: 1, color: toRgba(token("muted"), 0.1 + 0.08 * k) },
  }));
  const note = (x, y, text, yanchor, strong) => ({
    x, y, text, yanchor, showarrow: false, xref: "x", yref: "y",
    xanchor: "center",
    font: { size: 12, color: token(strong ? "text-strong" : "muted") },
  });
  const annotations = dimensions.flatMap((dimension, d) => [
    note(d, 1.12, dimension.label.replaceAll("_", " "), "bottom", true),
    note(d, 1.02, shown(ranges[d][1]), "bottom"),
    note(d, -0.02, shown(ranges[d][0]), "top"),
  ]);
  const shapes = dimensions.map((_, d) => ({
    type: "line", x0: d, x1: d, y0: 0, y1: 1, layer: "above", line: { width: 1, color: token("line-strong") },
  }));
  const hidden = { visible: false, fixedrange: true };
  const dressing = dressed({ data, layout: {} }, { showlegend: false, hovermode: "closest", annotations, shapes });
  dressing.layout.xaxis = { ...hidden, range: [-0.55, dimensions.length - 0.45] };
  dressing.layout.yaxis = { ...hidden, range: [-0.14, 1.26] };
  return { ...dressing, width: AXIS_WIDTH * dimensions.length };
}
