"""Sections of a report before they are Markdown or HTML: text, tables, pictures, commands.

Text may hold `code` and **strong** words, written as in Markdown, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nephoscope.evaluation.intervals import Score
from nephoscope.reports.numbers import number, with_interval
from nephoscope.reports.words import form_of


@dataclass(frozen=True)
class Scored:
    """A score in a cell of a table.

    Attributes:
        score: the value with its interval.
        name: of the metric.
        sign: "+" where the sign is always told, as of differences.
        plain: tell the value alone.
        drawn: a page draws the interval beside the number.
    """

    score: Score
    name: str
    sign: str = ""
    plain: bool = False
    drawn: bool = False

    @property
    def text(self) -> str:
        """As it is written."""
        if self.plain:
            return number(self.score, form_of(self.name))
        return with_interval(self.score, self.name, self.sign)


Cell = str | Scored


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        head: of the columns.
        rows: as many cells as there are columns.
        mixed: scores of one column are of several kinds: those from 0 to 1 are drawn on that scale.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    mixed: bool = False


@dataclass(frozen=True)
class Picture:
    """A figure by its name, the file's without `.png`, and what it shows."""

    name: str
    caption: str


@dataclass(frozen=True)
class Command:
    """A command as it was typed."""

    text: str


Block = str | Table | Picture | Command
Blocks = Mapping[str, Sequence[Block]]
"""Key of a section → what a task puts into it."""


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes:
        key: by which links find it.
        title: its heading.
        how: how to read it, in two sentences.
        blocks: what it holds.
    """

    key: str
    title: str
    how: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Document:
    """A whole report.

    Attributes:
        name: of the model.
        task: what it predicts.
        main: the score that heads the report.
        title: of the score.
        meaning: what the score says.
        lead: what it comes down to.
        sections: in their order.
    """

    name: str
    task: str
    main: Scored
    title: str
    meaning: str
    lead: Sequence[str]
    sections: Sequence[Section]
