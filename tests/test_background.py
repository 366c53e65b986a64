"""The background is the median of what was seen at each place, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nephoscope import background as bg
from nephoscope.background import (
    build_background,
    read_background,
    sample_background,
    write_background,
)
from nephoscope.errors import InputError, OutputError, UsageError
from nephoscope.grids.cells import interpolate_cells
from nephoscope.recipe import Recipe, load_recipe, validate_recipe

ROWS, COLS, CELL = 9, 12, 4


def axes(rows: int, cols: int) -> tuple[np.ndarray, np.ndarray]:
    """Latitudes and longitudes of a grid that goes round."""
    return np.linspace(40, -40, rows), np.arange(cols) * 360.0 / cols - 180


AXES = axes(ROWS, COLS)


@pytest.fixture
def recipe() -> Recipe:
    channels = ["blue", "blue_red_ratio"]
    return validate_recipe(
        {
            "name": "tiny",
            "instrument": "marci",
            "task": "mask",
            "inputs": {
                "features": ["blue"],
                "background": {"cell": CELL, "minimum_scenes": 3, "channels": channels},
            },
            "network": {"name": "unet"},
        }
    )


def make_scene(image: np.ndarray) -> xr.Dataset:
    rows, cols = image.shape[1:]
    return xr.Dataset(
        {
            "image": (("channel", "y", "x"), image.astype(np.float32)),
            "known": (("y", "x"), np.isfinite(image).any(axis=0)),
        },
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": ("y", axes(rows, cols)[0]),
            "longitude": ("x", axes(rows, cols)[1]),
        },
    )


@pytest.fixture
def series(tmp_path) -> dict[Path, xr.Dataset]:
    random = np.random.default_rng(3)
    scenes = {}
    for index in range(5):
        image = random.uniform(20, 200, (3, ROWS, COLS))
        image[:, random.random((ROWS, COLS)) < 0.2] = np.nan
        image[:, :4, :4] = np.nan  # one cell is never seen
        path = tmp_path / f"map{index}"
        path.write_text(str(index))
        scenes[path] = make_scene(image)
    return scenes


def build(series, recipe, **options):
    return build_background(series, recipe, open_scene=series.__getitem__, **options)


def test_median_of_cell_means_against_plain_loops(series, recipe):
    built = build(series, recipe)
    red, _, blue = np.moveaxis(np.stack([s["image"].values for s in series.values()]), 1, 0)
    for row in range(3):
        for col in range(3):
            cell = np.s_[:, 4 * row : 4 * row + 4, 4 * col : 4 * col + 4]
            seen = [values for values in blue[cell] if np.isfinite(values).any()]
            assert built["count"].values[row, col] == len(seen)
            if not seen:
                assert np.isnan(built["background_blue"].values[row, col])
                continue
            expected = np.median([np.nanmean(values) for values in seen])
            assert built["background_blue"].values[row, col] == pytest.approx(expected, rel=1e-5)
            ratios = np.minimum(blue[cell] / red[cell], 4.0)
            means = [np.nanmean(values) for values in ratios if np.isfinite(values).any()]
            found = built["background_blue_red_ratio"].values[row, col]
            assert found == pytest.approx(np.median(means), rel=1e-5)


def test_a_channel_that_is_dark_by_night_empties_no_other(series, recipe):
    whole = build(series, recipe)
    for scene in list(series.values())[:2]:
        scene["image"].values[1] = np.nan  # green, which this background does not read
    xr.testing.assert_identical(build(series, recipe), whole)
    for scene in series.values():
        scene["image"].values[0] = np.nan
    found = build(series, recipe)
    np.testing.assert_array_equal(found["background_blue"], whole["background_blue"])
    assert np.isnan(found["background_blue_red_ratio"]).all()


def test_cells_lie_at_the_mean_of_their_pixels(series, recipe):
    built = build(series, recipe)
    np.testing.assert_allclose(built["latitude"].values, [25.0, -15.0, -40.0])
    np.testing.assert_allclose(built["longitude"].values, [-135.0, -15.0, 105.0])


def test_order_of_the_scenes_is_no_matter(series, recipe):
    first = build(series, recipe)
    second = build(dict(reversed(series.items())), recipe)
    assert first.attrs["sha256"] == second.attrs["sha256"]
    xr.testing.assert_identical(first, second)


def test_sha256_is_of_the_contents(series, recipe):
    built = build(series, recipe)
    changed = built.copy(deep=True)
    changed["background_blue"].values[1, 1] += 1
    assert bg.contents_sha256(changed) != built.attrs["sha256"]
    assert bg.contents_sha256(built) == built.attrs["sha256"]


def test_round_trip(series, recipe, tmp_path):
    built = build(series, recipe)
    write_background(built, tmp_path / "b.nc")
    back = read_background(tmp_path / "b.nc")
    xr.testing.assert_equal(back, built)
    assert back.attrs["sha256"] == built.attrs["sha256"]
    np.testing.assert_array_equal(sample_background(back, *AXES), sample_background(built, *AXES))


def test_changed_truncated_and_other_files_are_refused(series, recipe, tmp_path):
    path = tmp_path / "b.nc"
    with pytest.raises(InputError, match="does not exist"):
        read_background(path)
    built = build(series, recipe)
    built["background_blue"].values[1, 1] += 1
    write_background(built, path)
    with pytest.raises(InputError, match=r"\[sha256\]: does not match"):
        read_background(path)
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(InputError, match="not a readable"):
        read_background(path)
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(InputError, match="no background"):
        read_background(path)


def test_an_output_that_cannot_be_written_is_named(series, recipe, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"b\.nc"):
        write_background(build(series, recipe), tmp_path / "file" / "b.nc")


def test_sampling_is_linear_between_cells_and_never_nan(series, recipe):
    sampled = sample_background(build(series, recipe), *AXES)
    assert sampled.shape == (2, ROWS, COLS)
    assert sampled.dtype == np.float32
    assert np.isfinite(sampled).all()


def plain(values: np.ndarray) -> xr.Dataset:
    return xr.Dataset(
        {"background_blue": (("y", "x"), values.astype(np.float32))},
        attrs={"cell": 4, "shape": [4 * len(values), 4 * values.shape[1]], "channels": '["blue"]'},
    )


def test_sampling_wraps_in_longitude():
    sampled = sample_background(plain(np.array([[0.0, 10.0, 20.0]])), *axes(4, 12))[0]
    # Centres of the cells are at 1.5, 5.5 and 9.5; between 9.5 and 13.5 it goes from 20 to 0.
    at = np.arange(12)
    expected = np.interp(at, [-2.5, 1.5, 5.5, 9.5, 13.5], [20, 0, 10, 20, 0])
    np.testing.assert_allclose(sampled, np.broadcast_to(expected, (4, 12)), atol=1e-5)


def test_sampling_is_level_beyond_the_first_and_last_row():
    sampled = sample_background(plain(np.array([[0.0], [8.0]])), *axes(8, 4))[0]
    expected = np.interp(np.arange(8), [1.5, 5.5], [0, 8])
    np.testing.assert_allclose(sampled, np.broadcast_to(expected[:, None], (8, 4)), atol=1e-5)


def test_the_unseen_takes_the_mean_of_its_row_or_the_nearest_row():
    nan = np.nan
    sampled = sample_background(plain(np.array([[2, nan, 4], [nan, nan, nan]])), *axes(8, 12))[0]
    assert sampled[1, 5] == pytest.approx(3, abs=0.2)
    assert np.isfinite(sampled).all()
    assert sampled[7].mean() == pytest.approx(3, abs=1e-5)


def test_a_scene_is_met_by_coordinate_however_it_lies(series, recipe):
    built = build(series, recipe)
    latitude, longitude = AXES
    whole = sample_background(built, latitude, longitude)
    turned = sample_background(built, latitude[::-1], np.mod(np.roll(longitude, 5), 360))
    np.testing.assert_array_equal(turned, np.roll(whole[:, ::-1], 5, axis=2))
    part = sample_background(built, latitude[2:6], longitude[3:9] + 360 * (longitude[3:9] < 0))
    np.testing.assert_array_equal(part, whole[:, 2:6, 3:9])
    between = sample_background(built, latitude[:-1] - 5, longitude + 15)  # half a pixel on
    np.testing.assert_allclose(between[0, 0, 4], whole[0, :2, 4:6].mean(), rtol=1e-5)


def test_channels_come_by_name_in_the_order_asked_for(series, recipe):
    built = build(series, recipe)
    blue, ratio = sample_background(built, *AXES)
    np.testing.assert_array_equal(
        sample_background(built, *AXES, ["blue_red_ratio", "blue"]), [ratio, blue]
    )
    with pytest.raises(UsageError, match="holds blue, blue_red_ratio; wanted are green"):
        sample_background(built, *AXES, ["green"])


def test_what_does_not_cover_the_scene_is_refused(series, recipe):
    built = build(series, recipe)
    with pytest.raises(UsageError, match="does not cover"):
        sample_background(built, np.linspace(85, -85, ROWS), AXES[1])
    part = {path: scene.isel(x=slice(2, 8)) for path, scene in series.items()}
    with pytest.raises(UsageError, match="does not cover"):
        sample_background(build(part, recipe), *AXES)
    nowhere = plain(np.array([[1.0]]))  # says neither where it lies nor fits the scene
    with pytest.raises(UsageError, match="is for scenes of"):
        sample_background(nowhere, *AXES)


def test_a_background_of_another_instrument_or_of_other_channels_is_named(series, recipe, tmp_path):
    path = tmp_path / "b.nc"
    write_background(build(series, recipe), path)
    assert read_background(path, recipe).attrs["instrument"] == "marci"
    other = recipe.model_copy(update={"instrument": "seviri"})
    with pytest.raises(InputError, match=r"\[instrument\]: is of marci"):
        read_background(path, other)
    more = load_recipe("mars", ["inputs.background.channels=[blue, red]"])
    with pytest.raises(InputError, match=r"\[channels\]: is of blue, blue_red_ratio"):
        read_background(path, more)
    without = recipe.inputs.model_copy(update={"background": None})
    with pytest.raises(UsageError, match="uses no background"):
        read_background(path, recipe.model_copy(update={"inputs": without}))


@pytest.mark.parametrize("width", [12, 13, 14, 15])
def test_cells_cut_short_are_met_at_their_own_centres(width):
    cells = np.random.default_rng(width).random((1, 2, -(-width // 4)), np.float32)
    centres = [np.mean(np.arange(start, min(start + 4, width))) for start in range(0, width, 4)]
    cols = np.arange(-width, 2 * width)
    expected = np.interp(
        np.mod(cols, width),
        [centres[-1] - width, *centres, centres[0] + width],
        [cells[0, 0, -1], *cells[0, 0], cells[0, 0, 0]],
    )
    found = interpolate_cells(cells, 4, np.array([0.0]), cols, width)[0, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_bad_scene_is_named_or_raised(series, recipe):
    bad = next(iter(series))

    def open_scene(path):
        if path == bad:
            raise InputError(path, "is truncated")
        return series[path]

    with pytest.raises(InputError, match="truncated"):
        build_background(series, recipe, open_scene=open_scene)
    named = []
    built = build_background(
        series,
        recipe,
        open_scene=open_scene,
        on_error=lambda path, error: named.append((path, error.problem)),
    )
    assert named == [(bad, "is truncated")]
    rest = {path: scene for path, scene in series.items() if path != bad}
    assert built.attrs["sha256"] == build(rest, recipe).attrs["sha256"]


def test_a_scene_on_another_grid_is_named(series, recipe):
    bad = list(series)[-1]
    series[bad] = make_scene(np.ones((3, ROWS, COLS + 4)))
    with pytest.raises(InputError, match="another grid"):
        build(series, recipe)


def test_too_few_scenes_are_refused(series, recipe):
    few = dict(list(series.items())[:2])
    with pytest.raises(UsageError, match="needs 3 readable scenes, there are 2"):
        build(few, recipe)


def test_a_long_series_is_thinned_evenly():
    files = [Path(str(index)) for index in range(1000)]
    thinned = bg.thin(files, 64)
    assert len(thinned) == len(set(thinned)) == 64
    assert (thinned[0], thinned[-1]) == (files[0], files[-1])
    assert set(np.diff([int(str(path)) for path in thinned])) <= {15, 16}
