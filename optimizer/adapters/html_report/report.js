"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("pictures").textContent);
  const token = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  // Tables: the header's button sorts; what has no value stays last either way.
  const compare = (a, b, isNumber) =>
    isNumber ? Number(a) - Number(b) : a.localeCompare(b, "en");
  function sortBy(header) {
    const row = header.parentElement;
    const column = Array.prototype.indexOf.call(row.children, header);
    const isNumber = header.classList.contains("n");
    const now = header.getAttribute("aria-sort");
    const first = isNumber ? "descending" : "ascending";
    const next =
      now === "none" ? first : now === "ascending" ? "descending" : "ascending";
    for (const other of row.children) other.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", next);
    const body = row.closest("table").tBodies[0];
    const sign = next === "ascending" ? 1 : -1;
    const key = (tr) => tr.children[column].dataset.k;
    const rows = Array.from(body.rows).map((tr, place) => ({ tr, place, key: key(tr) }));
    rows.sort((a, b) => {
      if (a.key === "" || b.key === "") {
        return (a.key === "") - (b.key === "") || a.place - b.place;
      }
      return sign * compare(a.key, b.key, isNumber) || a.place - b.place;
    });
    body.append(...rows.map((entry) => entry.tr));
  }
  for (const button of document.querySelectorAll("th button")) {
    button.addEventListener("click", () => sortBy(button.parentElement));
  }
  // The filter: every typed word must be in a row. Figures are grouped by spaces of several kinds
  // and have a real minus, which nobody types: both sides are brought to one writing.
  const plain = (text) =>
    text.toLowerCase().replaceAll("\u2212", "-").replace(/(\d)[^\S\n]+(?=\d{3}(?!\d))/g, "$1");
  const rowText = (tr) => Array.from(tr.cells, (cell) => plain(cell.textContent)).join("\n");
  for (const input of document.querySelectorAll("input[data-filter]")) {
    const table = document.getElementById(input.dataset.filter);
    const rows = Array.from(table.tBodies[0].rows);
    const none = document.createElement("p");
    none.className = "empty";
    none.setAttribute("role", "status");
    table.closest(".scroll").after(none);
    input.addEventListener("input", () => {
      const wanted = plain(input.value).split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const tr of rows) {
        const text = rowText(tr);
        tr.hidden = !wanted.every((word) => text.includes(word));
        if (!tr.hidden) shown += 1;
      }
      table.closest(".scroll").hidden = shown === 0;
      none.textContent =
        shown === 0 ? `No row has “${input.value.trim()}”. Clear the filter to see all ${rows.length}.` : "";
    });
  }

  // Pictures: drawn when they come into view, again when the theme changes.
  function themed(figure, box) {
    const text = token("text");
    const axis = { gridcolor: token("line"), zerolinecolor: token("line-strong"), linecolor: token("line-strong") };
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: text, size: 12, family: getComputedStyle(document.body).fontFamily },
      margin: { l: 64, r: 16, t: 36, b: 40 },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      separators: ".\u202f",
      modebar: { bgcolor: "rgba(0,0,0,0)", color: token("muted"), activecolor: token("accent") },
      hovermode: "x unified",
      hoverlabel: { bgcolor: token("raised"), bordercolor: token("line-strong"), font: { color: text } },
      ...structuredClone(figure.layout),
    };
    for (const name of ["xaxis", "yaxis", "yaxis2"]) {
      if (name in layout) layout[name] = { ...axis, ...layout[name] };
    }
    for (const shape of layout.shapes || []) Object.assign(shape, { fillcolor: token("flash"), opacity: 0.5 });
    for (const note of layout.annotations || []) note.font = { color: token("muted"), size: 11 };
    const data = figure.data.map((trace) => paint(structuredClone(trace)));
    if (data.length && data[0].type === "parcoords") {
      layout.margin = { l: 72, r: 48, t: 56, b: 24 };
      box.style.minWidth = `${Math.max(600, 148 * data[0].dimensions.length)}px`;
    }
    if (layout.showlegend === false) layout.margin.t = 8;
    if (isOnPaper()) layout.width = box.clientWidth; // else a picture keeps the screen's
    if (layout.height) box.style.height = `${layout.height}px`;
    return { data, layout };
  }
  function paint(trace) {
    const colour = token(trace.meta || "accent");
    if (trace.type === "parcoords") {
      trace.line.colorscale = [[0, token("line-strong")], [0.6, token("info")], [1, token("warning")]];
      trace.labelfont = { color: token("text-strong"), size: 11 };
      trace.tickfont = { color: token("muted"), size: 10 };
      trace.rangefont = { color: token("muted"), size: 10 };
      trace.unselected = { line: { color: token("line"), opacity: 0.3 } };
      return trace;
    }
    if (trace.line) trace.line.color = colour;
    if (trace.mode === "markers" || trace.type === "bar") {
      trace.marker = { ...trace.marker, color: colour };
    }
    return trace;
  }
  // Parallel coordinates without WebGL, which draws only a few pictures of a page: lines by rank.
  function plainLines({ data: [{ dimensions, line }], note }) {
    const ends = dimensions.map(({ values }) => {
      const known = values.filter((value) => value !== null);
      return [Math.min(...known), Math.max(...known)];
    });
    const place = (value, [low, high]) =>
      value === null ? null : high > low ? (value - low) / (high - low) : 0.5;
    const n = line.color.length;
    const groups = ["line-strong", "info", "warning"].map((meta) => (
      { type: "scatter", mode: "lines", meta, x: [], y: [], line: { width: 0.8 } }
    ));
    line.color.forEach((rank, i) => {
      const { x, y } = groups[Math.min(2, Math.floor((3 * rank) / n))];
      dimensions.forEach(({ values }, d) => { x.push(d); y.push(place(values[i], ends[d])); });
      x.push(null);
      y.push(null);
    });
    const short = (value) => String(Number(value.toPrecision(4)));
    const text = (x, y, words, yanchor, more) =>
      ({ x, y, text: words, yanchor, xanchor: "center", showarrow: false, ...more });
    const annotations = dimensions.flatMap(({ label }, d) => [
      text(d, 1.1, label, "bottom", { xanchor: "left", textangle: -35 }),
      text(d, 1.01, short(ends[d][1]), "bottom"),
      text(d, -0.01, short(ends[d][0]), "top"),
    ]);
    const hidden = { showticklabels: false, showgrid: false, zeroline: false, showline: false };
    return { note, data: groups, layout: {
      annotations, showlegend: false,
      xaxis: { ...hidden, showgrid: true, dtick: 1, range: [-0.5, dimensions.length + 0.5] },
      yaxis: { ...hidden, range: [-0.12, 1.6] },
    } };
  }
  function say(box, text) {
    const note = document.createElement("p");
    note.className = "note";
    note.textContent = text;
    (box.closest(".scroll") || box).before(note);
  }
  const root = document.documentElement;
  const isOnPaper = () => root.classList.contains("is-printing");
  const drawn = new Set();
  async function draw(box) {
    const figure = figures[box.dataset.picture];
    const isParallel = figure.data[0]?.type === "parcoords";
    if (isParallel && isOnPaper()) box.style.minWidth = "";
    const { data, layout } = themed(isParallel && isOnPaper() ? plainLines(figure) : figure, box);
    const isFirst = !drawn.has(box);
    drawn.add(box);
    if (figure.note) say(box, figure.note);
    delete figure.note; // said once, however often it is drawn
    try {
      await Plotly.react(box, data, layout, { responsive: true, displaylogo: false });
    } catch (error) {
      if (isFirst) say(box, `This picture could not be drawn here: ${error.message || error}`);
    }
  }
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting && !drawn.has(entry.target)) draw(entry.target);
    }
  }, { rootMargin: "300px" });
  for (const box of document.querySelectorAll("[data-picture]")) seen.observe(box);
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => {
    for (const box of drawn) draw(box);
  });

  // Print: paper has no tabs, no scrolling and no dark theme, so all is opened and drawn before.
  // Pictures begin anew each time: they keep sizes otherwise, and a page has few WebGL contexts.
  addEventListener("beforeprint", () => {
    root.classList.add("is-printing");
    root.dataset.theme = "light";
    for (const box of drawn) Plotly.purge(box);
    for (const box of document.querySelectorAll("[data-picture]")) draw(box);
  });
  addEventListener("afterprint", () => {
    root.classList.remove("is-printing");
    delete root.dataset.theme;
    for (const box of drawn) {
      Plotly.purge(box);
      if (box.offsetParent) draw(box);
      else drawn.delete(box); // in a closed tab; drawn at its own size when that is opened
    }
  });

  // Tabs: one panel at a time; arrows move as in any tab list.
  for (const tabs of document.querySelectorAll("[data-tabs]")) {
    const buttons = Array.from(tabs.querySelectorAll('[role="tab"]'));
    const select = (chosen) => {
      for (const button of buttons) {
        const is = button === chosen;
        button.setAttribute("aria-selected", String(is));
        button.tabIndex = is ? 0 : -1;
        document.getElementById(button.getAttribute("aria-controls")).hidden = !is;
      }
      for (const box of tabs.querySelectorAll("[data-picture]")) {
        if (drawn.has(box) && box.offsetParent) Plotly.Plots.resize(box);
      }
    };
    buttons.forEach((button, place) => {
      button.addEventListener("click", () => select(button));
      button.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = buttons[(place + step + buttons.length) % buttons.length];
        select(next);
        next.focus();
      });
    });
    if (buttons.length) select(tabs.dataset.last === undefined ? buttons[0] : buttons.at(-1));
  }
})();
