"""The page of cloud ice: what it holds are the product's numbers, it fetches nothing, it moves."""

import base64
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from ice_factory import SIDE, tower_slot
from nephoscope.errors import InputError
from nephoscope.plots.ice_page import LEAST, MOST, on_scale, write_page

pytest.importorskip("plotly")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def wide_slot(number):
    """A cloud that can be seen from afar, and moves on."""
    slot = tower_slot(number)
    slot["iwc"].values[20:46, 10:30, 4 + 4 * number : 22 + 4 * number] = 1e-4
    return slot


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("a page") / "ice.html"
    assert write_page([wide_slot(number) for number in range(3)], path) == 3
    return path


def data_of(page):
    text = re.search(r'<script id="data"[^>]*>(.*?)</script>', page.read_text(), re.S).group(1)
    return json.loads(text)


def test_bytes_are_the_logarithm_of_the_amount():
    amounts = np.array([0, LEAST / 2, LEAST, 10 * LEAST, MOST, 1.0, np.nan])
    assert on_scale(amounts, LEAST, MOST).tolist() == [0, 0, 1, 64, 254, 254, 255]


def test_the_page_holds_the_means_of_blocks(page):
    found = data_of(page)
    levels, rows, cols = found["shape"]
    assert (levels, rows, cols) == (32, SIDE, SIDE)
    for number, frame in enumerate(found["frames"]):
        volume = np.frombuffer(base64.b64decode(frame["volume"]), np.uint8)
        ice = wide_slot(number)["iwc"].values.astype(float)
        expected = on_scale(ice.reshape(32, 2, SIDE, SIDE).mean(axis=1), LEAST, MOST)
        np.testing.assert_array_equal(volume.reshape(found["shape"]), expected)
    assert [frame["time"] for frame in found["frames"]] == [
        "2010-06-11 12:00", "2010-06-11 12:15", "2010-06-11 12:30"
    ]  # fmt: skip


def test_nothing_is_fetched_and_names_cannot_end_the_script(tmp_path):
    slot = tower_slot(0)
    slot.attrs |= {"title": "<script>alert(1)</script>", "source": "</script><b>"}
    write_page([slot], tmp_path / "ice.html")
    text = (tmp_path / "ice.html").read_text()
    assert "<script>alert(1)" not in text
    assert "</script><b>" not in text
    fetched = []

    class Links(HTMLParser):
        def handle_starttag(self, tag, attrs):
            fetched.extend(value for name, value in attrs if name in ("src", "href"))

    Links().feed(text)
    assert fetched == []
    assert (tmp_path / "ice.html").stat().st_size < 15e6


def test_without_a_slot_there_is_no_page(tmp_path):
    with pytest.raises(InputError, match="no slot"):
        write_page([], tmp_path / "ice.html")
    assert not (tmp_path / "ice.html").exists()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_sliders_move_the_clouds(page, tmp_path):
    """The address keeps what is chosen: another time, opacity or height is another picture."""

    def seen(words):
        target = tmp_path / f"{len(words)}.png"
        command = [
            CHROMIUM, "--headless=new", "--no-sandbox", "--use-angle=swiftshader", "--use-gl=angle",
            "--enable-unsafe-swiftshader", "--hide-scrollbars", "--window-size=900,700",
            "--virtual-time-budget=9000", "--enable-logging=stderr", f"--screenshot={target}",
            f"{page.as_uri()}#{words}",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)  # noqa: S603
        said = done.stderr
        assert not [line for line in said.splitlines() if ":CONSOLE" in line and "rror" in line]
        # Of the view alone: the sliders beside it differ anyway.
        return np.asarray(Image.open(target).convert("RGB"), int)[120:500, 60:480]

    usual = seen("time=0")
    assert usual.std() > 10
    for words in ("time=2&x=", "opacity=0.9", "slice=1&height=12", "volume=0&curtain=0"):
        assert np.abs(seen(words) - usual).max() > 40, words
