"""The demo of cloud ice: product, pictures and honest skill; what it lacks is said at once."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ice_factory
from nephoscope import extras
from nephoscope.cli import app, demo_seviri
from nephoscope.products.series import open_slots


def demo(out):
    return CliRunner().invoke(app, ["demo", "seviri", "-o", str(out)])


@pytest.mark.slow
def test_it_leaves_a_cube_and_pictures_and_says_where(tmp_path, monkeypatch):
    monkeypatch.setattr(demo_seviri, "MODEL", str(ice_factory.untrained(tmp_path / "model").folder))
    monkeypatch.setattr(demo_seviri, "SIZE", 48)
    monkeypatch.setattr(demo_seviri, "SLOTS", 2)
    out = tmp_path / "the demo"
    result = demo(out)
    assert result.exit_code == 0, result.output
    cube = Path(re.search(r"^product: (.+), quick-looks", result.stdout, re.MULTILINE)[1])
    with open_slots([cube]) as slots:
        assert [each["iwp"].shape for each in slots] == [(48, 48)] * 2
    assert {each.suffix for each in out.glob("ice.*")} == {".gif", ".png"}
    assert len(list(out.glob("*_ice_curtain.png"))) == 1
    skill = r"simulated skill: F1 0\.\d\d of cloud in all voxels of 2 slots, ice [+-]\d+%"
    assert re.search(skill, result.stdout)
    *words, folder, _, products = shlex.split(result.stdout.splitlines()[-1])
    assert words[-2:] == ["predict", "seviri"]
    assert Path(folder) == out / "simulated" / "HRSEVIRI"
    assert products == "seviri-products"
    assert demo(out).exit_code == 0


def test_what_the_simulator_needs_is_said_before_anything_is_done(tmp_path, monkeypatch):
    monkeypatch.setattr(extras, "is_there", lambda package: package != "satpy")
    result = demo(tmp_path / "demo")
    assert result.exit_code != 0
    assert "demo seviri needs satpy: pip install 'nephoscope[satellites]'" in result.output
    assert not (tmp_path / "demo").exists()


def test_without_a_model_nothing_is_simulated(tmp_path, monkeypatch):
    monkeypatch.setattr(demo_seviri, "MODEL", "no-such-model")
    result = demo(tmp_path / "demo")
    assert result.exit_code != 0
    assert not (tmp_path / "demo").exists()
