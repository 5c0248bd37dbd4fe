"""What the live picture of a study draws once there are too many trials to draw them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

MODULE = Path(__file__).resolve().parents[2] / "static" / "js" / "study" / "thinning.js"
pytestmark = pytest.mark.browser

# trials arrive in batches as over the socket; what is kept is all that the next batch is added to
GROW = """async ([module, first, end, batch]) => {
  const { Thinning } = await import(module);
  const value = (n) => Math.abs(Math.sin(n * 12.9898) * 43758.5453) % 1;
  const sent = Math.min(first, 1200);
  const shown = Array.from({ length: sent }, (_, i) => Math.floor((i * first) / sent));
  const points = { n: shown, v: shown.map(value) };
  const best = { n: [0], v: [value(0)] };
  const thinning = new Thinning(points, first);
  for (let from = first; from < end; from += batch) {
    for (let n = from; n < from + batch; n += 1) {
      points.n.push(n);
      points.v.push(value(n));
      if (value(n) > best.v.at(-1)) { best.n.push(n); best.v.push(value(n)); }
    }
    const keep = thinning.keep(points, best);
    for (const name of ["n", "v"]) points[name] = points[name].filter((_, i) => keep[i]);
  }
  return { n: points.n, v: points.v, best: best.n };
}"""


def grow(page: Page, first: int, end: int) -> dict[str, Any]:
    module = f"data:text/javascript,{quote(MODULE.read_text(encoding='utf-8'))}"
    return dict(page.evaluate(GROW, [module, first, end, 100]))


@pytest.mark.parametrize(("first", "end"), [(0, 20_000), (10_000, 14_000), (1_744, 9_044)])
def test_old_trials_are_drawn_as_densely_as_new_ones(page: Page, first: int, end: int) -> None:
    drawn = grow(page, first, end)
    assert 600 < len(drawn["n"]) <= 2_800
    top = set(sorted(drawn["n"], key=lambda n: -drawn["v"][drawn["n"].index(n)])[:300])
    rest = [n for n in drawn["n"] if n not in top and n not in set(drawn["best"])]
    tenths = [sum(n * 10 // end == tenth for n in rest) for tenth in range(10)]
    assert max(tenths) <= 1.35 * min(tenths), tenths
    assert set(drawn["best"]) <= set(drawn["n"])


def test_few_trials_are_all_drawn(page: Page) -> None:
    assert grow(page, 0, 2_000)["n"] == list(range(2_000))
