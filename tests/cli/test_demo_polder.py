"""The demo of a half orbit: product, pictures and honest scores; what it lacks is said at once."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import polder_factory as half_orbits
from nephoscope import extras
from nephoscope.cli import app, demo_polder
from nephoscope.products.read import open_packed


def demo(out):
    return CliRunner().invoke(app, ["demo", "polder", "-o", str(out)])


@pytest.mark.slow
def test_it_leaves_a_product_and_pictures_and_says_where(tmp_path, monkeypatch):
    recipe = half_orbits.recipe_of(network={"name": "mlp", "options": {"hidden": [8]}})
    model = half_orbits.untrained(tmp_path / "model", recipe)
    monkeypatch.setattr(demo_polder, "MODEL", str(model.folder))
    monkeypatch.setattr(demo_polder, "ROWS", 24)
    result = demo(tmp_path / "demo")
    assert result.exit_code == 0, result.output
    named = r"^(half orbit|product|map|curtain|clouds|3-D view): (.+)$"
    found = {what: Path(path) for what, path in re.findall(named, result.stdout, re.MULTILINE)}
    assert found.keys() == {"half orbit", "product", "map", "curtain", "clouds", "3-D view"}
    assert all(path.stat().st_size > 1000 for path in found.values())
    assert open_packed(found["product"]).sizes["y"] == 24
    skill = r"simulated skill along the track: Dice [\d.]+ .* mIoU [\d.]+ .* tops [\d.]+ km off"
    assert re.search(skill, result.stdout)
    *words, folder, _, out = shlex.split(result.stdout.splitlines()[-1])
    assert words[-2:] == ["predict", "polder"]
    assert Path(folder) == found["half orbit"].parent
    assert out == "polder-products"
    assert demo(tmp_path / "demo").exit_code == 0


def test_what_the_simulator_needs_is_said_before_anything_is_done(tmp_path, monkeypatch):
    monkeypatch.setattr(extras, "is_there", lambda package: package != "pyhdf")
    result = demo(tmp_path / "demo")
    assert result.exit_code != 0
    assert "demo polder needs pyhdf: pip install 'nephoscope[satellites]'" in result.output
    assert not (tmp_path / "demo").exists()


def test_without_a_model_nothing_is_simulated(tmp_path, monkeypatch):
    monkeypatch.setattr(demo_polder, "MODEL", "no-such-model")
    result = demo(tmp_path / "demo")
    assert result.exit_code != 0
    assert not (tmp_path / "demo").exists()
