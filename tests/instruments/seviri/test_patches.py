"""Windows of whole numbers: nothing of the counts is lost, and what is computed is right."""

from datetime import datetime

import numpy as np
import pytest

pytest.importorskip("satpy")

import slots_factory as factory
from nephoscope.errors import UsageError
from nephoscope.instruments.seviri import CHANNELS, GEOMETRY, SOLAR, patches
from nephoscope.instruments.seviri import read as read_slot
from nephoscope.instruments.seviri.calibration import calibration_table
from nephoscope.instruments.seviri.channels import SATELLITES
from nephoscope.simulate.earth.seviri.native import SLOPE, SPACE_COUNT


@pytest.mark.parametrize("satellite", SATELLITES)
@pytest.mark.parametrize("channel", CHANNELS)
def test_two_counts_of_a_file_never_become_one(channel, satellite):
    slope, when = SLOPE[CHANNELS.index(channel)], datetime(2010, 7, 4)
    table = calibration_table(channel, satellite, slope, -SPACE_COUNT * slope, when)
    values = table[SPACE_COUNT + 1 :].astype(np.float64)
    step, offset = 0.01, 0.0 if channel in SOLAR else 200.0
    packed = np.rint((values - offset) / step)
    assert np.abs(packed).max() < 32767
    assert (np.diff(packed) >= 1).all()
    # The count of the file is told by what is packed: the nearest value of its table.
    nearest = np.abs(values[:, None] - (packed * step + offset)).argmin(axis=0)
    np.testing.assert_array_equal(nearest, np.arange(len(values)))


@pytest.fixture(scope="module")
def slot(tmp_path_factory):
    return factory.write_slot(tmp_path_factory.mktemp("slot"))


def test_what_is_computed_stands_beside_the_channels(slot):
    scene = read_slot(slot, channels=["season", "IR_108", *GEOMETRY[:-1]])
    assert scene["channel"].values.tolist() == ["season", "IR_108", *GEOMETRY[:-1]]
    for name in GEOMETRY[:4]:
        np.testing.assert_array_equal(scene["image"].sel(channel=name), scene[name])
    # 11 June 2010 begins when 161 of 365 days have passed.
    np.testing.assert_allclose(scene["image"].sel(channel="season"), 360 * 161.5 / 365, atol=0.01)
    bare = read_slot(slot, channels=["IR_108"])
    np.testing.assert_array_equal(bare["image"][0], scene["image"].sel(channel="IR_108"))
    np.testing.assert_array_equal(bare["known"], scene["known"])
    with pytest.raises(UsageError, match="name some of VIS006"):
        read_slot(slot, channels=["parallax"])


def test_a_window_is_counted_from_what_the_file_covers(slot):
    scene = read_slot(slot)
    part = patches.read_window(slot, CHANNELS, (10, 20, 40, 50))
    values = part["image"].values * part["scale_factor"].values[:, None, None]
    values += part["add_offset"].values[:, None, None]
    np.testing.assert_allclose(values, scene["image"].values[:, 10:50, 20:70], atol=0.0051)
    cut = patches.patch(part, 5, 6, 16)
    assert cut.attrs["first_row"] == factory.FIRST_ROW + 15
    row, col = patches.covered(slot).to_pixel(cut["latitude"].values, cut["longitude"].values)
    np.testing.assert_allclose(row, np.arange(15, 31)[:, None] + np.zeros(16), atol=1e-3)
    np.testing.assert_allclose(col, np.arange(26, 42) + np.zeros((16, 1)), atol=1e-3)


def test_solar_channels_are_not_lost_at_night_but_others_are(tmp_path):
    image = factory.draw_image()
    image[8, 3:5, 7] = np.nan
    day = factory.write_slot(tmp_path / "day", image=image)
    night = factory.write_slot(tmp_path / "night", np.datetime64("2010-06-11T00:00"), image)
    for path in (day, night):
        scene = patches.read_window(path, CHANNELS, (0, 0, 96, 96))
        assert np.argwhere(patches.lost(scene)).tolist() == [[3, 7], [4, 7]]
    image[0, 50, 60] = np.nan
    scene = patches.read_window(
        factory.write_slot(tmp_path / "blind", image=image), CHANNELS, (0, 0, 96, 96)
    )
    assert patches.lost(scene)[50, 60]
