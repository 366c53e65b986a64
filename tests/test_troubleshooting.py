"""The messages of the page on troubles are those of the code, word for word."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nephoscope.cli import app

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
HOLE = "…"


def shown_messages():
    """Code spans of the first columns that are no flag, and nothing of the shell or of pip."""
    for row in re.findall(r"^\| (.+?) \| .+ \|$", PAGE, re.MULTILINE):
        if not row.startswith("flag") and "of the shell" not in row:
            yield from re.findall(r"`([^`]+)`", row)


def spoken(node):
    """A text or f-string with `…` where it is filled in; None of anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(spoken(each) or HOLE for each in node.values)
    return None


@pytest.fixture(scope="module")
def texts():
    trees = (ast.parse(path.read_text()) for path in (ROOT / "src").rglob("*.py"))
    found = (spoken(node) for tree in trees for node in ast.walk(tree))
    return "\n".join(sorted({text for text in found if text}))


MESSAGES = sorted(set(shown_messages()))


@pytest.mark.parametrize("message", MESSAGES)
def test_every_part_of_a_message_is_in_the_code(message, texts):
    parts = [part.strip() for part in re.split(r"…|\(…\)|: (?=pip)", message)]
    long = [part for part in parts if len(part) > 3]
    assert long
    for part in long:
        assert part in texts, part


def test_the_page_shows_many_messages():
    assert len(MESSAGES) > 30


def test_flags_are_those_of_products():
    from nephoscope.products import product
    from nephoscope.products.cf import OF_ANY

    shown = set(re.findall(r"flag `(\w+)`", PAGE))
    assert shown == {"other_grid_than_learned", "other_season_than_learned", "background_absent"}
    assert shown - set(OF_ANY) <= {"other_season_than_learned"}
    assert "other_season_than_learned" in Path(str(product.__file__)).with_name("cf.py").read_text()


def say(*words):
    done = CliRunner().invoke(app, [str(word) for word in words])
    return " ".join(done.output.split())


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "P01_day02_zequat.jpg").write_text("x")
    (tmp_path / "P01_ls.txt").write_text("P01_day02 28 132.5\nP01_day03 28 132.9\n")
    (tmp_path / "noname.jpg").write_text("x")
    Image.fromarray(np.full((100, 200, 3), 90, np.uint8)).save("P01_day03_zequat.jpg")
    Image.fromarray(np.full((100, 200, 3), 90, np.uint8)).save("P01_day04_zequat.jpg")
    return tmp_path


CASES = {
    ("predict", "mars", "nowhere"): "does not exist",
    ("predict", "mars", "empty"): "holds no map (",
    ("predict", "seviri", "empty"): "holds no picture of SEVIRI (",
    ("predict", "mras", "empty"): "no model '",
    ("predict", "mars", "noname.jpg"):
        "the file name holds no map id, so its season cannot be looked up",
    ("predict", "mars", "P01_day04_zequat.jpg"): "no row for ",
    ("predict", "mars", "P01_day02_zequat.jpg"): "is no JPEG file",
    ("predict", "mars", "P01_day03_zequat.jpg"): "only whole maps on their own grid can be read",
}  # fmt: skip


@pytest.mark.parametrize("words", CASES, ids=[" ".join(words[1:]) for words in CASES])
def test_a_newcomers_mistake_is_told_so(place, words):
    assert any(CASES[words] in message for message in MESSAGES)
    assert CASES[words] in say(*words, "-o", place / "out")


def test_a_file_that_failed_is_not_tried_again(place):
    command = ("predict", "mars", "P01_day02_zequat.jpg", "-o", place / "out")
    say(*command)
    assert "of them failed before and were not tried again: --redo-failed" in say(*command)
