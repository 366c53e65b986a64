"""Features of an imager that looks by day and by night: fading, filling, flags, parallax."""

import numpy as np
import pytest

from nephoscope.grids.geostationary import EQUATORIAL_RADIUS, HEIGHT, SEVIRI_0
from nephoscope.inputs import View, assemble, channels_read, reads_place
from nephoscope.inputs.geostationary import TYPICAL
from nephoscope.instruments import seviri
from nephoscope.recipe import load_recipe
from nephoscope.samples.augment import flip, turn
from slots_factory import write_slot

CHANNELS = (
    "VIS006", "IR_039", "IR_108", "IR_120", "satellite_azimuth", "solar_zenith", "solar_azimuth",
    "parallax", "parallax_azimuth",
)  # fmt: skip
ANGLES = {"satellite_azimuth", "solar_azimuth", "parallax_azimuth"}


def view_of(shape=(1, 1), **values):
    """A window of given values (each a number, or of the shape) and of usual ones."""
    usual = {
        "VIS006": 40.0, "IR_039": 281.0, "IR_108": 280.0, "IR_120": 278.5, "solar_zenith": 30.0,
        "satellite_azimuth": 200.0, "solar_azimuth": 140.0, "parallax": 0.2, "parallax_azimuth": 0,
    }  # fmt: skip
    given = usual | values
    image = np.stack([np.broadcast_to(np.float32(given[name]), shape) for name in CHANNELS])
    return View(
        image.astype(np.float32), np.ones(shape, bool), np.zeros(shape), np.zeros(shape),
        channels=CHANNELS, turns=tuple("azimuth" if n in ANGLES else "" for n in CHANNELS),
    )  # fmt: skip


def one(name, **values):
    return float(assemble(view_of(**values), [name])[0, 0, 0])


@pytest.mark.parametrize(
    ("zenith", "lit", "dark"),
    [(0, 1, 0), (75, 1, 0), (80, 0.5, 0), (85, 0, 0), (90, 0, 0.5), (95, 0, 1), (170, 0, 1)],
)
def test_sunlight_fades_before_darkness_begins(zenith, lit, dark):
    assert one("sunlit", solar_zenith=zenith) == pytest.approx(lit, abs=1e-6)
    assert one("dark", solar_zenith=zenith) == pytest.approx(dark, abs=1e-6)
    assert one("sunlit_measured_VIS006", solar_zenith=zenith) == pytest.approx(lit, abs=1e-6)
    found = one("dark_IR_039-IR_108", solar_zenith=zenith)
    assert found == pytest.approx(dark * 1.0, abs=1e-4)


def test_reflectance_is_that_of_a_sun_overhead_while_it_counts():
    for zenith in (0.0, 40.0, 70.0):
        found = one("sunlit_VIS006", VIS006=30.0, solar_zenith=zenith)
        assert found == pytest.approx(0.3 / np.cos(np.deg2rad(zenith)), rel=1e-5)
    low = one("sunlit_VIS006", VIS006=10.0, solar_zenith=84.0)
    assert low == pytest.approx(0.1 * 0.1 / np.cos(np.deg2rad(80)), rel=1e-3)
    assert one("sunlit_VIS006", VIS006=90.0, solar_zenith=79.0) <= 1.5


def test_no_hour_of_the_day_makes_a_step():
    """What a network sees changes by little from one angle of the Sun to the next."""
    zenith = np.linspace(0, 180, 7201)[None]  # a fortieth of a degree
    # As a reader has it: what the Sun lights goes with its height, and is missing at night.
    lit = np.where(zenith < 95, 50 * np.cos(np.deg2rad(zenith)).clip(0), np.nan)
    view = view_of(zenith.shape, solar_zenith=zenith, VIS006=lit, IR_039=300.0)
    names = ["sunlit", "dark", "sunlit_VIS006", "sunlit_measured_VIS006", "dark_IR_039-IR_108",
             "sunlit_relative_azimuth"]  # fmt: skip
    steps = np.abs(np.diff(assemble(view, names)[:, 0])).max(axis=1)
    assert np.all(steps[[0, 1, 2, 3, 5]] < 0.006)
    assert steps[4] < 0.06  # K


def test_what_is_missing_is_usual_and_flagged():
    view = view_of(IR_108=np.nan, VIS006=np.nan)
    names = ["temperature_IR_108", "IR_108-IR_120", "measured_IR_108", "measured_IR_120",
             "sunlit_VIS006", "sunlit_measured_VIS006", "dark_IR_039-IR_108"]  # fmt: skip
    found = assemble(view, names)[:, 0, 0]
    usual = TYPICAL["IR_108"] - TYPICAL["IR_120"]
    np.testing.assert_allclose(found, [TYPICAL["IR_108"], usual, 0, 1, 0, 0, 0])
    lost = assemble(view_of(**dict.fromkeys(CHANNELS, np.nan)), load_names(view.channels))
    assert np.isfinite(lost).all()


def load_names(channels):
    """Features of the shipped recipe that the few channels here can make."""
    names = [name for name in load_recipe("seviri").inputs.names if not name.startswith("cos_")]
    return [name for name in names if {*channels_read([name], ())} <= {*channels}]


def test_relative_azimuth_is_that_between_sun_and_satellite():
    found = one("sunlit_relative_azimuth", satellite_azimuth=350.0, solar_azimuth=20.0)
    assert found == pytest.approx(np.cos(np.deg2rad(30)), rel=1e-5)


@pytest.mark.parametrize("place", [(40.0, 20.0), (-52.0, -30.0), (5.0, 55.0), (61.0, 0.0)])
@pytest.mark.parametrize("height", [2.0, 12.0])
def test_parallax_is_that_of_a_line_of_sight(place, height):
    """By the angles at which a satellite sees two points of space, from pyproj's coordinates."""
    pyproj = pytest.importorskip("pyproj")
    to_space = pyproj.Transformer.from_crs(
        {"proj": "latlong", "a": EQUATORIAL_RADIUS, "b": 6356583.8},
        {"proj": "geocent", "a": EQUATORIAL_RADIUS, "b": 6356583.8}, always_xy=True,
    )  # fmt: skip

    def seen(metres):
        x, y, z = to_space.transform(place[1], place[0], metres)
        away = EQUATORIAL_RADIUS + HEIGHT - x
        angles = np.arctan(y / away), np.arctan(z / np.hypot(away, y))
        return np.array([angles[0], -angles[1]]) * HEIGHT / SEVIRI_0.step  # column, row

    small = seen(1000.0) - seen(0.0)
    azimuth = np.rad2deg(np.arctan2(small[0], -small[1])) % 360
    names = ["parallax_x", "parallax_y"]
    view = view_of(parallax=np.hypot(*small), parallax_azimuth=azimuth)
    found = assemble(view, names)[:, 0, 0] * height
    # Over 12 km the way to the satellite hardly changes.
    np.testing.assert_allclose(found, seen(height * 1000) - seen(0.0), atol=0.02)
    assert found[0] * place[1] >= 0
    assert found[1] * place[0] <= 0


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("axis", [None, -1, -2])
def test_parallax_goes_along_when_a_picture_is_mirrored_and_turned(quarters, axis):
    """A mark 1 km up stands as many pixels from its foot, on the side that turned with it."""
    view = view_of((9, 9), parallax=3.0, parallax_azimuth=90.0)  # three columns to the right
    foot, mark = np.zeros((9, 9), np.float32), np.zeros((9, 9), np.float32)
    foot[4, 2], mark[4, 5] = 1, 1
    image = view.image.copy()
    image[:2] = foot, mark
    moved = View(image, view.known, view.latitude, view.longitude,
                 channels=CHANNELS, turns=view.turns)  # fmt: skip
    nothing = np.zeros((9, 9), np.int8)
    if axis is not None:
        moved, _ = flip(moved, nothing, axis)
    moved, _ = turn(moved, nothing, quarters)
    row, col = np.argwhere(moved.image[0])[0]
    x, y = assemble(moved, ["parallax_x", "parallax_y"])[:, row, col]
    assert moved.image[1, round(row + float(y)), round(col + float(x))] == 1


def test_parallax_of_a_grid_needs_no_places():
    assert not reads_place(["parallax_x", "parallax_y", "temperature_IR_108"])
    assert reads_place(["parallax_x_03"])
    assert reads_place(["latitude"])


def test_channels_are_found_by_name():
    read = channels_read(["sunlit_VIS006", "dark_IR_039-IR_108", "parallax_x"], ())
    assert read == ("VIS006", "solar_zenith", "IR_039", "IR_108", "parallax", "parallax_azimuth")


def test_parallax_of_a_picture_leads_where_the_satellite_sees_what_is_high(tmp_path):
    """From the file to the features, against points 10 km over the pixels' own places."""
    pyproj = pytest.importorskip("pyproj")
    pytest.importorskip("satpy")
    path = write_slot(tmp_path / "slot")
    scene = seviri.read(path, channels=["IR_108", "parallax", "parallax_azimuth"])
    names = tuple(scene.channel.values.tolist())
    view = View(
        scene.image.values, scene.known.values, scene.latitude.values, scene.longitude.values,
        channels=names,
    )  # fmt: skip
    found = 10 * assemble(view, ["parallax_x", "parallax_y"])[:, 5::20, 3::20]
    places = [scene[name].values[5::20, 3::20].astype(float) for name in ("longitude", "latitude")]
    flat, space = (
        {"proj": kind, "a": EQUATORIAL_RADIUS, "b": 6356583.8} for kind in ("latlong", "geocent")
    )
    to_space = pyproj.Transformer.from_crs(flat, space, always_xy=True)
    seen = []
    for height in (0.0, 10_000.0):
        x, y, z = to_space.transform(*places, np.full(places[0].shape, height))
        away = EQUATORIAL_RADIUS + HEIGHT - x
        across, up = np.arctan(y / away), np.arctan(z / np.hypot(away, y))
        seen.append(np.array([across, -up]) * HEIGHT / SEVIRI_0.step)
    np.testing.assert_allclose(found, seen[1] - seen[0], atol=0.02)
    assert np.abs(found).max() > 0.4
