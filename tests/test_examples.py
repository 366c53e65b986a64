"""Every example runs and writes what the gallery says; every picture of the pages has its maker."""

import re
import runpy
import warnings
from pathlib import Path

import pytest
from PIL import Image

from nephoscope.models import list_models

EXAMPLES = Path(__file__).parents[1] / "examples"
DOCS = EXAMPLES.parent / "docs"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
GALLERY = {
    script: re.findall(r"`([^`]+)`", writes)
    for script, writes in re.findall(
        r"^\| `(\w+)\.py` \| .+ \| (.+) \|$", (EXAMPLES / "README.md").read_text(), re.MULTILINE
    )
}
"""Script → the files that it writes."""
MODEL_OF = {
    "a_day_of_ice": "seviri",
    "a_night_of_cloud": "sky-thermal",
    "clouds_below_a_track": "polder",
}
QUICKER = {
    "simulated_satellites": {"size": 64, "rows": 40},
    "what_views_tell": {"scenes": 4, "steps": 2, "rows": 120, "variants": 1},
}
"""Arguments by which a script that takes long shows in a test that it runs."""


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_an_example_runs(script, tmp_path):
    model = MODEL_OF.get(script.stem, "mars")
    if model not in list_models():
        pytest.skip(f"no model `{model}` is shipped")
    quicker = QUICKER.get(script.stem, {})
    with warnings.catch_warnings():
        if script.stem == "what_views_tell":
            warnings.simplefilter("ignore")  # Lightning's own
        runpy.run_path(str(script))["main"](tmp_path, **quicker)
    for name in GALLERY[script.stem]:
        assert (tmp_path / name).stat().st_size > 0
        if name.endswith(".png") and not quicker and (DOCS / "images" / name).is_file():
            with Image.open(tmp_path / name) as made, Image.open(DOCS / "images" / name) as shown:
                shape, wanted = made.width / made.height, shown.width / shown.height
            assert shape == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_an_example_without_a_folder_says_what_it_wants(script, monkeypatch):
    monkeypatch.setattr("sys.argv", [script.name])
    with pytest.raises(SystemExit, match=f"Usage: python {script.name} FOLDER"):
        runpy.run_path(str(script), run_name="__main__")


def test_the_gallery_names_every_example():
    assert set(GALLERY) == {script.stem for script in SCRIPTS}
    assert all(GALLERY.values())


def test_every_picture_of_the_pages_has_a_maker_and_a_page():
    pages = [EXAMPLES.parent / "README.md", EXAMPLES / "README.md", *DOCS.rglob("*.md")]
    text = "\n".join(page.read_text() for page in pages)
    written = {name for names in GALLERY.values() for name in names}
    for tutorial in (DOCS / "tutorials").glob("*.md"):
        written |= set(re.findall(r'savefig\("([^"]+)"', tutorial.read_text()))
    for picture in (DOCS / "images").iterdir():
        assert picture.name in written, f"{picture.name}: no example and no tutorial makes it"
        assert f"images/{picture.name})" in text, f"{picture.name}: no page shows it"
