"""IRCCAM frames from file to mask: the clear-sky model in the file is the reference."""

import numpy as np
import pytest
from scipy.io import savemat
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.formulas import clear_excess
from nephoscope.formulas.excess import MODEL_NOISE
from nephoscope.instruments import open_scene
from nephoscope.samples.store import open_samples
from nephoscope.simulate.fractal import fractal

SIDE = 64
ROWS, COLS = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
SKY = np.hypot(ROWS, COLS) < 0.95


def write_frame(path, warmer, model=True, seed=0):
    """A clear sky that warms towards the horizon, `warmer` (K) above it, and the file's own TB."""
    clear = 215 + 40 * np.hypot(ROWS, COLS) ** 2
    noise = np.random.default_rng(seed).normal(0, 0.5, clear.shape)
    content = {"BT": clear + warmer + noise, "TB": clear, "mask": SKY.astype(np.uint8)}
    if not model:
        del content["TB"]
    savemat(path, content)
    return path


@pytest.fixture
def cloud():
    return np.where(fractal(np.random.default_rng(4), (SIDE, SIDE), 1.8) > 0.3, 30.0, 0.0)


def test_cloud_is_what_is_warmer_than_the_model_in_the_file(tmp_path, cloud):
    result = clear_excess(open_scene(write_frame(tmp_path / "a.mat", cloud)))
    assert result.note == "compared with the file's own model"
    assert (result.mask[~SKY] == -1).all()
    np.testing.assert_array_equal(result.mask[SKY] == 1, cloud[SKY] > 0)
    assert result.parameters == {"sigmas": 3.0, "noise": MODEL_NOISE}


def test_an_even_overcast_is_cloud_by_the_model_and_unknown_without_it(tmp_path):
    overcast = np.full((SIDE, SIDE), 50.0)
    known = clear_excess(open_scene(write_frame(tmp_path / "a.mat", overcast)))
    assert (known.mask[SKY] == 1).all()
    blind = clear_excess(open_scene(write_frame(tmp_path / "b.mat", overcast, model=False)))
    assert (blind.mask == -1).all()
    assert "not in counts" in blind.note


@pytest.mark.parametrize("sigmas", [1.0, 3.0, 10.0])
def test_the_mask_is_cut_where_it_is_asked(tmp_path, sigmas):
    # From 0 to 63 K above the model, row by row.
    ramp = np.broadcast_to(np.arange(SIDE, dtype=float)[:, None], (SIDE, SIDE))
    scene = open_scene(write_frame(tmp_path / "a.mat", ramp))
    found = clear_excess(scene, sigmas=sigmas).mask
    excess = scene["image"].values[0] - scene["clear_reference"].values
    np.testing.assert_array_equal(found[SKY] == 1, excess[SKY] > sigmas * MODEL_NOISE)


def test_frames_with_labels_become_samples(tmp_path, cloud):
    (tmp_path / "raw" / "labels").mkdir(parents=True)
    for number in range(3):
        moved = np.roll(cloud, 9 * number, axis=1)
        write_frame(tmp_path / "raw" / f"{number}.mat", moved, seed=number)
        np.save(tmp_path / "raw" / "labels" / f"{number}.npy", (moved > 0).astype(np.int8))
    words = ["build", "sky-thermal", str(tmp_path / "raw"), "-o", str(tmp_path / "s.zarr")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    store = open_samples(tmp_path / "s.zarr")
    assert store["image"].shape == (3, 1, SIDE, SIDE)
    assert store["image"].attrs["units"] == "K"
    np.testing.assert_array_equal(np.isnan(store["image"].values[1, 0]), ~SKY)
    np.testing.assert_array_equal(store["label"].values[0], cloud > 0)
