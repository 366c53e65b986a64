"""Native files written: sizes by the format's documents, values back within quantisation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("satpy")

from nephoscope.errors import OutputError, UsageError
from nephoscope.instruments.seviri import CHANNELS, SOLAR
from nephoscope.instruments.seviri import read as read_slot
from nephoscope.instruments.seviri.calibration import calibration_table
from nephoscope.simulate.earth.seviri import native_name, quantised, write_native
from nephoscope.simulate.earth.seviri.native import SLOPE, SPACE_COUNT

START = np.datetime64("2010-06-11T12:00")


def table_of(channel):
    slope = SLOPE[CHANNELS.index(channel)]
    time = START.astype("datetime64[us]").item()
    return calibration_table(channel, 322, slope, -SPACE_COUNT * slope, time)


def test_the_size_is_that_of_headers_lines_and_trailer(tmp_path):
    image = np.full((2, 12, 20), 250, np.float32)
    path = write_native(tmp_path, image, ("IR_108", "IR_120"), START, 1800, 1800)
    # 450,400 bytes of headers, 65 + 25 a line of 20 columns, 380,363 of trailer (EUM/MSG/ICD/105).
    assert path.stat().st_size == 450_400 + 12 * 2 * (65 + 25) + 380_363
    assert path.name == "MSG2-SEVI-MSG15-0100-NA-20100611121230.000000000Z-NA.nat"
    assert path.read_bytes().startswith(b"FormatName                  : NATIVE")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("channel", CHANNELS)
def test_values_come_back_within_half_a_count(tmp_path, channel):
    rng = np.random.default_rng(5)
    low, high = (0.5, 70) if channel in SOLAR else (225, 255)
    low, high = (270, 320) if channel == "IR_039" else (low, high)
    image = rng.uniform(low, high, (1, 24, 32)).astype(np.float32)
    image[0, 0, :3] = np.nan
    path = write_native(tmp_path, image, (channel,), START, 1800, 1800)
    back = read_slot(path, (channel,)).image.values
    np.testing.assert_array_equal(np.isnan(back), np.isnan(image))
    steps = np.diff(table_of(channel))
    place = np.clip(np.searchsorted(table_of(channel)[60:], image) + 60, 61, 1022)
    allowed = np.maximum(steps[place - 1], steps[place]) / 2 + 1e-3
    assert (np.abs(back - image)[~np.isnan(image)] <= allowed[~np.isnan(image)]).all()


def test_ir_108_is_quantised_to_a_few_hundredths_of_a_kelvin(tmp_path):
    image = np.random.default_rng(1).uniform(270, 310, (1, 40, 40)).astype(np.float32)
    path = write_native(tmp_path, image, ("IR_108",), START, 1800, 1800)
    difference = read_slot(path, ("IR_108",)).image.values - image
    assert 0.02 < np.sqrt((difference**2).mean()) < 0.06
    assert abs(difference.mean()) < 0.01


@given(st.sampled_from(CHANNELS), st.floats(-50, 500))
def test_the_nearest_count_is_chosen(channel, value):
    table = table_of(channel)
    count = int(quantised(np.array([value], np.float32), table)[0])
    distance = np.abs(table - np.float32(value))
    assert distance[count] <= np.nanmin(distance) * (1 + 1e-4) + 1e-4
    assert quantised(np.array([np.nan], np.float32), table)[0] == 0


def test_lines_are_scanned_through_twelve_and_a_half_minutes(tmp_path):
    image = np.full((1, 3712, 4), 250, np.float32)
    path = write_native(tmp_path, image, ("IR_108",), START, 0, 1856)
    times = read_slot(path, ("IR_108",)).time.values
    assert times[-1] == START
    assert times[0] == START + np.timedelta64(750, "s")
    assert (np.diff(times) < np.timedelta64(0)).all()


@pytest.mark.parametrize("satellite", ["Meteosat-8", "Meteosat-11"])
def test_satellites_and_services(tmp_path, satellite):
    image = np.full((1, 8, 8), 280, np.float32)
    path = write_native(
        tmp_path / "a.nat", image, ("IR_108",), START, 1852, 1852, satellite, longitude=41.5
    )
    scene = read_slot(path, ("IR_108",))
    assert scene.attrs["satellite"] == satellite
    assert scene.attrs["sub_satellite_longitude"] == 41.5
    assert float(scene.longitude[4, 4]) == pytest.approx(41.5, abs=1e-4)
    assert float(scene.satellite_zenith[4, 4]) == pytest.approx(0, abs=0.01)
    assert native_name(START, satellite).startswith(f"MSG{int(satellite[9:]) - 7}-")


@pytest.mark.parametrize(
    ("shape", "channels", "row"),
    [((1, 4, 6), ("IR_108",), 0), ((2, 4, 4), ("IR_108",), 0), ((1, 4, 4), ("HRV",), 0),
     ((2, 4, 4), ("IR_108", "VIS006"), 0), ((1, 4, 4), ("IR_108",), 3709)],
)  # fmt: skip
def test_images_that_do_not_fit(tmp_path, shape, channels, row):
    with pytest.raises(UsageError):
        write_native(tmp_path, np.zeros(shape, np.float32), channels, START, row)


def test_unknown_satellites_and_places_that_cannot_be_written(tmp_path):
    image = np.zeros((1, 4, 4), np.float32)
    with pytest.raises(UsageError, match="Meteosat-7"):
        write_native(tmp_path, image, ("IR_108",), START, satellite="Meteosat-7")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write_native(tmp_path / "file" / "a.nat", image, ("IR_108",), START)
