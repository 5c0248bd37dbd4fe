"""Put a study on one page: tables that sort, pictures that zoom, nothing loaded from elsewhere.

Styles, script, data and the drawing library of the pinned package are written into the file once,
and its security policy forbids every request, so that it opens the same from a disk in ten years.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import orjson
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Engine
from django.utils.safestring import mark_safe

from optimizer.adapters.html_report import cells, figures, notes, sections
from optimizer.domain.importance import ParameterTable
from optimizer.domain.reporting import ReportCurve, ReportStudy
from optimizer.domain.study.stretches import walk_forward_sentence

FOLDER: Final = Path(__file__).parent
PLOTLY_FILE: Final = "package_data/plotly.min.js"
_LIBRARY: Final = "<the drawing library>"  # no text has this, theirs are escaped
_ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


class HtmlReport:
    """Fulfils ``optimizer.ports.reports.ReportRenderer``."""

    def __init__(self, *, tokens: Path) -> None:
        """Read the page's parts.

        Args:
            tokens: the style sheet that names the desk's colours, sizes and distances.
        """
        self._template = Engine(dirs=[str(FOLDER)], autoescape=True).get_template("report.html")
        self._style = tokens.read_text(encoding="utf-8") + _part("report.css")

    def render(
        self,
        study: ReportStudy,
        curves: Sequence[ReportCurve],
        parameters: Sequence[ParameterTable],
    ) -> bytes:
        """Return the page; see the port."""
        pictures = _pictures(study, curves, parameters)
        content = {
            "facts": study.facts,
            "days": notes.days_list(study.facts.stretches),
            "facts_list": notes.facts_list(study.facts),
            "n_done": cells.count(len(study.number)).text,
            "best": sections.verdict_table(study),
            "windows": sections.window_tables(study),
            "objectives": sections.objective_tables(study),
            "folds": sections.fold_table(study.folds, study.search.walk_forward_score),
            "curves": [(curve, notes.trades_note(curve)) for curve in curves],
            "equity_note": notes.equity_note(study.facts, curves),
            "holdout_meaning": notes.holdout_meaning(study.facts),
            "walk_forward": walk_forward_sentence(study.facts.embargo_days),
            "parameters": [table for table in parameters if table.names],
            "style": mark_safe(self._style),  # noqa: S308 (our own files)
            "script": mark_safe(_part("report.js")),  # noqa: S308
            "library": mark_safe(_LIBRARY),  # noqa: S308
            "pictures": mark_safe(_script_json(pictures)),  # noqa: S308 (escaped above)
        }
        page = self._template.render(Context(content)).encode()
        # put in last, because templates copy every text several times, and this is megabytes
        return page.replace(_LIBRARY.encode(), _plotly(), 1)


def _pictures(
    study: ReportStudy, curves: Sequence[ReportCurve], parameters: Sequence[ParameterTable]
) -> dict[str, Any]:
    quote = study.facts.quote
    found: dict[str, Any] = {}
    if curves:
        found["equity"] = figures.equity_figure(curves, quote)
    for curve in curves:
        found[f"trades-{curve.number}"] = figures.trade_figure(curve, quote)
    for table in parameters:
        if table.names:
            found[f"parallel-{table.strategy}"] = figures.parallel_figure(study, table)
            found[f"importance-{table.strategy}"] = figures.importance_figure(table)
    if study.folds:
        found["walk-forward"] = figures.fold_figure(study.folds)
    return found


def _script_json(value: Any) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = orjson.dumps(value).decode()
    for character, written in _ESCAPES.items():
        text = text.replace(character, written)
    return text


def _part(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@cache
def _plotly() -> bytes:
    spec = find_spec("plotly")  # finds without importing, which takes a second
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / PLOTLY_FILE
        if path.is_file():
            return path.read_bytes().replace(b"</script", b"<\\/script")
    raise ImproperlyConfigured(f"package plotly has no {PLOTLY_FILE}; install requirements.txt")
