// The bars of the watched series by sequence number: drops what is old, notices what is missing.

export class Bars {
  constructor() {
    this.list = []; // {time (s), open, high, low, close, value (volume), flags}
    this.lastN = 0; // number of the last closed bar
    this.hasForming = false;
  }

  load(snapshot) {
    const { t, o, h, l, c, v } = snapshot.bars;
    this.list = t.map((ms, i) => ({
      time: ms / 1000, open: o[i], high: h[i], low: l[i], close: c[i], volume: v[i],
    }));
    this.lastN = snapshot.n;
    this.hasForming = snapshot.forming;
  }

  // returns the bar to draw, null for one already known, undefined when a bar is missing
  take(message) {
    const { n, t, o, h, l, c, v, closed } = message;
    if (n <= this.lastN) return null;
    if (n > this.lastN + 1) return undefined;
    const bar = { time: t / 1000, open: o, high: h, low: l, close: c, volume: v };
    const last = this.list[this.list.length - 1];
    if (last && last.time > bar.time) return undefined;
    if (last && last.time === bar.time) this.list[this.list.length - 1] = bar;
    else this.list.push(bar);
    if (closed) this.lastN = n;
    this.hasForming = !closed;
    return bar;
  }

  // the bar that holds this moment, or the last one before it
  at(ms) {
    const time = ms / 1000;
    let low = 0;
    let high = this.list.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.list[middle].time <= time) low = middle;
      else high = middle - 1;
    }
    return this.list[low] ?? null;
  }
}
