"""Write the rows of a table as HTML.

Not as part of the template, which takes ten times as long for the thousands of cells of a report.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from optimizer.adapters.html_report.cells import Cell


def rows_html(rows: Iterable[tuple[Cell, ...]]) -> str:
    """Return a ``tr`` per row, a line each; whatever a cell says is escaped."""
    return "".join(f"<tr>{''.join(map(_cell_html, row))}</tr>\n" for row in rows)


def _cell_html(cell: Cell) -> str:
    kind = f"{'n ' if cell.is_number else ''}{cell.tone}"
    attribute = f' class="{escape(kind)}"' if kind else ""
    text = escape(cell.text)
    if cell.more:
        more = escape(cell.more)
        text = f'<details><summary>{text}</summary><div class="more">{more}</div></details>'
    return f'<td data-k="{escape(cell.key)}"{attribute}>{text}</td>'
