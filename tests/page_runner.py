"""Runs a page: its commands and blocks of Python in order, in one folder.

    python tests/page_runner.py docs/tutorials/sky.md FOLDER

A block without a language holds commands, one of `python` is run with what the blocks before it
left, and one of `text` is what the block before it prints, numbers within a twentieth.
"""

from __future__ import annotations

import io
import math
import os
import re
import shlex
import subprocess
import sys
from contextlib import chdir, redirect_stdout
from itertools import chain
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def run_page(page: Path, folder: Path, check: bool = True) -> list[str]:
    """Run a page in `folder`; what each of its blocks printed. Without `check`, whatever it is."""
    return run_text(page.read_text(encoding="utf-8"), folder, check)


def run_text(page: str, folder: Path, check: bool = True) -> list[str]:
    """The same of a part of a page."""
    said: list[str] = []
    names: dict[str, object] = {"__name__": "page"}
    with chdir(folder):
        for language, text in _BLOCK.findall(page):
            if language == "text":
                if check:
                    check_said(said[-1], text)
                continue
            said.append(_run_python(text, names) if language == "python" else _run_commands(text))
    return said


def check_said(said: str, expected: str) -> None:
    """See that the words are the same, and the numbers are close."""
    assert _NUMBER.sub("#", said).split() == _NUMBER.sub("#", expected).split(), said
    pairs = zip(_NUMBER.findall(said), _NUMBER.findall(expected), strict=True)
    for found, wanted in pairs:
        room = 1.01 * 10.0 ** -len(wanted.partition(".")[2]) if "." in wanted else 0.0
        assert math.isclose(float(found), float(wanted), rel_tol=0.05, abs_tol=room), said


def _run_python(text: str, names: dict[str, object]) -> str:
    with redirect_stdout(io.StringIO()) as out:
        exec(compile(text, "page", "exec"), names)  # noqa: S102 - what the page shows
    return out.getvalue()


def _run_commands(text: str) -> str:
    said = ""
    for line in text.replace("\\\n", " ").splitlines():
        program, *words = shlex.split(line, comments=True)
        assert program == "nephoscope", line
        done = subprocess.run(  # noqa: S603 - what the page shows
            [sys.executable, "-m", "nephoscope", *chain(*map(_expanded, words))],
            env={**os.environ, "PYTHONPATH": str(SOURCE), "MPLBACKEND": "Agg"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        said += done.stdout
    return said


def _expanded(word: str) -> list[str]:
    """Paths for a word with `*`, as a shell expands it."""
    return sorted(map(str, Path().glob(word))) if "*" in word else [word]


if __name__ == "__main__":
    os.environ["MPLBACKEND"] = "Agg"
    sys.path.insert(0, str(SOURCE))
    Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    for printed in run_page(Path(sys.argv[1]).absolute(), Path(sys.argv[2]), check=False):
        sys.stdout.write(printed)
