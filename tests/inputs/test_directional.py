"""Features of many views against the formulas, pixel by pixel; where north is in a picture."""

import numpy as np
import pytest

from nephoscope.errors import UsageError
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.inputs import View, assemble, channels_read, feature_named, reads_place
from nephoscope.inputs.directional import EARTH, PIXEL, pixels_per_km
from nephoscope.instruments.polder import along, swath

VIEWS, SIDE = 3, 5
FIELDS = ("I443NP", "I490P", "Q490P", "U490P", "phi", "thetas", "thetav")
RANGES = {"phi": (0, 360), "thetas": (0, 85), "thetav": (0, 70), "Q": (-0.3, 0.3), "U": (-0.3, 0.3)}
STEMS = (
    "r443", "r490", "q490", "u490", "dolp490", "cos_thetav", "cos_thetas", "sin_phi", "cos_phi",
    "cos_scattering", "parallax_x", "parallax_y", "valid",
)  # fmt: skip


def names(stems=STEMS, views=range(VIEWS)):
    return [f"{stem}_{view:02d}" for stem in stems for view in views]


def window(rng, missing=0.2):
    planes, channels = [], []
    for field in FIELDS:
        for view in range(VIEWS):
            low, high = RANGES.get(field, RANGES.get(field[0], (0.01, 1.3)))
            plane = rng.uniform(low, high, (SIDE, SIDE))
            plane[rng.random(plane.shape) < missing] = np.nan
            planes.append(plane)
            channels.append(f"{field}_{view:02d}")
    planes.append(rng.uniform(0, 360, (SIDE, SIDE)))
    image = np.stack(planes).astype(np.float32)
    places = np.zeros(SIDE), np.zeros(SIDE)
    return View(image, np.ones((SIDE, SIDE), bool), *places, channels=(*channels, "phis"))


def by_hand(at, stem):
    """Feature of one pixel and view; `at` tells a channel by its field."""
    sun, view, phi = (np.deg2rad(at(name)) for name in ("thetas", "thetav", "phi"))
    azimuth = np.deg2rad(at("phis") - at("phi"))  # of the satellite, clockwise from north
    value = {
        "r443": lambda: at("I443NP") / np.cos(sun),
        "r490": lambda: at("I490P") / np.cos(sun),
        "q490": lambda: at("Q490P") / np.cos(sun),
        "u490": lambda: at("U490P") / np.cos(sun),
        "dolp490": lambda: np.sqrt(at("Q490P") ** 2 + at("U490P") ** 2) / at("I490P"),
        "cos_thetav": lambda: np.cos(view),
        "cos_thetas": lambda: np.cos(sun),
        "sin_phi": lambda: np.sin(phi),
        "cos_phi": lambda: np.cos(phi),
        "cos_scattering": lambda: (
            -np.cos(sun) * np.cos(view) - np.sin(sun) * np.sin(view) * np.cos(phi)
        ),
        "parallax_x": lambda: -np.tan(view) * np.sin(azimuth) / 6.178,
        "parallax_y": lambda: np.tan(view) * np.cos(azimuth) / 6.178,
        "valid": lambda: float(all(np.isfinite(at(field)) for field in FIELDS)),
    }[stem]()
    return value if np.isfinite(value) else 0.0


def test_every_feature_is_its_formula():
    seen = window(np.random.default_rng(0))
    found = assemble(seen, names())
    assert found.dtype == np.float32
    for number, name in enumerate(names()):
        stem, view = name[:-3], int(name[-2:])
        for row in range(SIDE):
            for col in range(SIDE):

                def at(field, view=view, row=row, col=col):
                    channel = field if field == "phis" else f"{field}_{view:02d}"
                    return float(seen.channel(channel)[row, col])

                expected = by_hand(at, stem)
                assert found[number, row, col] == pytest.approx(expected, rel=1e-4, abs=3e-6), name


def test_any_order_and_any_choice_of_views_gives_the_same_planes():
    seen, rng = window(np.random.default_rng(1)), np.random.default_rng(2)
    whole = dict(zip(names(), assemble(seen, names()), strict=True))
    for _ in range(5):
        chosen = rng.permutation(names()).tolist()
        for name, plane in zip(chosen, assemble(seen, chosen), strict=True):
            np.testing.assert_array_equal(plane, whole[name])


def test_a_channel_of_a_view_is_a_feature_too():
    seen = window(np.random.default_rng(3))
    found = assemble(seen, ["Q490P_01", "phis", "cos_phis", "sin_thetas_02"])
    np.testing.assert_array_equal(found[0], np.nan_to_num(seen.channel("Q490P_01")))
    np.testing.assert_allclose(found[2], np.cos(np.deg2rad(seen.channel("phis"))), atol=1e-6)
    sine = np.sin(np.deg2rad(seen.channel("thetas_02")))
    np.testing.assert_allclose(found[3], np.nan_to_num(sine), atol=1e-6)


def test_a_sun_below_the_horizon_lights_nothing():
    seen = window(np.random.default_rng(4), missing=0)
    seen.image[seen.channels.index("thetas_00")] = 95
    seen.image[seen.channels.index("I490P_01")] = 0
    found = assemble(seen, ["r443_00", "q490_00", "dolp490_01", "r443_01"])
    assert not found[:3].any()
    assert found[3].all()


def test_validity_is_of_the_channels_that_the_other_features_read():
    seen = window(np.random.default_rng(5), missing=0)
    seen.image[seen.channels.index("U490P_01"), 2] = np.nan
    without = assemble(seen, ["r443_01", "valid_01"])[1]
    assert without.all()
    assert assemble(seen, ["r443_01", "valid_01", "u490_00"])[1].all()
    read = assemble(seen, ["r443_01", "valid_01", "u490_01"])[1]
    assert not read[2].any()
    assert read[[0, 1, 3, 4]].all()


def test_features_say_which_channels_they_read():
    channels = window(np.random.default_rng(6)).channels
    assert channels_read(["r443_01", "dolp490_02", "valid_00", "parallax_x_02"], channels) == (
        "I443NP_01", "thetas_01", "I490P_02", "Q490P_02", "U490P_02", "thetav_02", "phi_02", "phis",
    )  # fmt: skip
    assert channels_read(["r1020_00"], channels) == ("I1020_00", "thetas_00")
    assert reads_place(["r443_00", "parallax_y_03"])
    assert not reads_place(["r443_00", "cos_thetav_03"])


def test_radiances_alone_are_scaled_by_what_is_measured():
    channels = window(np.random.default_rng(7)).channels
    fixed = {stem for stem in STEMS if feature_named(f"{stem}_00", channels).fixed}
    assert fixed == set(STEMS) - {"r443", "r490", "q490", "u490", "dolp490"}


@pytest.mark.parametrize("name", ["r443_07", "cos_thetav_09", "parallax_x_04"])
def test_a_view_that_is_not_there_is_named(name):
    with pytest.raises(UsageError, match=name[-3:]):
        assemble(window(np.random.default_rng(8)), [name])


def test_what_is_no_feature_is_answered_with_what_there_is():
    with pytest.raises(UsageError, match=r"r<band>_<view>"):
        feature_named("z443_00", window(np.random.default_rng(9)).channels)


def test_a_view_may_be_read_at_some_pixels_only():
    seen = window(np.random.default_rng(10))
    found = assemble(seen, ["r443_00", "r443_01"], sparse={"r443_01"})
    whole = assemble(seen, ["r443_00", "r443_01"])
    np.testing.assert_array_equal(found[0], whole[0])
    np.testing.assert_array_equal(found[1, 1::4, 1::4], whole[1, 1::4, 1::4])
    assert np.count_nonzero(found[1]) <= 1


def _seen_at(window, middle, lat, lon):
    """Fractional row and column of a place in a window: the column as its row has it."""
    row = POLDER.to_row(lat) - window.first_row
    nearest = np.clip(np.rint(row).astype(int), 0, len(window.origin) - 1)
    half = POLDER.half_length(window.rows[nearest])
    start = POLDER.to_col(window.rows[nearest], middle) - window.origin[nearest]
    start = np.mod(start + half, 2 * half) - half  # a row may begin across the date line
    offset = np.mod(lon - middle + 180, 360) - 180
    return row, start + 3240 * np.cos(np.deg2rad(lat)) * offset / 180


@pytest.mark.parametrize(("latitude", "longitude"), [(5, 20), (-55, -140), (68, 179.5)])
@pytest.mark.parametrize("kind", ["upright", "along the track"])
def test_north_and_east_lead_where_the_grid_says(latitude, longitude, kind):
    """A place some kilometres away lies so many rows and columns on."""
    first = int(POLDER.to_row(latitude)) - 50
    if kind == "upright":
        pixels = along((first, first + 100), longitude, 90)
    else:
        row = np.arange(first, first + 100)
        seen = np.zeros((100, 6480), bool)
        middle = np.rint(POLDER.to_col(row, longitude)).astype(int) + (row - first) // 4
        for number, col in enumerate(middle):
            inside = POLDER.wrap_col(row[number], np.arange(col - 45, col + 45))
            seen[number, inside] = True
        pixels = swath(seen, first)
    cols, _ = pixels.columns()
    lat = np.repeat(POLDER.to_latitude(pixels.rows)[:, None], pixels.width, 1)
    lon = POLDER.to_longitude(pixels.rows[:, None], cols)
    per_km = pixels_per_km(lat, lon)
    assert per_km.shape == (2, 2, *lat.shape)
    rng = np.random.default_rng(0)
    at = rng.integers(30, 70, 200), rng.integers(5, 80, 200)
    degree = np.deg2rad(1) * EARTH
    for axis, (east, north) in enumerate(((120.0, 0.0), (0.0, 120.0))):
        there = lat[at] + north / degree
        beside = lon[at] + east / (degree * np.cos(np.deg2rad(lat[at])))
        row, col = _seen_at(pixels, longitude, there, beside)
        start_row, start_col = _seen_at(pixels, longitude, lat[at], lon[at])
        np.testing.assert_allclose((row - start_row) / 120, per_km[1, axis][at], atol=3e-3)
        off = (col - start_col) / 120 - per_km[0, axis][at]
        np.testing.assert_allclose(off, 0, atol=0.02)
        # Rows begin at whole pixels, which is nothing on average, east and west alike.
        for side in (at[1] < 30, at[1] > 60):
            assert abs(off[side].mean()) < 0.004


def test_pixels_of_equal_degrees_are_narrower_eastwards_and_longitudes_may_wrap():
    latitude = np.repeat(np.linspace(61, 59, 21)[:, None], 31, 1)
    longitude = np.mod(np.repeat(np.linspace(178, 182, 31)[None], 21, 0) + 180, 360) - 180
    found = pixels_per_km(latitude, longitude)
    degree = np.deg2rad(1) * EARTH
    east = 7.5 / degree / np.cos(np.deg2rad(latitude))
    np.testing.assert_allclose(found[0, 0], east, rtol=1e-4)
    np.testing.assert_allclose(found[1, 1], -10 / degree, rtol=1e-4)
    assert np.abs(found[0, 1]).max() < 1e-9
    assert np.abs(found[1, 0]).max() < 1e-9


def test_where_places_are_not_known_pixels_are_square_and_north_is_up():
    nowhere = np.full((6, 7), np.nan)
    found = pixels_per_km(nowhere, nowhere)
    np.testing.assert_allclose(found[0, 0], 1 / PIXEL)
    np.testing.assert_allclose(found[1, 1], -1 / PIXEL)
    assert not found[0, 1].any()
    assert not found[1, 0].any()


def test_parallax_follows_a_leaning_picture():
    """North leads half a column aside for each row: what lies north lies aside as well."""
    seen = window(np.random.default_rng(11), missing=0)
    per_km = np.zeros((2, 2, SIDE, SIDE), np.float32)
    per_km[0, 0], per_km[0, 1], per_km[1, 1] = 1 / PIXEL, 0.5 / PIXEL, -1 / PIXEL
    upright = assemble(seen, ["parallax_x_00", "parallax_y_00"])
    leaning = View(**{**seen.__dict__, "per_km": per_km})
    found = assemble(leaning, ["parallax_x_00", "parallax_y_00"])
    np.testing.assert_allclose(found[1], upright[1], rtol=1e-5)
    np.testing.assert_allclose(found[0], upright[0] - 0.5 * upright[1], rtol=1e-4, atol=1e-6)
