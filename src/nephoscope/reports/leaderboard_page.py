"""Page of a leaderboard: one HTML file with its style, its sorting and its filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from nephoscope.reports.intervals_drawn import Scale, interval_svg, scale_of
from nephoscope.reports.page import page_of
from nephoscope.reports.spec_differences import differences_in_words
from nephoscope.reports.words import meaning_of, title_of

if TYPE_CHECKING:
    from nephoscope.evaluation.intervals import Score
    from nephoscope.reports.leaderboard import Entry, Table

MOST_COLUMNS = 9
"""Scores that a table shows; all are in the data beside the page."""
_INTRODUCTION = """<header><h1>Leaderboard</h1>
<p>A table holds what may be compared: models and baselines scored on the same samples by the same
rules, the best first. A dot is a score and the band through it its 95&nbsp;% interval over
independent units, drawn on one scale down each column. Differences to the first model are paired:
both met the same units, so an interval that does not hold 0 tells them apart.</p></header>
<div class="tools" hidden>
<label>Filter <input type="search" id="find" placeholder="name of a model"></label>
<label><input type="checkbox" id="baselines" checked> baselines</label>
<span id="shown" class="none" role="status"></span>
<span class="none">Click a column to sort.</span></div>
"""


def board_of(tables: Sequence[Table]) -> Iterator[str]:
    """The whole page in pieces; whatever reports say is escaped."""
    script = (resources.files("nephoscope.reports") / "leaderboard.js").read_text(encoding="utf-8")
    return page_of("nephoscope leaderboard", _body(tables), script)


def _body(tables: Sequence[Table]) -> Iterator[str]:
    yield _INTRODUCTION
    if len(tables) > 1:
        links = (
            f'<li><a href="#{_key(table)}">{escape(_name(table))}, {_key(table)}</a></li>'
            for table in tables
        )
        yield f'<nav aria-label="Tables"><ul>{"".join(links)}</ul></nav>\n'
    yield "<main>\n"
    for table in tables:
        yield _section(table, tables)
    yield "</main>\n"


def _key(table: Table) -> str:
    return escape(table.spec_hash[:12])


def _name(table: Table) -> str:
    part = str(table.spec.get("split", ""))
    what = "all samples" if part == "all" else f"{part} part"
    return f"{table.task.name.replace('_', ' ')}, {what}"


def _section(table: Table, tables: Sequence[Table]) -> str:
    spec, names, key = table.spec, _columns(table), _key(table)
    rules = [f"<li>{escape(f'{name}: {value}')}</li>" for name, value in spec.items() if
             name not in ("maps", "task")]  # fmt: skip
    heads = [("#", "rank", ""), ("name", "name", "")]
    heads += [(title_of(name), name, meaning_of(name, table.task.name)) for name in names]
    heads.append(("parameters", "parameters", "numbers in the weights"))
    head = "".join(
        f'<th scope="col" data-key="{escape(key)}" title="{escape(meaning)}">'
        f'<button type="button">{escape(title)}</button></th>'
        for title, key, meaning in heads
    )
    scales = [_scale(table, name) for name in names]
    rows = "\n".join(
        _row(place, row, names, scales) for place, row in enumerate(table.rows, start=1)
    )
    return (
        f'<section id="{key}">\n<h2><a href="#{key}">{escape(_name(table))}</a></h2>\n'
        f"<p>{len(spec.get('maps', ())):,} samples; "
        f"ranked by {escape(title_of(table.main))}. Specification <code>{key}</code>.</p>\n"
        f"{_apart(table, tables)}"
        f"<details><summary>What was scored</summary><ul>{''.join(rules)}</ul></details>\n"
        f'<div class="wide" tabindex="0" role="region" aria-label="Table {key}">'
        f'<table class="board">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>'
        f"</table></div>\n{_commands(table)}\n</section>\n"
    )


def _scale(table: Table, name: str) -> Scale | None:
    """Of a column; of a single row there is nothing to compare."""
    held = [row.metrics[name] for row in table.rows if name in row.metrics]
    return scale_of(held) if len(table.rows) > 1 else None


def _apart(table: Table, tables: Sequence[Table]) -> str:
    """In what the table differs from the one that is most like it."""
    others = [
        (differences_in_words(table.spec, other.spec), other)
        for other in tables
        if other is not table and other.task.name == table.task.name
    ]
    if not others:
        return ""
    told, other = min(others, key=lambda each: len(each[0]))
    lines = "".join(f"<li>{escape(line)}</li>" for line in told)
    link = f'<a href="#{_key(other)}">{_key(other)}</a>'
    return f"<p>Not to be compared with {link}:</p><ul>{lines}</ul>\n"


def _columns(table: Table) -> list[str]:
    """The main score first, then those that the task keeps, then others in their order."""
    held = list(dict.fromkeys(name for row in table.rows for name in row.metrics))
    order = [table.main, *table.task.kept, *held]
    return [name for name in dict.fromkeys(order) if name in held][:MOST_COLUMNS]


def _row(place: int, row: Entry, names: Sequence[str], scales: Sequence[Scale | None]) -> str:
    behind = f"<small>{_signed(row.behind)} to the first</small>" if row.behind else ""
    mark = f"<small>{escape(row.mark)}</small>" if row.mark else ""
    note = f"<small>{escape(row.note)}</small>" if row.note else ""
    tag = "" if row.kind == "model" else ' <span class="tag">baseline</span>'
    size = "" if row.parameters is None else f"{row.parameters:,}"
    name = escape(row.name)
    if row.page:
        name = f'<a href="{escape(row.page)}">{name}</a>'
    cells = [
        _cell(str(place), place),
        f'<th scope="row" data-value="{escape(f"{row.name} {row.mark}".strip().lower())}">'
        f"{name}{tag}{mark}{behind}{note}</th>",
        *(_score_cell(row.metrics.get(n), scale) for n, scale in zip(names, scales, strict=True)),
        _cell(size, row.parameters),
    ]
    return f'<tr class="{escape(row.kind)}">{"".join(cells)}</tr>'


def _cell(text: str, value: float | None) -> str:
    number = "" if value is None else f"{value!r}"
    return f'<td class="number" data-value="{escape(number)}">{text}</td>'


def _score_cell(score: Score | None, scale: Scale | None) -> str:
    if score is None or score.value is None:
        return _cell('<span class="none">-</span>', None)
    text = _number(score.value)
    if scale is not None:
        text += interval_svg(score, scale)
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
    said = {row.name + row.mark: row for row in table.rows if row.kind == "model" and row.command}
    lines = "".join(
        f"<li>{escape(f'{row.name} {row.mark}'.strip())}: <code>{escape(row.command)}</code></li>"
        for row in said.values()
    )
    return f"<details><summary>Commands</summary><ul>{lines}</ul></details>" if lines else ""
