"""Guard of half orbits: a swath like those that were learned from is not flagged, others are."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from nephoscope.instruments import instrument_named
from nephoscope.models.guard import Span
from nephoscope.models.pixel_guard import PixelGuard, learn_pixel_guard
from nephoscope.simulate.earth.polder.geometry import HALF_WIDTH, swath_window, views_of
from nephoscope.simulate.earth.polder.stretch import choose_stretches

POLDER = instrument_named("polder")
FLAG = "geometry_outside_training"
ROWS = 12


def angles_of(seed, count):
    """Angles of the swaths of some stretches, each: name → (view, y, x) degrees."""
    for stretch in choose_stretches(seed, count, ROWS):
        views = views_of(stretch.revolution, swath_window(stretch.revolution, stretch.rows))
        yield {"thetas": views.thetas, "thetav": views.thetav, "phi": views.phi}


def numbers_of(angles):
    names = [f"{name}_{view:02d}" for name, cube in angles.items() for view in range(len(cube))]
    image = xr.DataArray(np.concatenate([*angles.values()]), dims=("channel", "y", "x"))
    return POLDER.conditions(xr.Dataset({"image": image}, {"channel": names}))


def flagged(guard, swaths):
    """Share of the pixels of swaths with the flag, of those that were seen."""
    numbers = [numbers_of(each) for each in swaths]
    where = [guard.judge(each).flags[FLAG][each["views"] > 0] for each in numbers]
    return float(np.concatenate(where).mean())


@pytest.fixture(scope="module")
def learned():
    return [numbers_of(each) for each in angles_of(1, 60)]


@pytest.fixture(scope="module")
def of_swaths(learned):
    return learn_pixel_guard(learned, POLDER.CONDITIONS)


@pytest.fixture(scope="module")
def of_tracks(learned):
    middle = np.s_[:, HALF_WIDTH - 3 : HALF_WIDTH + 4]
    below = ({name: each[middle] for name, each in numbers.items()} for numbers in learned)
    return learn_pixel_guard(below, POLDER.CONDITIONS)


@pytest.fixture(scope="module")
def others():
    return [*angles_of(2, 30)]


def test_a_model_of_tracks_flags_the_swath_and_one_that_began_from_swaths_does_not(
    of_tracks, of_swaths, others
):
    assert flagged(of_tracks, others) > 0.8
    assert flagged(of_tracks.after(of_swaths), others) < 0.05


def test_scattering_is_the_angle_between_sunlight_and_view(others):
    found = numbers_of(others[0])
    sun, view, phi = (np.radians(cube.astype(float)) for cube in others[0].values())
    light = np.stack([np.sin(sun), np.zeros_like(sun), -np.cos(sun)])  # comes from azimuth 180
    # With phi 0 the sun is behind the satellite: both stand on the same side.
    up = np.stack([-np.sin(view) * np.cos(phi), np.sin(view) * np.sin(phi), np.cos(view)])
    angle = np.degrees(np.arccos(np.clip((light * up).sum(axis=0), -1, 1)))
    seen = found["views"] >= 8
    assert np.isnan(found["least_scattering"][~seen]).all()
    for name, ends in (("least", np.nanmin), ("greatest", np.nanmax)):
        wanted = ends(angle[:, seen], axis=0)
        np.testing.assert_allclose(found[f"{name}_scattering"][seen], wanted, atol=0.05)


@pytest.mark.parametrize(
    "unlike",
    [
        lambda swath: swath | {"phi": np.zeros_like(swath["phi"])},
        lambda swath: swath | {"thetav": swath["thetav"] * 0 + 72},
        lambda swath: swath | {"thetas": swath["thetas"] * 0 + 85},
    ],
    ids=["sun behind every view", "aslant from every side", "sun at the horizon"],
)
def test_a_geometry_that_no_training_had_is_flagged(of_tracks, of_swaths, others, unlike):
    assert flagged(of_tracks.after(of_swaths), [unlike(each) for each in others]) > 0.9


def test_few_views_are_fewer_than_hardly_any_pixel_of_the_training_had():
    views = np.full(2000, 14.0)
    views[:3] = 1
    guard = learn_pixel_guard([{"views": views}], POLDER.CONDITIONS)
    assert guard.spans["views"].seen == (14.0, 16.0)
    views[:5] = 1
    guard = learn_pixel_guard([{"views": views}], POLDER.CONDITIONS)
    assert guard.spans["views"].seen == (1.0, 16.0)


def test_what_an_earlier_model_did_not_keep_is_not_judged(of_tracks, of_swaths):
    spans = {name: span for name, span in of_swaths.spans.items() if name != "view_zenith"}
    both = of_tracks.after(replace(of_swaths, spans=spans))
    assert both.spans.keys() == spans.keys()
    assert of_tracks.after(None) is None


def test_spans_of_both_trainings_are_joined_end_by_end():
    def guard(seen, accepted):
        return PixelGuard({"solar_zenith": Span(seen, accepted)}, POLDER.CONDITIONS)

    both = guard((20, 50), (0, 53)).after(guard((30, 70), (0, 73)))
    assert both.spans == {"solar_zenith": Span((20, 70), (0, 73))}
