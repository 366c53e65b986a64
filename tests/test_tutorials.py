"""Every command and block of Python of the tutorials runs, prints what is shown, and draws it."""

import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.image import imread

from nephoscope.extras import PACKAGES, is_there
from nephoscope.models import list_models
from page_runner import check_said, run_page

TUTORIALS = Path(__file__).parents[1] / "docs" / "tutorials"
PAGES = [
    pytest.param(page, marks=[] if page.stem == "sky" else pytest.mark.slow, id=page.stem)
    for page in sorted(TUTORIALS.glob("*.md"))
]
MODELS = {"mars": "mars", "sky": "sky-thermal", "polder": "polder", "seviri": "seviri"}
COARSE = 8
"""Blocks of so many pixels are compared: letters may be drawn by other fonts."""


@pytest.fixture(autouse=True)
def unseen_figures():
    mpl.use("Agg")
    yield
    plt.close("all")


def coarse(path):
    picture = imread(path)[..., :3]
    rows, cols = (size // COARSE for size in picture.shape[:2])
    cut = picture[: rows * COARSE, : cols * COARSE]
    return cut.reshape(rows, COARSE, cols, COARSE, 3).mean((1, 3))


@pytest.mark.parametrize("page", PAGES)
def test_a_tutorial_does_what_it_shows(page, tmp_path):
    if MODELS[page.stem] not in list_models():
        pytest.skip(f"no model `{MODELS[page.stem]}` is shipped")
    if page.stem in {"polder", "seviri"}:
        missing = [name for name in PACKAGES["satellites"] if not is_there(name)]
        if missing:
            pytest.skip(f"{missing[0]} is not installed: pip install 'nephoscope[satellites]'")
    run_page(page, tmp_path)
    text = page.read_text()
    assert text.count("```text\n") >= 1
    for shown in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text):
        there, here = coarse(page.parent / shown), coarse(tmp_path / Path(shown).name)
        assert there.shape == here.shape
        assert float(np.abs(there - here).mean()) < 0.02, shown


def test_what_a_page_prints_is_compared_by_word_and_number():
    check_said("12 maps, F1 0.813\n", "12 maps, F1 0.81\n")
    for said in ("13 maps, F1 0.81", "12 maps, F1 0.91", "12 maps, IoU 0.81", "12 maps, F1"):
        with pytest.raises(AssertionError):
            check_said(said, "12 maps, F1 0.81")


def test_a_page_stops_at_the_first_block_that_fails(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A\n\n```\nnephoscope info no-such-file\n```\n\n```python\nopen('b', 'w')\n```\n"
    )
    with pytest.raises(AssertionError, match="no-such-file"):
        run_page(page, tmp_path)
    assert not (tmp_path / "b").exists()
