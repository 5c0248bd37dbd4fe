// What stands over the candles: entries filled, exits hollow, denied signals as crosses, stops as
// they trailed. Drawn as one Lightweight Charts primitive, in the page's own colours.

import { token } from "../shell/settings.js";

const SIZE = 6; // half a triangle, CSS pixels
const GAP = 9; // distance from the bar

function triangle(context, x, y, up, size) {
  const s = up ? 1 : -1;
  context.beginPath();
  context.moveTo(x, y - s * size);
  context.lineTo(x + size, y + s * size * 0.8);
  context.lineTo(x - size, y + s * size * 0.8);
  context.closePath();
}

class Renderer {
  constructor(items, stops, colours) {
    Object.assign(this, { items, stops, colours });
  }

  draw(target) {
    target.useMediaCoordinateSpace(({ context }) => {
      context.save();
      context.lineJoin = "round";
      for (const steps of this.stops) this.stop(context, steps);
      for (const item of this.items) this.sign(context, item);
      context.restore();
    });
  }

  stop(context, steps) {
    context.beginPath();
    steps.forEach(([x, y], i) => {
      if (i === 0) context.moveTo(x, y);
      else {
        context.lineTo(x, steps[i - 1][1]);
        context.lineTo(x, y);
      }
    });
    context.lineWidth = 1.5;
    context.strokeStyle = this.colours.stop;
    context.stroke();
  }

  sign(context, { kind, x, y }) {
    context.lineWidth = 1.5;
    if (kind === "denied") {
      context.strokeStyle = this.colours.denied;
      context.beginPath();
      for (const s of [1, -1]) {
        context.moveTo(x - 3, y - 3 * s);
        context.lineTo(x + 3, y + 3 * s);
      }
      context.stroke();
      return;
    }
    const isEntry = kind === "entry";
    triangle(context, x, y, isEntry, SIZE);
    // a ring of the surface keeps the sign readable on top of candles
    context.strokeStyle = this.colours.surface;
    context.lineWidth = 4;
    context.stroke();
    context.fillStyle = isEntry ? this.colours.sign : this.colours.surface;
    context.fill();
    context.strokeStyle = this.colours.sign;
    context.lineWidth = 1.5;
    context.stroke();
  }
}

export class Overlay {
  constructor(bars) {
    this.bars = bars; // () => { list, index(ms) }
    this.markers = [];
    this.stops = [];
    this.view = { zOrder: () => "top", renderer: () => this.renderer() };
  }

  attached({ chart, series, requestUpdate }) {
    Object.assign(this, { chart, series, requestUpdate });
  }

  detached() {
    this.chart = null;
  }

  paneViews() {
    return [this.view];
  }

  updateAllViews() {}

  set(markers, stops) {
    this.markers = markers;
    this.stops = stops;
    this.requestUpdate?.();
  }

  colours() {
    return {
      stop: token("warning"),
      denied: token("muted"),
      sign: token("text-strong"),
      surface: token("raised"),
    };
  }

  x(ms) {
    const bar = this.bars().at(ms);
    return bar ? this.chart.timeScale().timeToCoordinate(bar.time) : null;
  }

  renderer() {
    if (!this.chart || this.bars().list.length === 0) return null;
    return new Renderer(this.placedMarkers(), this.placedStops(), this.colours());
  }

  placedMarkers() {
    const first = this.bars().list[0].time * 1000;
    const seen = new Set();
    const placed = [];
    for (const marker of this.markers) {
      const bar = marker.t >= first ? this.bars().at(marker.t) : null;
      const key = bar && `${bar.time}-${marker.kind}`;
      if (!bar || seen.has(key)) continue; // one sign of a kind per bar; the table lists them all
      const x = this.chart.timeScale().timeToCoordinate(bar.time);
      const below = marker.kind === "entry";
      const edge = this.series.priceToCoordinate(below ? bar.low : bar.high);
      if (x === null || edge === null) continue;
      seen.add(key);
      const away = marker.kind === "denied" ? GAP + 12 : GAP;
      placed.push({ kind: marker.kind, x, y: below ? edge + away : edge - away });
    }
    return placed;
  }

  placedStops() {
    const list = this.bars().list;
    const first = list[0].time * 1000;
    const lines = [];
    for (const stop of this.stops) {
      const end = stop.end ?? list[list.length - 1].time * 1000;
      if (end < first) continue;
      const points = stop.steps.map(([t, price]) => [
        this.x(Math.max(t, first)),
        this.series.priceToCoordinate(price),
      ]);
      const last = points[points.length - 1];
      points.push([this.x(end), last[1]]);
      if (points.every(([x, y]) => x !== null && y !== null)) lines.push(points);
    }
    return lines;
  }
}
