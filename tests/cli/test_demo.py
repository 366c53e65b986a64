"""The demo says where things are, how good they are, and is honest about what is simulated."""

import re

import pytest
import xarray as xr
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.models import list_models

pytestmark = pytest.mark.slow
needs_mars, needs_sky = (
    pytest.mark.skipif(name not in list_models(), reason=f"no model `{name}` is shipped")
    for name in ("mars", "sky-thermal")
)


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


@needs_mars
def test_the_demo_can_be_run_again(tmp_path):
    first, again = (
        CliRunner().invoke(app, ["demo", "-o", str(tmp_path / "demo")]) for _ in range(2)
    )
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.stdout.splitlines()[-1] == again.stdout.splitlines()[-1]


@needs_sky
def test_the_demo_of_the_sky_follows_the_simulated_night(tmp_path):
    result = CliRunner().invoke(app, ["demo", "sky", "-o", str(tmp_path / "demo")])
    assert result.exit_code == 0, result.output
    skill = re.findall(r"state right in (\d+) of 24, mIoU ([\d.]+)", result.stdout)
    assert len(skill) == 2
    assert all(int(right) >= 22 for right, _ in skill)
    assert float(skill[1][1]) >= 0.95
    assert (tmp_path / "demo" / "night.png").stat().st_size > 0
