// The candle chart: one watched series over the socket, its overlay, legend, age and table.

import { Bars } from "./bars.js";
import { duration, hms, serverNow } from "../shell/clock.js";
import { Overlay } from "./overlay.js";
import { fillTable, grouped, places, stamp } from "./table.js";
import { Switches } from "./switches.js";
import { token } from "../shell/settings.js";
import { openSide } from "../shell/side.js";

const OVERLAY_PAUSE = 1000;

export class Chart {
  constructor(live) {
    this.box = document.getElementById("chart");
    if (!this.box) return;
    this.live = live;
    this.sources = JSON.parse(document.getElementById("chart-sources").textContent);
    this.bars = new Bars();
    this.message = document.getElementById("chart-message");
    this.age = document.getElementById("chart-age");
    this.rows = document.getElementById("chart-rows");
    this.legend = document.getElementById("chart-legend");
    if (this.sources.length === 0) {
      // the desk was just started: its first news brings the feed this page was built without
      for (const kind of ["step", "feed"])
        live.addEventListener(kind, () => location.reload(), { once: true });
      return;
    }
    this.build();
    this.switches = new Switches(this.sources, () => this.watch());
    live.addEventListener("open", () => this.watch());
    live.addEventListener("snapshot", (event) => this.load(event.detail));
    live.addEventListener("bar", (event) => this.take(event.detail));
    live.addEventListener("overlay", (event) => this.setOverlay(event.detail));
    live.addEventListener("error", (event) => {
      if (event.detail?.message) this.say(`No candles: ${event.detail.message}`);
    });
    live.addEventListener("step", (event) => this.step(event.detail));
    document.addEventListener("desk:theme", () => this.dress());
    document.querySelector(".chart-table")?.addEventListener("toggle", () => this.table());
    setInterval(() => this.showAge(), 1000);
  }

  build() {
    const lc = globalThis.LightweightCharts;
    this.chart = lc.createChart(this.box, { autoSize: true, ...this.options() });
    this.candles = this.chart.addSeries(lc.CandlestickSeries, {});
    this.volume = this.chart.addSeries(lc.HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.2 } });
    this.overlay = new Overlay(() => this.bars);
    this.candles.attachPrimitive(this.overlay);
    this.stopLines = [];
    this.dress();
    this.chart.subscribeCrosshairMove((event) => {
      this.showLegend(event.time ? this.bars.at(event.time * 1000) : null);
    });
    this.chart.subscribeClick((event) => { if (event.time) this.openBar(event.time); });
    this.box.addEventListener("keydown", (event) => this.key(event));
  }

  options() {
    const line = token("line");
    const hair = { color: token("muted"), labelBackgroundColor: token("line-strong") };
    return {
      layout: {
        background: { color: token("raised") },
        textColor: token("muted"),
        fontSize: 12,
        fontFamily: getComputedStyle(document.body).fontFamily,
        attributionLogo: true,
      },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      rightPriceScale: { borderColor: line },
      timeScale: {
        borderColor: line,
        timeVisible: true,
        secondsVisible: false,
        rightOffset: 4,
        minBarSpacing: 1,
      },
      crosshair: { mode: 0, vertLine: hair, horzLine: hair },
      localization: {
        timeFormatter: (time) => `${stamp(time)} UTC`,
        priceFormatter: (p) => grouped(p, this.digits ?? 2),
      },
    };
  }

  dress() {
    if (!this.chart) return;
    const [up, down] = [token("up") || token("safe-up"), token("down") || token("safe-down")];
    this.chart.applyOptions(this.options());
    this.candles.applyOptions({
      upColor: up,
      downColor: down,
      wickUpColor: up,
      wickDownColor: down,
      borderVisible: false,
      priceLineColor: token("muted"),
    });
    this.drawAll();
    this.drawStops();
  }

  watch() {
    const { source, pair, timeframe } = this.switches.chosen();
    this.waiting = true;
    this.budget = source.budget_s;
    this.live.send({ op: "watch", feed: source.id, pair, timeframe });
    this.say(`Waiting for candles of ${pair}…`, true);
  }

  isWatched(message) {
    const { source, pair } = this.switches.chosen();
    return message.feed === source.id && message.pair === pair;
  }

  load(snapshot) {
    if (!this.isWatched(snapshot) || snapshot.timeframe !== this.switches.timeframe) return;
    this.waiting = false;
    this.bars.load(snapshot);
    this.box.dataset.n = this.bars.lastN;
    this.heard = serverNow() - snapshot.age_s * 1000;
    const last = this.bars.list[this.bars.list.length - 1];
    if (!last) {
      this.say(`${snapshot.pair} has no candle yet; the first appears when its first bar closes.`);
    } else {
      this.say("");
      this.digits = places(last.close);
      const priceFormat = { type: "price", precision: this.digits, minMove: 10 ** -this.digits };
      this.candles.applyOptions({ priceFormat });
    }
    this.drawAll();
    this.setOverlay(snapshot);
    const n = this.bars.list.length;
    const from = Math.max(-2, n - Math.max(60, this.box.clientWidth / 8));
    this.chart.timeScale().setVisibleLogicalRange({ from, to: n + 4 });
    this.showLegend(null);
    this.table();
  }

  take(message) {
    if (this.waiting || !this.isWatched(message)) return;
    this.heard = serverNow();
    const bar = this.bars.take(message);
    if (bar === null) return;
    if (bar === undefined) {
      this.watch();
      return;
    }
    this.box.dataset.n = this.bars.lastN;
    this.say("");
    this.candles.update(bar);
    this.volume.update(this.column(bar));
    if (!this.isHovered) this.showLegend(null);
    if (message.closed) this.table();
  }

  column(bar) {
    const colour = bar.close >= bar.open ? token("up") || token("safe-up") : token("down") || token("safe-down");
    return { time: bar.time, value: bar.volume, color: `${colour}55` };
  }

  drawAll() {
    if (this.bars.list.length === 0 && !this.candles) return;
    this.candles.setData(this.bars.list);
    this.volume.setData(this.bars.list.map((bar) => this.column(bar)));
  }

  setOverlay({ markers, stops }) {
    this.markers = markers;
    this.stops = stops;
    this.overlay.set(markers, stops);
    this.drawStops();
    this.table();
  }

  drawStops() {
    for (const line of this.stopLines) this.candles.removePriceLine(line);
    this.stopLines = (this.stops ?? []).filter((stop) => stop.open).map((stop) =>
      this.candles.createPriceLine({
        price: stop.steps[stop.steps.length - 1][1], color: token("warning"), lineWidth: 1, lineStyle: 2,
        axisLabelVisible: true, title: `stop ${stop.strategy.replaceAll("_", " ")}`,
      }));
  }

  step(message) {
    const isMine = message.decisions?.some((d) => d.pair === this.switches.chosen().pair);
    if (!isMine && !message.fills && !message.positions_changed) return;
    const now = performance.now();
    if (now - (this.lastOverlay ?? 0) < OVERLAY_PAUSE) return;
    this.lastOverlay = now;
    this.live.send({ op: "overlay" });
  }

  showLegend(bar) {
    this.isHovered = bar !== null;
    const shown = bar ?? this.bars.list[this.bars.list.length - 1];
    if (!shown) { this.legend.replaceChildren(); return; }
    const change = (shown.close / shown.open - 1) * 100;
    const parts = [["O", shown.open], ["H", shown.high], ["L", shown.low], ["C", shown.close]];
    const nodes = parts.map(([name, value]) => {
      const part = document.createElement("span");
      const figure = document.createElement("b");
      figure.textContent = grouped(value, this.digits);
      part.append(`${name} `, figure);
      return part;
    });
    const last = document.createElement("span");
    last.className = change >= 0 ? "up" : "down";
    last.textContent = `${change >= 0 ? "+" : ""}${grouped(change, 2)}\u202f%`;
    const time = document.createElement("span");
    time.textContent = stamp(shown.time);
    this.legend.replaceChildren(...(bar ? [time] : []), ...nodes, last);
  }

  // a followed venue's pair is as old as the desk itself judges it; a feed with its own clock is as
  // old as its last news
  freshness() {
    const { source, pair } = this.switches.chosen();
    const feed = document.querySelector(`[data-pair-times][data-feed="${source.id}"]`)?.dataset;
    if (!feed) return { from: this.heard, budget: this.budget };
    return { from: Date.parse(JSON.parse(feed.pairTimes)[pair]), budget: Number(feed.budget) };
  }

  showAge() {
    const { from, budget } = this.freshness();
    if (from === undefined) return;
    const age = (serverNow() - from) / 1000;
    const stale = !(age <= budget); // a pair without a bar has no age, and is not fresh
    this.age.classList.toggle("is-stale", stale);
    this.box.classList.toggle("is-stale", stale);
    let text = `updated ${duration(age)} ago`;
    if (Number.isNaN(age)) text = "no bar yet";
    else if (stale) text = `stale since ${hms(new Date(from))} UTC`;
    this.age.querySelector(".age-text").textContent = text;
    this.age.title = "How old the last news of this pair is, as the desk judges it";
  }

  openBar(time) {
    const { source, pair } = this.switches.chosen();
    const bar = this.bars.at(time * 1000);
    if (bar && this.switches.timeframe === source.timeframe)
      openSide(`/bars/${source.id}/${pair.replace("/", "-")}/${bar.time * 1000}/`, this.box);
  }

  key(event) {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const list = this.bars.list;
    if (move && list.length) {
      event.preventDefault();
      this.cursor = Math.max(0, Math.min(list.length - 1, (this.cursor ?? list.length) + move));
      const bar = list[this.cursor];
      this.chart.setCrosshairPosition(bar.close, bar.time, this.candles);
      this.showLegend(bar);
    } else if (event.key === "Enter" && this.cursor !== undefined) {
      this.openBar(list[this.cursor].time);
    }
  }

  say(text, onlyWhenEmpty = false) {
    if (onlyWhenEmpty && this.bars.list.length) return;
    this.message.textContent = text;
    this.message.hidden = text === "";
  }

  table() {
    if (this.rows?.closest("details").open) fillTable(this.rows, this.bars, this.markers ?? [], this.digits);
  }
}
