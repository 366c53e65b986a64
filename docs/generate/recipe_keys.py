"""The schema of recipes as Markdown: every key with its type, default and meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import getdoc
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from cells import table
from nephoscope.recipe import Recipe
from nephoscope.tasks import TASKS, task_named


def recipe_keys() -> str:
    """One table a section, then the losses of each task."""
    parts = []
    for key, section in _sections(Recipe, ""):
        parts += [f"## {key}" if key else "## At the top", _purpose(section), keys_of(section)]
    for losses, tasks in _losses().items():
        named = ", ".join(f"`{task}`" for task in tasks)
        parts += [f"## training.losses of {named}", keys_of(losses)]
    return "\n\n".join(parts)


def keys_of(section: type[BaseModel]) -> str:
    """The keys of a section as a table.

    Raises:
        LookupError: a key says nowhere what it means.
    """
    rows = [
        (f"`{name}`", _kind(field.annotation), _default(field), _meaning(section, name))
        for name, field in section.model_fields.items()
    ]
    return table(("key", "type", "default", "is"), rows)


def _sections(section: type[BaseModel], key: str) -> Iterator[tuple[str, type[BaseModel]]]:
    yield key, section
    for name, field in section.model_fields.items():
        for below, many in _below(field.annotation):
            yield from _sections(below, f"{key}.{name}{many}".lstrip("."))


def _below(kind: Any) -> Iterator[tuple[type[BaseModel], str]]:  # noqa: ANN401 - an annotation
    """Sections that a value is or holds, with how one of many is written."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind, ""
    many = {dict: ".NAME", tuple: "[]"}.get(get_origin(kind), "")
    for each in get_args(kind):
        for found, inner in _below(each):
            yield found, many + inner


def _losses() -> dict[type[BaseModel], list[str]]:
    found: dict[type[BaseModel], list[str]] = {}
    for task in TASKS:
        found.setdefault(task_named(task).Losses, []).append(task)
    return found


def _purpose(section: type[BaseModel]) -> str:
    return (getdoc(section) or "").partition("\n\nAttributes:")[0]


def _meaning(section: type[BaseModel], name: str) -> str:
    field = section.model_fields[name]
    said = field.description or _attributes(section).get(name)
    if said is None:
        below = next((kind for kind, _ in _below(field.annotation)), None)
        if below is None:
            raise LookupError(f"{section.__name__}.{name} has no description")
        said = _purpose(below).partition("\n")[0].rstrip(".")
    return re.sub(r"\*", r"\\*", said)


def _attributes(section: type[BaseModel]) -> dict[str, str]:
    """Name → meaning, of `Attributes:` in the docstrings of a class and of those it extends."""
    found: dict[str, str] = {}
    for kind in reversed(section.__mro__):
        said = (getdoc(kind) or "").partition("\nAttributes:\n")[2]
        for name, text in re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", said, re.MULTILINE):
            found[name] = text
    return found


def _kind(kind: Any) -> str:  # noqa: ANN401 - an annotation
    """A type in words that a person who writes YAML reads."""
    inner = get_args(kind)
    if get_origin(kind) is Literal:
        return ", ".join(f"`{each}`" for each in inner)
    if get_origin(kind) is dict:
        return f"mapping of {_kind(inner[1])}"
    if get_origin(kind) is tuple:
        if inner[-1] is Ellipsis:
            return f"list of {_kind(inner[0])}"
        return "[" + ", ".join(_kind(each) for each in inner) + "]"
    if hasattr(kind, "__metadata__"):
        return _kind(inner[0])
    if inner:
        return " or ".join(_kind(each) for each in inner)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "section"
    words = {str: "text", int: "whole number", float: "number", bool: "true, false"}
    return "none" if kind is type(None) else words.get(kind, "any")


def _default(field: Any) -> str:  # noqa: ANN401 - pydantic's
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or isinstance(value, BaseModel):
        return ""
    if isinstance(value, tuple | dict) and not value:
        return "empty"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
