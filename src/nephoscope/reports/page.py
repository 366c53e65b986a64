"""Page of a leaderboard: one HTML file with its style and its sorting, nothing to fetch."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any

import nephoscope
from nephoscope.reports.words import MEANINGS, title_of

if TYPE_CHECKING:
    from nephoscope.evaluation.intervals import Score
    from nephoscope.reports.leaderboard import Entry, Table

MOST_COLUMNS = 9
"""Scores that a table shows; all are in the data beside the page."""


def page_of(tables: Sequence[Table]) -> str:
    """The whole page as HTML; whatever reports say is escaped."""
    template = resources.files("nephoscope.reports") / "leaderboard.html"
    return Template(template.read_text(encoding="utf-8")).substitute(
        tables="\n".join(map(_section, tables)), version=escape(nephoscope.__version__)
    )


def _section(table: Table) -> str:
    spec, names = table.spec, _columns(table)
    rules = [f"<li>{escape(f'{key}: {value}')}</li>" for key, value in spec.items() if _told(key)]
    units = len(spec.get("maps", ()))
    about = f"{escape(str(spec.get('split', '')))} part, {units} samples"
    heads = [("#", "rank", ""), ("name", "name", ""), ("parameters", "parameters", "")]
    heads += [(title_of(name), name, MEANINGS.get(name, "")) for name in names]
    head = "".join(
        f'<th scope="col" data-key="{escape(key)}" title="{escape(meaning)}">'
        f'<button type="button">{escape(title)}</button></th>'
        for title, key, meaning in heads
    )
    rows = "\n".join(_row(place, row, names) for place, row in enumerate(table.rows, start=1))
    return (
        f'<section id="{escape(table.spec_hash[:12])}">\n<h2>{escape(str(spec["task"]))}</h2>\n'
        f"<p>{about}; ranked by {escape(title_of(table.main))}. Spec "
        f"<code>{escape(table.spec_hash[:12])}</code>.</p>\n"
        f"<details><summary>What was scored</summary><ul>{''.join(rules)}</ul></details>\n"
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>'
        f"</table></div>\n{_commands(table)}\n</section>"
    )


def _told(key: str) -> bool:
    return key not in {"maps", "task"}


def _columns(table: Table) -> list[str]:
    """The main score first, then those that the task keeps, then others in their order."""
    held = list(dict.fromkeys(name for row in table.rows for name in row.metrics))
    order = [table.main, *table.task.kept, *held]
    return [name for name in dict.fromkeys(order) if name in held][:MOST_COLUMNS]


def _row(place: int, row: Entry, names: Sequence[str]) -> str:
    behind = f"<small>{_signed(row.behind)} to the first</small>" if row.behind else ""
    note = f"<small>{escape(row.note)}</small>" if row.note else ""
    kind = "" if row.kind == "model" else ' <span class="kind">baseline</span>'
    size = "" if row.parameters is None else f"{row.parameters:,}"
    cells = [
        _cell(str(place), place),
        f'<th scope="row" data-value="{escape(row.name.lower())}">{escape(row.name)}{kind}'
        f"{behind}{note}</th>",
        _cell(size, row.parameters),
        *(_score_cell(row.metrics.get(name)) for name in names),
    ]
    return f'<tr class="{escape(row.kind)}">{"".join(cells)}</tr>'


def _cell(text: str, value: float | None) -> str:
    number = "" if value is None else f"{value!r}"
    return f'<td data-value="{number}">{text}</td>'


def _score_cell(score: Score | None) -> str:
    if score is None or score.value is None:
        return _cell("", None)
    text = _number(score.value)
    if score.low is not None and score.high is not None:
        text += f"<small>{_number(score.low)} to {_number(score.high)}</small>"
    return _cell(text, float(score.value))


def _number(value: float) -> str:
    return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _signed(score: Score) -> str:
    value = f"{score.value:+.3f}" if score.value is not None else ""
    if score.low is None or score.high is None:
        return value
    return f"{value} ({score.low:+.3f} to {score.high:+.3f})"


def _commands(table: Table) -> str:
    said: dict[str, Any] = {}
    for row in table.rows:
        if row.kind == "model" and row.command:
            said[row.name] = row.command
    lines = "".join(
        f"<li>{escape(name)}: <code>{escape(command)}</code></li>" for name, command in said.items()
    )
    return f"<details><summary>Commands</summary><ul>{lines}</ul></details>" if lines else ""
