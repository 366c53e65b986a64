"""Tables of Markdown, as mkdocs reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    """A table; line breaks and bars in cells do no harm."""
    lines = [_line(head), "|" + "---|" * len(head), *map(_line, rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str | None]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str | None) -> str:
    """One line, in which a bar is no end of the cell: those in code are none by themselves."""
    parts = " ".join((text or "").split()).split("`")
    return "`".join(part if odd % 2 else part.replace("|", "\\|") for odd, part in enumerate(parts))
