"""Histograms against numpy, pairs by hand, and the pictures of the command."""

import csv

import numpy as np
import pytest
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.evaluation.neighbours import BINS, find_neighbours, histogram_correlation
from nephoscope.simulate.fractal import fractal
from nephoscope.simulate.sky import simulate_sky


def frames(count, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([600 + 40 * fractal(rng, (64, 80), 1.4) for _ in range(count)])[:, None]


def test_the_correlation_of_histograms_is_that_of_numpy():
    images = frames(5) * np.linspace(0.9, 1.1, 5, dtype=np.float32)[:, None, None, None]
    low, high = np.percentile(images, [0.1, 99.9])
    edges = np.linspace(low, high, BINS + 1)
    counts = [np.histogram(image.clip(edges[0], edges[-1]), edges)[0] for image in images]
    np.testing.assert_allclose(histogram_correlation(images), np.corrcoef(counts), atol=1e-5)


def test_a_shifted_frame_is_a_neighbour_and_a_shuffled_one_only_by_histogram():
    images = frames(6)
    images[3] = images[0].copy()
    images[3, 0] = np.roll(images[0, 0], 12, axis=1)
    images[3, 0, :, :12] = frames(1, seed=9)[0, 0, :, :12]
    images[5] = np.random.default_rng(1).permutation(images[1].ravel()).reshape(images[1].shape)
    found = find_neighbours(images)
    assert found.nearest(found.by_shift)[0] == 3
    assert found.groups[0] == found.groups[3]
    assert found.nearest(found.by_histogram)[1] == 5
    assert found.by_histogram[1, 5] == pytest.approx(1, abs=1e-5)
    assert found.by_shift[1, 5] < 0.5
    assert found.pairs(found.by_histogram, 1) == [(1, 5)]


def test_pairs_take_no_frame_twice_and_no_copies():
    images = frames(5)
    images[4] = images[2]
    found = find_neighbours(images)
    assert found.copies.tolist() == [0, 1, 2, 3, 2]
    alike = np.full((5, 5), 0.1, np.float32)
    for (row, col), value in {(0, 1): 0.9, (1, 2): 0.8, (2, 3): 0.7, (2, 4): 1.0}.items():
        alike[row, col] = alike[col, row] = value
    assert found.pairs(alike, 9) == [(0, 1), (2, 3)]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    out = tmp_path_factory.mktemp("frames")
    simulate_sky(out, scenes=6, seed=2)
    return out


@pytest.mark.parametrize("kind", ["spectrum", "neighbours"])
def test_the_command_draws_and_writes_its_numbers(simulated, tmp_path, kind):
    words = ["plot", str(simulated), "--kind", kind, "-o", str(tmp_path)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert (tmp_path / f"{kind}.png").read_bytes().startswith(b"\x89PNG")
    with (tmp_path / f"{kind}.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len({row["file"] for row in rows}) == 6
    if kind == "neighbours":
        assert all(row["nearest_by_shift"] != row["file"] for row in rows)
    else:
        assert {row["state"] for row in rows} <= {"clear", "cloudy", "frames of unknown state"}


def test_a_frame_that_cannot_be_read_is_named_and_the_rest_is_drawn(simulated, tmp_path):
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    for path in sorted(simulated.glob("frames/*"))[:3]:
        (raw / path.name).write_bytes(path.read_bytes())
    (raw / "half.fits").write_bytes((raw / path.name).read_bytes()[:90_000])
    words = ["plot", str(raw), "--kind", "spectrum", "-o", str(out)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    assert "half.fits" in result.stderr
    assert (out / "spectrum.png").is_file()
    for path in raw.glob("2023*"):
        path.unlink()
    assert CliRunner().invoke(app, words).exit_code == 2
