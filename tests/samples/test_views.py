"""Samples of many views: counts, corners and levels as they are read, and all turns of them."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from nephoscope.errors import InputError, UsageError
from nephoscope.grids.corners import corners_between
from nephoscope.inputs import assemble
from nephoscope.recipe import Augmentation
from nephoscope.samples.augment import augment, flip, turn
from nephoscope.samples.crops import CropLoader
from nephoscope.samples.pairing import check_pairing
from nephoscope.samples.part import load_part
from nephoscope.samples.store import open_samples, points_of
from nephoscope.samples.truth import Points
from nephoscope.samples.whole import WholeFrames, validation_batches

spec = importlib.util.spec_from_file_location(
    "views_factory", Path(__file__).parent / "views_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)
SIDE, VIEWS = factory.SIDE, factory.VIEWS


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return factory.write(tmp_path_factory.mktemp("views") / "s.zarr")


@pytest.fixture(scope="module")
def part(store):
    return load_part(store, "train", factory.recipe())


@pytest.mark.parametrize("budget", [10**9, 0], ids=["memory", "disk"])
def test_counts_are_values_with_scale_and_offset_of_their_channel(store, budget):
    part = load_part(store, "train", factory.recipe(), budget)
    held = open_samples(store)
    view = part.view(1, 2, 3, (5, 6))
    assert view.image.dtype == np.float32
    for name, found in zip(view.channels, view.image, strict=True):
        channel = held["channel"].values.tolist().index(name)
        counts = held["image"].values[1, channel, 2:7, 3:9].astype(float)
        scale, offset = (float(held[n].values[channel]) for n in ("scale_factor", "add_offset"))
        expected = np.where(counts == -32768, np.nan, counts * scale + offset)
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-6)
    assert view.turns == tuple(factory.channels()[name][2] for name in view.channels)


def test_only_channels_that_are_read_are_held(store):
    recipe = factory.recipe({"views": ["r443_*"], "picture": ["surface_altitude"]})
    part = load_part(store, "train", recipe)
    names = [f"{field}_{view:02d}" for field in ("I443NP", "thetas") for view in range(VIEWS)]
    assert part.channels == (*names, "surface_altitude")
    assert part.image.dtype == np.int16
    assert part.image.shape[1] == len(part.channels)
    assert part.latitude.ndim == 1  # nothing asks where the pixels are
    few = load_part(store, "train", recipe, budget=part.image.nbytes + part.image[:, 0].size)
    assert isinstance(few.image, np.ndarray)
    assert not isinstance(
        load_part(store, "train", recipe, part.image.nbytes - 1).image, np.ndarray
    )


def test_a_store_without_what_features_read_is_refused_and_both_are_listed(tmp_path):
    path = factory.write(tmp_path / "s.zarr", without=("Q490P", "thetas"))
    with pytest.raises(InputError) as told:
        check_pairing(open_samples(path), factory.recipe())
    said = str(told.value)
    assert "holds I443NP_00..03, I490P_00..03, U490P_00..03, phi_00..03, thetav_00..03" in said
    assert "wants I443NP_00..03, thetas_00..03" in said
    assert "no thetas_00..03, Q490_00..03" in said
    check_pairing(open_samples(path), factory.recipe({"views": ["sin_phi_*", "valid_*"]}))


def test_a_store_of_other_views_is_refused(store):
    recipe = factory.recipe().inputs.model_copy(update={"views": (0, 5)})
    with pytest.raises(InputError, match=r"no I443NP_05"):
        check_pairing(open_samples(store), factory.recipe().model_copy(update={"inputs": recipe}))


@pytest.mark.parametrize("weights", ["bilinear", "inverse_distance"])
def test_points_lie_among_four_pixels_with_the_weights_asked_for(store, weights):
    part = load_part(store, "train", factory.recipe(truth={"interpolation": weights}))
    held = open_samples(store)
    for number in (0, 1):
        mine = slice(number * factory.POINTS, (number + 1) * factory.POINTS)
        corners = part.points[number].corners
        np.testing.assert_array_equal(corners.row, held["corner_row"].values[mine])
        np.testing.assert_array_equal(corners.col, held["corner_col"].values[mine])
        np.testing.assert_array_equal(corners.weight, held[f"weight_{weights}"].values[mine])
        assert set(part.points[number].values) == {"cloud_type"}


def test_the_nearest_pixel_alone_counts_if_asked_for(store):
    part = load_part(store, "train", factory.recipe(truth={"interpolation": "nearest"}))
    points = part.points[0]
    np.testing.assert_array_equal(
        np.sort(points.corners.weight, axis=1), [[0, 0, 0, 1]] * factory.POINTS
    )
    which = np.arange(factory.POINTS), points.corners.weight.argmax(axis=1)
    held = open_samples(store)["weight_bilinear"].values[: factory.POINTS]
    np.testing.assert_array_equal(held[which], held.max(axis=1))


def test_weights_that_are_not_stored_are_named(store):
    held = open_samples(store).drop_vars("weight_inverse_distance")
    wanted = factory.recipe(truth={"interpolation": "inverse_distance"}).truth
    with pytest.raises(InputError, match="weight_inverse_distance"):
        points_of(held, [0], wanted)


def _turned(view, truth, mirror, over, quarters):
    if mirror:
        view, truth = flip(view, truth, -1)
    if over:
        view, truth = flip(view, truth, -2)
    return turn(view, truth, quarters)


def _moved(planes, mirror, over, quarters):
    planes = planes[..., ::-1] if mirror else planes
    planes = planes[..., ::-1, :] if over else planes
    return np.rot90(planes, quarters, (-2, -1))


def _place(row, col, mirror, over, quarters):
    """Where a place of the picture goes."""
    last = SIDE - 1
    col = last - col if mirror else col
    row = last - row if over else row
    for _ in range(quarters):
        row, col = last - col, row
    return row, col


turns = st.booleans(), st.booleans(), st.integers(0, 3)


@settings(max_examples=16)
@given(*turns)
def test_features_of_a_turned_picture_are_the_turned_features(part, mirror, over, quarters):
    """Of a mirrored world: U and the sine of the relative azimuth change sign, Q does not."""
    recipe = factory.recipe()
    names, whole = recipe.inputs.names, (0, 0, 0, part.shape)
    view, truth = part.view(*whole), part.truth_in(*whole)
    turned, _ = _turned(view, truth, mirror, over, quarters)
    before = dict(zip(names, assemble(view, names), strict=True))
    after = dict(zip(names, assemble(turned, names), strict=True))
    sign = -1 if mirror != over else 1
    for name in names:
        expected = _moved(before[name], mirror, over, quarters)
        if name.startswith("parallax"):
            continue
        if name.startswith(("u490", "sin_phi")):
            expected = expected * sign
        np.testing.assert_allclose(after[name], expected, atol=2e-5, err_msg=name)
    row, col = np.mgrid[:SIDE, :SIDE]
    origin = _place(row, col, mirror, over, quarters)
    for number in range(VIEWS):
        x, y = (f"parallax_{axis}_{number:02d}" for axis in "xy")
        seen = _place(row + before[y], col + before[x], mirror, over, quarters)
        found = (after[y][origin], after[x][origin])
        for new, old, middle in zip(found, seen, origin, strict=True):
            np.testing.assert_allclose(new, np.where(before[x] == 0, 0, old - middle), atol=2e-5)


@settings(max_examples=16)
@given(*turns)
def test_points_keep_the_pixels_around_them_in_all_turns(part, mirror, over, quarters):
    whole = (1, 0, 0, part.shape)
    view, truth = part.view(*whole), part.truth_in(*whole)
    turned, moved = _turned(view, truth, mirror, over, quarters)
    altitude = view.channels.index("surface_altitude")

    def at_corners(view, points):
        corners = points.corners
        return (view.image[altitude][corners.row, corners.col] * corners.weight).sum(axis=1)

    np.testing.assert_array_equal(at_corners(turned, moved), at_corners(view, truth))
    row, col = _place(truth.row, truth.col, mirror, over, quarters)
    np.testing.assert_array_equal(moved.row, row)
    np.testing.assert_array_equal(moved.col, col)
    np.testing.assert_array_equal(moved.values["cloud_type"], truth.values["cloud_type"])
    np.testing.assert_array_equal(turned.latitude, _moved(view.latitude, mirror, over, quarters))


def test_the_suns_azimuth_goes_with_the_picture(store):
    """What stood in the north-east stands in the north-west of a mirrored world."""
    recipe = factory.recipe({"picture": ["sin_phis", "cos_phis"]})
    part = load_part(store, "train", recipe)
    view, truth = part.view(0, 0, 0, part.shape), part.truth_in(0, 0, 0, part.shape)
    east, north = assemble(view, recipe.inputs.names)
    for axis, signs in ((-1, (-1, 1)), (-2, (1, -1))):
        found = assemble(flip(view, truth, axis)[0], recipe.inputs.names)
        expected = np.stack([np.flip(east, axis) * signs[0], np.flip(north, axis) * signs[1]])
        np.testing.assert_allclose(found, expected, atol=1e-5)
    found = assemble(turn(view, truth, 1)[0], recipe.inputs.names)
    # Anticlockwise: what was in the east is at the top.
    np.testing.assert_allclose(found, np.stack([-np.rot90(north), np.rot90(east)]), atol=1e-5)


def test_turning_leaves_the_samples_as_they_are(part):
    before = part.image.copy()
    settings = {"flip_x": True, "flip_y": True, "quarter_turns": True, "drop_views": 0.3}
    loader = CropLoader(part, factory.recipe(augmentation=settings))
    for number in range(8):
        loader.crop(number)
    np.testing.assert_array_equal(part.image, before)


def _missing(view):
    """Numbers of the views of which nothing is there."""
    lost = {name for name in view.channels if np.isnan(view.channel(name)).all()}
    of_views = [{n for n in view.channels if n.endswith(f"_{v:02d}")} for v in range(VIEWS)]
    return {number for number, names in enumerate(of_views) if names <= lost}


def test_views_are_dropped_as_often_as_asked(part):
    view, truth = part.view(0, 0, 0, part.shape), part.truth_in(0, 0, 0, part.shape)
    settings, rng = Augmentation(flip_x=False, drop_views=0.25), np.random.default_rng(1)
    dropped = [_missing(augment(view, truth, settings, rng)[0]) for _ in range(400)]
    share = sum(map(len, dropped)) / 400 / VIEWS
    assert share == pytest.approx(0.25, abs=0.04)
    assert max(map(len, dropped)) < VIEWS
    found = augment(view, truth, Augmentation(flip_x=False, drop_views=0.9), rng)[0]
    names = [f"valid_{n:02d}" for n in range(VIEWS)]
    valid = assemble(found, [*names, "r443_00", "cos_thetav_00"])[:VIEWS]
    assert {n for n in range(VIEWS) if not valid[n].any()} == _missing(found)


def test_the_views_that_look_most_steeply_down_are_dropped_together(part):
    view, truth = part.view(0, 0, 0, part.shape), part.truth_in(0, 0, 0, part.shape)
    image = view.image.copy()
    for number, zenith in enumerate((50, 20, 5, 40)):
        image[view.channels.index(f"thetav_{number:02d}")] = zenith
    view = replace(view, image=image)
    settings, rng = (
        Augmentation(flip_x=False, drop_nadir=0.5, nadir_views=2),
        np.random.default_rng(2),
    )
    dropped = [frozenset(_missing(augment(view, truth, settings, rng)[0])) for _ in range(300)]
    assert set(dropped) == {frozenset(), frozenset({2}), frozenset({1, 2})}
    assert sum(not each for each in dropped) == pytest.approx(150, abs=30)


def test_changes_that_mean_nothing_for_views_are_refused(store, part):
    for name in ("colour_jitter", "noise"):
        with pytest.raises(UsageError, match=name):
            CropLoader(part, factory.recipe(augmentation={name: 0.1}))
    reading = factory.recipe({"views": ["r443_*"]}, augmentation={"drop_nadir": 0.5})
    with pytest.raises(UsageError, match="drop_nadir"):
        CropLoader(load_part(store, "train", reading), reading)


def test_a_strip_holds_most_of_a_track(part):
    """Points along a line: a window as high as the picture and a third as wide holds nearly all."""
    row = np.linspace(0.5, SIDE - 1.5, 30)
    col = 5 + row / 6
    line = Points(row, col, {}, corners_between(row, col, part.shape))
    track = replace(part, points=(line, line))
    loader = CropLoader(track, factory.recipe(crop=[SIDE, 4]))
    held = [len(loader.crop(number)[1]) for number in range(60)]
    assert min(held) >= 15
    assert np.mean(held) > 24
    starts = {float(loader.crop(number)[1].col.min().round(3)) for number in range(60)}
    assert len(starts) > 1


def test_patches_validate_one_by_one_whole(part):
    recipe = factory.recipe()
    batches = validation_batches(part, recipe, 8)
    assert isinstance(batches, WholeFrames)
    found = list(batches)
    assert len(found) == len(part.indices)
    for number, batch in enumerate(found):
        assert batch["inputs"].shape == (1, len(recipe.inputs.names), 16, 16)
        assert len(batch["corner"]) == len(part.points[number])
        assert not batch["known"][0, SIDE:].any()


def test_a_batch_tells_of_each_corner_which_window_it_is_in(part):
    loader = CropLoader(part, factory.recipe(crop=[8, 8], batch=3))
    batch = loader.batch(range(3))
    corner, weight = batch["corner"].numpy(), batch["weight"].numpy()
    assert corner.shape == (len(batch["point"]), 4, 3)
    assert (corner[..., 1:] >= 0).all()
    assert (corner[..., 1:] < 8).all()
    np.testing.assert_array_equal(corner[:, 0, 0], batch["point"].numpy()[:, 0])
    np.testing.assert_allclose(weight.sum(axis=1), 1, atol=1e-6)
    places = (corner[..., 1:] * weight[..., None]).sum(axis=1)
    np.testing.assert_allclose(places, batch["point"].numpy()[:, 1:], atol=1e-5)
    assert batch["cloud_type"].shape == (len(weight), factory.BINS)


def _without_scale(store):
    store["scale_factor"].values[3] = np.nan


def _turning_oddly(store):
    store["turns"].values[0] = "sideways"


def _of_more_points(store):
    store["row_size"].values[1] += 4


@pytest.mark.parametrize(
    ("damage", "field"),
    [
        (_without_scale, "scale_factor"),
        (_turning_oddly, "turns"),
        (_of_more_points, "row_size"),
        (lambda store: None, "add_offset"),
    ],
)
def test_a_damaged_store_is_named_with_the_variable_at_fault(store, tmp_path, damage, field):
    held = xr.open_zarr(store, consolidated=False, mask_and_scale=False).load()
    damage(held)
    if field == "add_offset":
        held = held.drop_vars("add_offset")
    held.to_zarr(tmp_path / "d.zarr", consolidated=False)
    with pytest.raises(InputError, match=rf"\[{field}\]"):
        load_part(tmp_path / "d.zarr", "train", factory.recipe())


def test_points_without_weights_of_all_corners_are_left_out(part):
    points = part.points[0]
    weight = points.corners.weight.copy()
    weight[2, 1] = np.nan
    lacking = replace(points, corners=points.corners._replace(weight=weight))
    assert len(lacking.inside(0, 0, part.shape, None)) == len(points) - 1
