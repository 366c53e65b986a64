"""`nephoscope simulate polder|seviri` and the pictures of what it made."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from nephoscope.cli import app

pytest.importorskip("satpy")
pytest.importorskip("pyhdf")
pytest.importorskip("netCDF4")


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module", params=["seviri", "polder"])
def made(request, tmp_path_factory) -> tuple[str, Path]:
    out = tmp_path_factory.mktemp("a folder") / request.param
    size = 48 if request.param == "seviri" else 24
    result = run("simulate", request.param, "-o", out, "--size", size, "--seed", 2)
    assert result.exit_code == 0, result.output
    return request.param, out


def test_a_second_run_touches_nothing(made):
    pipeline, out = made
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    size = 48 if pipeline == "seviri" else 24
    assert run("simulate", pipeline, "-o", out, "--size", size, "--seed", 2).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_another_seed_does_not_mix_with_it(made):
    pipeline, out = made
    result = run("simulate", pipeline, "-o", out, "--seed", 3)
    assert result.exit_code == 2
    assert "another simulation" in result.stderr


def test_the_truth_names_its_picture_and_its_track(made):
    _, out = made
    (store,) = (out / "truth").glob("*.zarr")
    truth = xr.open_zarr(store)
    assert truth.attrs["simulator_version"]
    for name in ("picture", "track"):
        assert (out / truth.attrs[name]).is_file()


def test_scene_and_truth_are_on_the_same_pixels(made):
    from nephoscope.simulate.earth.reading import find_truths, open_simulated

    pipeline, out = made
    (path,) = find_truths(out)
    scene, truth, track = open_simulated(path)
    assert scene["image"].shape[1:] == truth["cloud_cover"].shape
    apart = np.abs(scene["latitude"].values - truth["latitude"].values)
    assert np.nanmax(apart) < 3e-3
    assert track is not None
    if pipeline == "polder":
        assert {"row", "origin"} <= set(truth.coords)


def test_every_scene_is_drawn(made, tmp_path):
    _, out = made
    result = run("plot", "--kind", "simulated", out, "-o", tmp_path)
    assert result.exit_code == 0, result.output
    (picture,) = tmp_path.glob("*.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_lost_picture_is_named(made, tmp_path):
    _, out = made
    (store,) = (out / "truth").glob("*.zarr")
    picture = out / xr.open_zarr(store).attrs["picture"]
    away = tmp_path / picture.name
    picture.rename(away)
    result = run("plot", "--kind", "simulated", out, "-o", tmp_path)
    away.rename(picture)
    assert result.exit_code == 1
    assert picture.name in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mars", "--workers", 2), "--workers is for polder and seviri, not mars"),
        (("polder", "--slots", 2), "--slots is for seviri, not polder"),
        (("seviri", "--flavour", "raw"), "it has no flavours"),
        (("seviri", "--size", 30), "fours"),
        (("polder", "--size", 2), "8 to 780 rows"),
    ],
)
def test_options_of_another_pipeline_are_errors(tmp_path, words, said):
    result = run("simulate", *words, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_damaged_sidecar_is_said(tmp_path):
    (tmp_path / "simulation.json").write_text("{")
    result = run("simulate", "polder", "-o", tmp_path, "--size", 24)
    assert result.exit_code == 2
    assert "simulation.json" in result.stderr


def test_a_damaged_truth_is_named_and_the_rest_drawn(made, tmp_path):
    import shutil

    _, out = made
    (store,) = (out / "truth").glob("*.zarr")
    copy = shutil.copytree(out, tmp_path / "copy")
    shutil.copytree(store, copy / "truth" / "another.zarr")
    for chunk in (copy / "truth" / store.name / "cloud_top_height" / "c").rglob("*"):
        if chunk.is_file():
            chunk.write_bytes(b"damaged")
    result = run("plot", "--kind", "simulated", copy, "-o", tmp_path / "pictures")
    assert result.exit_code == 1
    assert store.name in result.stderr
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["another.png"]
