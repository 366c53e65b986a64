"""A report as one HTML page: style and pictures are in it, it loads nothing and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib import resources
from importlib.metadata import version
from pathlib import Path

from nephoscope.reports.intervals_drawn import Scale, interval_svg, scale_of
from nephoscope.reports.sections import (
    Block,
    Cell,
    Command,
    Document,
    Picture,
    Scored,
    Section,
    Table,
)

PAGE = "index.html"
DPI = 110
"""Of the figures of a report."""
_INCH = 96
"""Pixels of CSS in an inch."""
_BROAD = 790
"""Width from which on a figure is scrolled on a phone, as its letters would be too small."""
_NUMBER = re.compile(r"[-+]?[\d,.]+ ?%?|-|")
_OPENING = '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "


def head_of(script: str = "") -> str:
    """How a page begins: browsers are told to load nothing, and to run nothing but `script`."""
    policy = _POLICY + "form-action 'none'"
    if script:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy += f"; script-src 'sha256-{digest}'"
    return f'{_OPENING}<meta http-equiv="Content-Security-Policy" content="{policy}">\n'


def write_page(document: Document, folder: Path) -> None:
    """Write `index.html` with the PNG files of a folder in it, one after the other."""
    title = f"{document.name}: {document.title} {document.main.text}"
    with (folder / PAGE).open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(page_of(title, _body(document, folder)))


def page_of(title: str, body: Iterable[str], script: str = "") -> Iterator[str]:
    """A page in pieces.

    Args:
        title: in words.
        body: HTML in pieces.
        script: that it runs, JavaScript.
    """
    style = (resources.files("nephoscope.reports") / "page.css").read_text(encoding="utf-8")
    yield head_of(script)
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
    yield from body
    yield f"<footer><p>Made by nephoscope {escape(version('nephoscope'))}. "
    yield "This page loads nothing: keep it, mail it, print it.</p></footer>\n"
    if script:
        yield f"<script>{script}</script>\n"
    yield "</body>\n</html>\n"


def in_words(text: str) -> str:
    """Text as HTML: escaped, with its `code` and **strong** words."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)


def _body(document: Document, folder: Path) -> Iterator[str]:
    main = document.main.score
    drawn = interval_svg(main, (0.0, 1.0)) if _is_share(document.main) else ""
    words = ""
    if main.low is not None and main.high is not None:
        words = f"<small>95&nbsp;% interval {main.low:.3f} to {main.high:.3f}</small>"
    task, score = escape(document.task.replace("_", " ")), escape(document.title)
    plain = Scored(main, document.main.name, plain=True).text
    yield (
        f'<header>\n<p class="kind">Report of an evaluation · {task}</p>\n'
        f"<h1>{escape(document.name)}</h1>\n"
        f'<p class="main"><span>{score}</span> <b>{plain}</b> {drawn} {words}</p>\n'
        f'<p class="how">{score}: {escape(document.meaning)}.</p>\n'
    )
    yield from map(_paragraphs, document.lead)
    links = "".join(
        f'<li><a href="#{escape(each.key)}">{escape(each.title)}</a></li>'
        for each in document.sections
    )
    yield f'</header>\n<nav aria-label="Contents"><ul>{links}</ul></nav>\n<main>\n'
    for section in document.sections:
        yield from _section(section, folder)
    yield "</main>\n"


def _section(section: Section, folder: Path) -> Iterator[str]:
    key, title = escape(section.key), escape(section.title)
    yield f'<section id="{key}">\n<h2><a href="#{key}">{title}</a></h2>\n'
    if section.how:
        yield f'<p class="how">{in_words(section.how)}</p>\n'
    for block in section.blocks:
        yield _block(block, section.title, folder)
    yield "</section>\n"


def _block(block: Block, title: str, folder: Path) -> str:
    match block:
        case Table():
            return table_html(block, title)
        case Picture():
            return _figure(block, (folder / f"{block.name}.png").read_bytes(), title)
        case Command():
            return f"<pre><code>{escape(block.text)}</code></pre>\n"
        case _:
            return _paragraphs(block)


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{in_words(each)}</p>\n" for each in text.split("\n\n"))


def _figure(picture: Picture, png: bytes, title: str) -> str:
    width, height = (round(side * _INCH / DPI) for side in struct.unpack(">II", png[16:24]))
    caption, data = escape(picture.caption), base64.b64encode(png).decode()
    kind = "picture broad" if width > _BROAD else "picture"
    return (
        f'<figure>\n<div class="{kind}" tabindex="0"><img alt="{escape(title)}: {caption}" '
        f'width="{width}" height="{height}" src="data:image/png;base64,{data}"></div>\n'
        f"<figcaption>{caption}</figcaption>\n</figure>\n"
    )


def table_html(table: Table, title: str) -> str:
    """A table that scrolls where it is wider than the page; intervals are drawn."""
    scales = [_scale(table, column) for column in range(len(table.head))]
    head = "".join(f'<th scope="col">{in_words(each)}</th>' for each in table.head)
    rows = "\n".join(
        f"<tr>{''.join(_cell(cell, place, scales) for place, cell in enumerate(row))}</tr>"
        for row in table.rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="Table: {escape(title)}">'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>\n"
    )


def _scale(table: Table, column: int) -> Scale | None:
    cells = [row[column] for row in table.rows if column < len(row)]
    drawn = [each for each in cells if isinstance(each, Scored) and each.drawn]
    if table.mixed:
        return (0.0, 1.0) if drawn else None
    return scale_of([each.score for each in drawn], zero=any(each.sign for each in drawn))


def _cell(cell: Cell, place: int, scales: Sequence[Scale | None]) -> str:
    if isinstance(cell, Scored):
        drawn, scale = "", scales[place]
        if cell.drawn and scale and (scale != (0.0, 1.0) or _is_share(cell)):
            drawn = interval_svg(cell.score, scale, zero=bool(cell.sign))
        return f'<td class="number">{escape(cell.text)}{drawn}</td>'
    if place == 0:
        return f'<th scope="row">{in_words(cell)}</th>'
    kind = ' class="number"' if _NUMBER.fullmatch(cell) else ""
    return f"<td{kind}>{in_words(cell)}</td>"


def _is_share(cell: Scored) -> bool:
    ends = (cell.score.value, cell.score.low, cell.score.high)
    return all(each is not None and 0 <= each <= 1 for each in ends)
