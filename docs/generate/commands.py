"""The command line as Markdown: every verb with its arguments, options, defaults and help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from typer.main import get_command

from cells import table
from nephoscope import cli


def commands() -> str:
    """Every verb in the order of `nephoscope --help`."""
    group: Any = get_command(cli.app)
    parts = []
    for verb in group.list_commands(None):
        parts += [f"## {verb}", *_of(group.get_command(None, verb).load(), verb)]
    return "\n\n".join(parts)


def _of(command: Any, words: str) -> Iterator[str]:  # noqa: ANN401 - click's, private
    """Paragraphs about a command, or about each command of a group."""
    yield command.help or cli.VERBS[words]
    parts = getattr(command, "commands", {})
    for name, part in parts.items():
        yield f"### {words} {name}"
        yield from _of(part, f"{words} {name}")
    if not parts:
        yield from _tables(command, words)


def _tables(command: Any, words: str) -> Iterator[str]:  # noqa: ANN401 - click's, private
    """How a command is called, its arguments and its options."""
    kinds = get_type_hints(command.callback)
    shown = [each for each in command.params if not each.hidden and each.name != "help"]
    arguments = [each for each in shown if each.param_type_name == "argument"]
    options = [each for each in shown if each.param_type_name == "option"]
    asked = [_value(each, kinds) for each in arguments if each.required]
    asked += [f"[{_value(each, kinds)}]" for each in arguments if not each.required]
    asked += [f"{each.opts[-1]} {_value(each, kinds)}" for each in options if each.required]
    yield f"```\nnephoscope {' '.join([words, *asked])} [OPTIONS]\n```"
    if arguments:
        rows = [(f"`{_value(each, kinds)}`", _default(each), each.help) for each in arguments]
        yield table(("argument", "default", "is"), rows)
    if options:
        lines = [
            (_names(each), _shown_value(each, kinds), _default(each), each.help) for each in options
        ]
        yield table(("option", "value", "default", "does"), lines)


def _names(option: Any) -> str:  # noqa: ANN401 - click's, private
    return ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))


def _shown_value(option: Any, kinds: Mapping[str, Any]) -> str:  # noqa: ANN401 - click's, private
    return "" if option.is_flag else f"`{_value(option, kinds)}`"


def _value(parameter: Any, kinds: Mapping[str, Any]) -> str:  # noqa: ANN401 - click's, private
    """What may be given: choices, a form, or a kind of value."""
    if parameter.metavar:
        return str(parameter.metavar)
    kind = next(each for each in _alternatives(kinds[parameter.name]) if each is not type(None))
    if get_origin(kind) is Literal:
        return "|".join(map(str, get_args(kind)))
    if parameter.param_type_name == "argument":
        return str(parameter.name).upper()
    if issubclass(kind, Enum):
        return "|".join(str(each.value) for each in kind)
    return {Path: "PATH", str: "TEXT", int: "INTEGER", float: "NUMBER"}[kind]


def _alternatives(kind: Any) -> Iterator[Any]:  # noqa: ANN401 - an annotation
    """The types that a value may have; those of its items, if it is a list."""
    inner = () if get_origin(kind) is Literal else get_args(kind)
    for each in inner:
        yield from _alternatives(each)
    if not inner:
        yield kind


def _default(parameter: Any) -> str:  # noqa: ANN401 - click's, private
    if parameter.required:
        return "must be given"
    value = parameter.default
    if isinstance(value, bool):
        names = parameter.opts if value else parameter.secondary_opts
        return f"`{names[0]}`" if names else ""
    return (
        ""
        if value in (None, "", (), []) or callable(value)
        else f"`{getattr(value, 'value', value)}`"
    )
