"""The public names of Python as Markdown: signature and docstring of each."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import nephoscope
from cells import table

_SECTION = re.compile(
    r"^(Args|Returns|Raises|Attributes|Yields):\n((?:    .*\n?|\n)+)", re.MULTILINE
)
_ITEM = re.compile(r"^([\w, .*]+): ((?:.*)(?:\n(?:    .*)?)*)", re.MULTILINE)
_WORDS = {"Args": "argument", "Attributes": "attribute", "Raises": "error"}


def public_names() -> str:
    """Functions first, then errors, each in alphabetical order."""
    names = [name for name in nephoscope.__all__ if not name.startswith("__")]
    names.sort(key=lambda name: (inspect.isclass(getattr(nephoscope, name)), name))
    return "\n\n".join(_of(name) for name in names)


def _of(name: str) -> str:
    found = getattr(nephoscope, name)
    said = inspect.getdoc(found) or ""
    parts = [f"## {name}", f"```python\nnephoscope.{name}{_signature(found)}\n```"]
    parts.append(_SECTION.sub(_section, said + "\n").strip())
    return "\n\n".join(parts)


def _signature(found: Callable[..., object]) -> str:
    """The signature with its types, an argument a line where it is long."""
    try:
        signature = inspect.signature(found)
    except ValueError:  # an error as Python's own are
        return "(message)"
    arguments = list(map(_argument, signature.parameters.values()))
    kinds = [part.kind for part in signature.parameters.values()]
    if inspect.Parameter.KEYWORD_ONLY in kinds:
        arguments.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY), "*")
    back = signature.return_annotation
    tail = "" if back is signature.empty or inspect.isclass(found) else f" -> {back}"
    short = f"({', '.join(arguments)}){tail}"
    if len(short) < 70:
        return short
    return "(\n" + "".join(f"    {each},\n" for each in arguments) + f"){tail}"


def _argument(part: inspect.Parameter) -> str:
    text = part.name if part.annotation is part.empty else f"{part.name}: {part.annotation}"
    return text if part.default is part.empty else f"{text} = {part.default!r}"


def _section(found: re.Match[str]) -> str:
    """A section of a docstring: a table of its names, or its text."""
    body = inspect.cleandoc(found[2])
    if found[1] in _WORDS:
        rows = ((f"`{name}`", text) for name, text in _ITEM.findall(body))
        return f"\n{table((_WORDS[found[1]], 'is'), rows)}\n"
    return f"\n**{found[1]}**: {body}\n"
