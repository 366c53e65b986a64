"""The demo says where things are, how good they are, and is honest about what is simulated."""

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import xarray as xr
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.cli import demo as demo_verb
from nephoscope.models import list_models

needs_mars, needs_sky = (
    pytest.mark.skipif(name not in list_models(), reason=f"no model `{name}` is shipped")
    for name in ("mars", "sky-thermal")
)


@pytest.mark.slow
@needs_mars
def test_the_demo_finds_the_simulated_clouds(tmp_path):
    result = CliRunner().invoke(app, ["demo", "-o", str(tmp_path / "demo")])
    assert result.exit_code == 0, result.output
    found = dict(re.findall(r"^(map|product|picture): +(.+)$", result.stdout, re.MULTILINE))
    with xr.open_dataset(found["product"]) as product:
        assert product.cloud_mask.mean() > 0
    assert found["picture"].endswith(".png")
    skill = re.search(r"simulated skill: F1 ([\d.]+), IoU ([\d.]+)", result.stdout)
    assert skill is not None
    assert float(skill[1]) >= 0.6
    *words, folder, _, out = shlex.split(result.stdout.splitlines()[-1])
    assert words[-2:] == ["predict", "mars"]
    assert (Path(folder), out) == (tmp_path / "demo" / "simulated", "mars-products")


@pytest.mark.slow
@needs_mars
def test_the_demo_can_be_run_again(tmp_path):
    first, again = (
        CliRunner().invoke(app, ["demo", "-o", str(tmp_path / "demo")]) for _ in range(2)
    )
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.stdout.splitlines()[-1] == again.stdout.splitlines()[-1]


@pytest.mark.slow
@needs_sky
def test_the_demo_of_the_sky_follows_the_simulated_night(tmp_path):
    result = CliRunner().invoke(app, ["demo", "sky", "-o", str(tmp_path / "demo")])
    assert result.exit_code == 0, result.output
    skill = re.findall(r"state right in (\d+) of 24, mIoU ([\d.]+)", result.stdout)
    assert len(skill) == 2
    assert all(int(right) >= 22 for right, _ in skill)
    assert float(skill[1][1]) >= 0.95
    assert (tmp_path / "demo" / "night.png").stat().st_size > 0


def installed_in(folder: Path, monkeypatch) -> Path:
    """A command `nephoscope` in a folder of scripts, and the words that say how it was started."""
    folder.mkdir(parents=True)
    script = folder / "nephoscope"
    script.write_text("#!/bin/sh\necho run\n")  # a checkout may lie in a folder with a space
    script.chmod(0o755)
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(folder))
    return script


def run_as_typed(words: list[str]) -> str:
    done = subprocess.run(  # noqa: S603 - our own script
        ["/bin/sh", "-c", shlex.join(words)], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_command_is_shown_as_it_can_be_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scripts = tmp_path / "with space" / "bin"
    installed_in(scripts, monkeypatch)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert demo_verb._command() == ["with space/bin/nephoscope"]
    assert run_as_typed(demo_verb._command()) == "run\n"
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}/usr/bin")
    assert demo_verb._command() == ["nephoscope"]
    assert run_as_typed(demo_verb._command()) == "run\n"


def test_a_command_elsewhere_is_named_in_full(tmp_path, monkeypatch):
    script = installed_in(tmp_path / "venv" / "bin", monkeypatch)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert demo_verb._command() == [str(script)]
    script.unlink()
    assert demo_verb._command() == [sys.executable, "-m", "nephoscope"]
