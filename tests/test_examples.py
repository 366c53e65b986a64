"""Every example runs and writes what its docstring says; the README of examples names them all."""

import runpy
from pathlib import Path

import pytest

from nephoscope.models import list_models

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))

MODEL_OF = {
    "a_day_of_ice": "seviri",
    "a_night_of_cloud": "sky-thermal",
    "clouds_below_a_track": "polder",
}


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_an_example_runs(script, tmp_path):
    model = MODEL_OF.get(script.stem, "mars")
    if model not in list_models():
        pytest.skip(f"no model `{model}` is shipped")
    runpy.run_path(str(script))["main"](tmp_path)
    (made,) = tmp_path.glob(f"{script.stem}.*")
    assert made.stat().st_size > 0


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_an_example_is_in_the_list(script):
    assert f"`{script.name}`" in (EXAMPLES / "README.md").read_text()
