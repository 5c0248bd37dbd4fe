// Which trials of a growing study are drawn: every new best, the highest, and of the rest at most one
// in each stretch of numbers. Stretches are of one length, which doubles as the study grows, so that
// old trials stand as close together as new ones.

const TOP_MAX = 300;
const EVEN_MAX = 2400;
const EVEN_SENT = 1200; // of a thinned snapshot, beside the best and the highest
export const POINTS_MAX = EVEN_MAX + TOP_MAX;

export class Thinning {
  // a snapshot that was thinned by the server goes on with stretches as long as it has
  constructor(points, complete) {
    const isThinned = points.n.length < complete;
    this.stretch = isThinned ? Math.max(1, (points.n.at(-1) + 1) / EVEN_SENT) : 1;
  }

  keep({ n, v }, best) {
    if (this.stretch === 1 && n.length <= POINTS_MAX) return n.map(() => true);
    const rises = new Set(best.n);
    const top = new Set(n.map((_, i) => i).sort((a, b) => v[b] - v[a]).slice(0, TOP_MAX));
    const isSeen = (i) => rises.has(n[i]) || top.has(i);
    let even = this.even(n, isSeen);
    while (even.size > EVEN_MAX) {
      this.stretch *= 2;
      even = this.even(n, isSeen);
    }
    return n.map((_, i) => isSeen(i) || even.has(i));
  }

  even(n, isSeen) {
    const chosen = new Set();
    let last = -1;
    for (let i = 0; i < n.length; i += 1) {
      const stretch = Math.floor(n[i] / this.stretch);
      if (isSeen(i) || stretch === last) continue;
      last = stretch;
      chosen.add(i);
    }
    return chosen;
  }
}
