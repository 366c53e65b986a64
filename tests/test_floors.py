"""The house as `docs/design.md` draws it, held over the syntax trees of the source.

Imports go strictly downwards, also inside functions (those for type checkers alone are free); there
is no circle; only `cli` knows the simulator; no generic room names an instrument.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
PACKAGE = "nephoscope"

FLOORS = (
    {"errors", "arguments", "extras"},
    {"files", "folders", "workers", "remote", "arrays", "rounding", "grids", "sun", "writable"},
    {"scene", "track", "levels"},
    {"tasks"},
    {"recipe", "recipes"},
    {"instruments"},
    {"inputs", "networks"},
    {"background", "limits", "formulas", "collocation"},
    {"samples", "models", "products"},
    {"apply"},
    {"evaluation", "satpy_reader"},
    {"plots"},
    {"reports", "viewer", "learn", "simulate", "archives", "monitor"},
    {"cli", "__main__"},
)
"""From the ground up; a room of one floor may use another of its own, without a circle."""

OWN_ROOMS = (
    *("instruments/", "simulate/", "cli/", "formulas/", "inputs/sky.py", "inputs/planet.py"),
    "archives/sources/",
)
"""Where an instrument may be named: its own rooms, the command line, sources of files, and …"""
OWN_FILES = {"apply/chain.py", "products/fits.py", "products/frames.py", "tasks/sky_state.py"}
"""… what is of a sky camera alone."""
NAMES = re.compile(r"marci|skycam|polder|seviri|cloudsat|dardar|mars_year|subphase|\bMARS\b")

MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 50


@cache
def trees() -> dict[str, ast.Module]:
    """Module → its syntax tree."""
    files = sorted((SOURCE / PACKAGE).rglob("*.py"))
    return {_module(file): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def _module(file: Path) -> str:
    parts = file.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The first name below the package."""
    return [*module.split("."), ""][1]


def imports(tree: ast.Module) -> set[str]:
    """Modules and names of this package that a module imports at run time, wherever it does."""
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        waiting += ast.iter_child_nodes(node)
    return {name for name in found if name.split(".")[0] == PACKAGE}


@cache
def graph() -> dict[str, set[str]]:
    """Module → modules of this package that it imports."""
    known = trees()
    edges = {}
    for module, tree in known.items():
        used = {name if name in known else name.rpartition(".")[0] for name in imports(tree)}
        edges[module] = used - {module, PACKAGE}
    return edges


def floor_of(module: str) -> int:
    """Number of the floor of a module's room."""
    for number, rooms in enumerate(FLOORS):
        if room_of(module) in rooms:
            return number
    raise AssertionError(f"{module}: its room is on no floor; docs/design.md has the house")


def test_every_room_is_on_a_floor() -> None:
    for module in trees():
        if module != PACKAGE:
            floor_of(module)


def test_imports_go_downwards() -> None:
    wrong = [
        f"{module} (floor {floor_of(module)}) imports {used} ({floor_of(used)})"
        for module, uses in graph().items()
        for used in uses
        if module != PACKAGE and floor_of(used) > floor_of(module)
    ]
    assert not wrong, "\n".join(sorted(wrong))


def test_no_circle_of_modules() -> None:
    assert not (found := circles(graph())), "\n".join(" → ".join(each) for each in found)


def test_no_circle_of_rooms() -> None:
    rooms: dict[str, set[str]] = defaultdict(set)
    for module, uses in graph().items():
        if module != PACKAGE:
            rooms[room_of(module)] |= {room_of(used) for used in uses} - {room_of(module)}
    assert not (found := circles(rooms)), "\n".join(" → ".join(each) for each in found)


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Strongly connected parts of more than one node (Tarjan 1972), each sorted."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        stack.append(node)
        for used in edges.get(node, ()):
            if used not in order:
                visit(used)
                lowest[node] = min(lowest[node], lowest[used])
            elif used in stack:
                lowest[node] = min(lowest[node], order[used])
        if lowest[node] == order[node]:
            place = stack.index(node)
            part, stack[place:] = stack[place:], []
            if len(part) > 1:
                found.append(sorted(part))

    for node in sorted(edges):
        if node not in order:
            visit(node)
    return found


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c"]]


def test_only_the_command_line_knows_the_simulator() -> None:
    users = {
        module
        for module, uses in graph().items()
        if any(room_of(used) == "simulate" for used in uses)
    }
    assert {room_of(module) for module in users} <= {"simulate", "cli"}


def test_no_instrument_is_named_in_a_generic_room() -> None:
    named = []
    for file in sorted((SOURCE / PACKAGE).rglob("*.py")):
        place = file.relative_to(SOURCE / PACKAGE).as_posix()
        if place.startswith(OWN_ROOMS) or place in OWN_FILES:
            continue
        named += [
            f"{place}, line {node.lineno}: {text}"
            for node, text in _names(trees()[_module(file)])
            if NAMES.search(text)
        ]
    assert not named, "\n".join(named)


def _names(tree: ast.Module) -> list[tuple[ast.expr | ast.stmt | ast.arg, str]]:
    """Identifiers and texts of the code, without docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found: list[tuple[ast.expr | ast.stmt | ast.arg, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.append((node, node.id))
        elif isinstance(node, ast.Attribute):
            found.append((node, node.attr))
        elif isinstance(node, ast.arg):
            found.append((node, node.arg))
        elif isinstance(node, ast.ImportFrom):
            found.append((node, str(node.module)))
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append((node, node.name))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in docstrings:
                found.append((node, node.value))
    return found


def test_files_and_functions_are_short() -> None:
    long = []
    for file in sorted((SOURCE / PACKAGE).rglob("*.py")):
        lines = len(file.read_text(encoding="utf-8").splitlines())
        if lines > MOST_LINES:
            long.append(f"{file.name}: {lines} lines")
        for node in ast.walk(trees()[_module(file)]):
            if isinstance(node, ast.FunctionDef) and (size := _length(node)) > (
                MOST_LINES_OF_A_FUNCTION
            ):
                long.append(f"{file.name}: {node.name} has {size} lines")
    assert not long, "\n".join(long)


def _length(function: ast.FunctionDef) -> int:
    """Lines of a function without its docstring."""
    size = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        first = function.body[0]
        size -= (first.end_lineno or 0) - first.lineno + 1
    return size
