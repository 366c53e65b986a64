"""The command line run in this process, as a user types it, and what it says."""

from __future__ import annotations

import contextlib
import io
import logging
import math
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import nephoscope
from nephoscope import cli
from nephoscope.cli import loudness

NOW = re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?")
SECONDS = re.compile(r"\b\d+(\.\d+)? (s|seconds|min)\b")
PLAIN = {"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}


@contextlib.contextmanager
def here(folder: Path) -> Iterator[None]:
    """Work in a folder, with a plain terminal of fixed width."""
    with contextlib.chdir(folder), mock.patch.dict(os.environ, PLAIN):
        yield


TELLING = {"predict", "build", "evaluate", "split", "bin"}
"""Verbs that are asked for a line for each input, or the names of samples."""


def run(folder: Path, *words: object) -> dict[str, object]:
    """Run `nephoscope words`, paths relative to `folder`.

    Returns:
        `exit`, and the lines of `stdout` and `stderr` without times and places of this run.
    """
    out, err = io.StringIO(), io.StringIO()
    typed = ["nephoscope", *map(str, words), *(["-v"] if {*words[:1]} & TELLING else [])]
    code: object = 0
    with (
        here(folder),
        mock.patch.object(sys, "argv", typed),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.multiple(loudness, SECONDS=math.inf, LATER=math.inf),  # lines by the clock
        mock.patch.object(logging.root, "handlers", []),  # a test runner's own: users have none
    ):
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code
    said = {"stdout": out.getvalue(), "stderr": err.getvalue()}
    return {"exit": code, **{name: lines_of(text, folder) for name, text in said.items()}}


def lines_of(text: str, folder: Path) -> list[str]:
    """Lines of a text without what differs from run to run."""
    return without_place(text, folder).splitlines()


def without_place(text: str, folder: Path) -> str:
    """A text without the folder and the time of this run, and the version of the package."""
    for place in {str(folder), str(folder.resolve())}:
        text = text.replace(place, "<folder>")
    package = str(Path(nephoscope.__file__).parent)
    text = text.replace(package, "<package>")
    text = re.sub(rf"nephoscope {re.escape(nephoscope.__version__)}", "nephoscope <version>", text)
    return SECONDS.sub("<seconds>", text)
