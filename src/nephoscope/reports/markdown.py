"""A report as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nephoscope.reports.sections import Block, Cell, Command, Document, Picture, Section, Table


def markdown_of(document: Document) -> str:
    """The whole report; pictures are PNG files beside it."""
    head = f"# {document.name}: {document.title} {document.main.text}"
    sections = (_section(each) for each in document.sections)
    return "\n\n".join([head, *document.lead, *sections]) + "\n"


def table_of(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A Markdown table; what is missing at the end of a row is not filled up."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _section(section: Section) -> str:
    parts = (f"## {section.title}", section.how, *map(_block, section.blocks))
    return "\n\n".join(part for part in parts if part)


def _block(block: Block) -> str:
    match block:
        case Table():
            return table_of(block.head, block.rows)
        case Picture():
            return f"![{block.caption}]({block.name}.png)\n\n*{block.caption}*"
        case Command():
            return f"    {block.text}"
        case _:
            return block


def _cell(cell: Cell) -> str:
    return cell.replace("|", "\\|") if isinstance(cell, str) else cell.text
