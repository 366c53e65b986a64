"""Reading SEVIRI: what satpy itself reads, regions, day and night."""

import importlib.util
from pathlib import Path

import numpy as np
import pyproj
import pytest

from nephoscope.apply.cube_sink import slot_of
from nephoscope.errors import InputError, UsageError
from nephoscope.grids.geostationary import SEVIRI_0
from nephoscope.instruments import find_scenes, open_scene, recognise
from nephoscope.instruments.seviri import CHANNELS, SOLAR, grid_of
from nephoscope.instruments.seviri import read as read_slot
from nephoscope.simulate.earth.seviri import write_native

spec = importlib.util.spec_from_file_location(
    "seviri_factory", Path(__file__).parents[2] / "seviri_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)
MIDNIGHT, WINDOW = factory.MIDNIGHT, factory.WINDOW
draw_image, write_hrit, changed = factory.draw_image, factory.write_hrit, factory.changed


def by_satpy(files, reader, channels):
    import warnings

    import satpy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scene = satpy.Scene([str(file) for file in files], reader=reader)
        scene.load(list(channels), upper_right_corner="NE")
        return {name: scene[name].compute() for name in channels}


def test_a_native_file_reads_as_by_satpy(native):
    scene = read_slot(native)
    theirs = by_satpy([native], "seviri_l1b_native", CHANNELS)
    for name in CHANNELS:
        ours = scene.image.sel(channel=name).values
        np.testing.assert_array_equal(ours, theirs[name].values)
    area = theirs["IR_108"].attrs["area"]
    longitude, latitude = area.get_lonlats()
    np.testing.assert_allclose(scene.latitude, latitude, atol=1e-5)
    np.testing.assert_allclose(scene.longitude, longitude, atol=1e-5)
    np.testing.assert_array_equal(scene.time, theirs["IR_108"].acq_time)


def test_a_scene_says_what_it_is(native):
    scene = open_scene(native)
    assert recognise(native) == recognise(native.parent) == scene.attrs["instrument"] == "seviri"
    assert list(scene.channel.values) == list(CHANNELS)
    assert list(scene.channel_units.values) == ["%"] * 3 + ["K"] * 8
    assert scene.attrs["id"] == "MSG2-201006111200"
    assert scene.attrs["satellite"] == "Meteosat-9"
    assert scene.attrs["nominal_time"] == "2010-06-11T12:00:00"
    assert slot_of(scene) == (np.datetime64("2010-06-11T12:00:00"), 900)
    assert scene.attrs["missing_share"] == pytest.approx(6 / (40 * 48))
    assert (scene.daylight == 2).all()
    assert [file.id for file in find_scenes(native.parent, "seviri")] == ["MSG2-201006111200"]


def test_x_y_and_crs_of_a_scene_lead_to_its_places(native):
    scene = read_slot(native, ["IR_108"])
    assert scene["image"].attrs["grid_mapping"] == "crs"
    crs = pyproj.CRS.from_cf(scene["crs"].attrs)
    to_globe = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    longitude, latitude = to_globe.transform(*np.meshgrid(scene["x"], scene["y"]))
    np.testing.assert_allclose(latitude, scene["latitude"], atol=1e-4)
    np.testing.assert_allclose(longitude, scene["longitude"], atol=1e-4)


def test_angles_and_grid_belong_to_the_region(native):
    scene = read_slot(native, ["IR_108"])
    row, col = np.meshgrid(np.arange(40), np.arange(48), indexing="ij")
    back = grid_of(scene).to_pixel(scene.latitude, scene.longitude)
    # Latitude and longitude are float32: 1e-6 degree is a thirty-thousandth of a pixel.
    np.testing.assert_allclose(back, (row, col), atol=1e-3)
    zenith = SEVIRI_0.view_angles(scene.latitude, scene.longitude)[0]
    np.testing.assert_allclose(scene.satellite_zenith, zenith, atol=1e-3)
    assert (scene.solar_zenith.values > 0).all()
    # On 11 June the Sun is at 23 N; the region lies at 0.5 S to 1.5 N, 4 to 10 W.
    assert 20 < float(scene.solar_zenith.mean()) < 26


@pytest.mark.parametrize(
    "window", [(1800, 1500, 40, 48), (1807, 1509, 11, 13), (1839, 1547, 1, 1), (1801, 1501, 3, 2)]
)
def test_a_region_is_a_part_of_the_whole(native, window):
    whole = read_slot(native)
    row, col = window[0] - WINDOW[0], window[1] - WINDOW[1]
    part = read_slot(native, ["WV_062", "IR_108", "VIS006"], window=window)
    expected = whole.sel(channel=["WV_062", "IR_108", "VIS006"]).isel(
        y=slice(row, row + window[2]), x=slice(col, col + window[3])
    )
    for name in ("image", "latitude", "longitude", "satellite_zenith", "solar_azimuth", "time"):
        np.testing.assert_array_equal(part[name], expected[name])


def test_what_the_archive_cut_off_is_missing(native):
    scene = read_slot(native, ["IR_108"], window=(1790, 1490, 60, 70))
    whole = read_slot(native, ["IR_108"]).image.values[0]
    image = scene.image.values[0]
    np.testing.assert_array_equal(image[10:50, 10:58], whole)
    image[10:50, 10:58] = np.nan
    assert np.isnan(image).all()
    assert not np.isnat(scene.time.values).any()


def test_a_box_without_width_is_refused(native):
    with pytest.raises(UsageError, match="same meridian"):
        read_slot(native, ["IR_108"], bounds=(-5, 10, 5, 10))


def test_bounds_in_degrees_are_covered(native):
    whole = read_slot(native, ["IR_108"])
    south, north = float(whole.latitude[30, 20]), float(whole.latitude[10, 20])
    west, east = float(whole.longitude[20, 10]), float(whole.longitude[20, 30])
    scene = read_slot(native, ["IR_108"], bounds=(south, west, north, east))
    assert 20 <= scene.sizes["y"] <= 24
    assert 20 <= scene.sizes["x"] <= 24
    assert float(scene.latitude.min()) <= south + 1e-4
    assert float(scene.longitude.max()) >= east - 1e-4


def test_at_night_solar_channels_are_missing_and_the_flag_says_so(tmp_path):
    path = write_native(tmp_path, draw_image(), CHANNELS, MIDNIGHT, *WINDOW[:2])
    scene = read_slot(path)
    assert (scene.daylight == 0).all()
    assert np.isnan(scene.image.sel(channel=list(SOLAR))).all()
    assert np.isfinite(scene.image.sel(channel="IR_108")).mean() > 0.99
    assert scene.attrs["missing_share"] < 0.01


def test_twilight_and_night_lie_where_the_sun_does(tmp_path):
    image = np.full((1, 4, 3712), 270.0, np.float32)
    start = np.datetime64("2010-03-20T18:00")
    path = write_native(tmp_path, image, ["IR_108"], start, first_row=1854)
    scene = read_slot(path, ["IR_108"])
    zenith, flag = scene.solar_zenith.values, scene.daylight.values
    assert set(np.unique(flag)) == {-1, 0, 1, 2}
    for value, seen in ((2, zenith < 80), (1, (zenith >= 80) & (zenith < 95)), (0, zenith >= 95)):
        np.testing.assert_array_equal(flag == value, seen)
    np.testing.assert_array_equal(flag == -1, np.isnan(scene.latitude))
    # At the equinox at 18:06 UTC the terminator crosses the equator a little west of Greenwich.
    dusk = scene.longitude.values[2][np.nanargmin(np.abs(zenith[2] - 90))]
    assert -3 < dusk < 3


def test_the_hrv_channel_beside_the_others_is_left_out(native, tmp_path):
    from nephoscope.instruments.seviri.native import lines_record

    content = native.read_bytes()
    record, both = lines_record(48, 11, 0), lines_record(48, 11, 144)
    start = 450_400
    lines = np.frombuffer(content, record, 40, start)
    wide = np.zeros(40, both)
    wide["visir"] = lines["visir"]
    wide["hrv"]["counts"] = 77
    head = bytearray(content[:start])
    at = head.index(b"XXXXXXXXXXX-") + 11
    head[at : at + 1] = b"X"
    path = tmp_path / native.name
    path.write_bytes(bytes(head) + wide.tobytes() + content[start + lines.nbytes :])
    scene = read_slot(path)
    np.testing.assert_array_equal(scene.image, read_slot(native).image)
    theirs = by_satpy([path], "seviri_l1b_native", ["IR_120"])["IR_120"]
    np.testing.assert_array_equal(scene.image.sel(channel="IR_120"), theirs)


def test_hrit_reads_as_by_satpy(hrit):
    north, south = 3712 - 5 * 464 - 3, 3712 - 3 * 464 + 3
    scene = read_slot(hrit, ["IR_108"], window=(north, 0, south - north, 3712), partial=True)
    theirs = by_satpy(sorted(hrit.iterdir()), "seviri_l1b_hrit", ["IR_108"])["IR_108"]
    np.testing.assert_array_equal(scene.image.values[0], theirs.values[north:south])
    seen = np.isfinite(scene.image.values).any(axis=(0, 2))
    assert seen[3:-3].all()
    assert not seen[:3].any()
    assert not seen[-3:].any()
    # Counts grow by one every sixteen pixels, from the east.
    line = scene.image.values[0, 3 + 464]
    assert line[0] > line[-1]
    assert scene.attrs["flavour"] == "hrit"
    # Line 1393, the first of segment 4, is scanned 200 ms after each of the 1392 before it.
    expected = np.datetime64("2010-06-11T12:00", "ms") + np.timedelta64(200 * 1392, "ms")
    assert scene.time.values[3712 - 1393 - north] == expected


def test_a_region_of_hrit_needs_only_its_segments(hrit):
    strip = (1392, 0, 928, 1200)
    whole = read_slot(hrit, ["IR_108", "WV_062"], window=strip, partial=True)
    region = (1900, 1001, 70, 33)
    part = read_slot(hrit, ["IR_108", "WV_062"], window=region)
    expected = whole.image.values[:, 508:578, 1001:1034]
    np.testing.assert_array_equal(part.image, expected)
    across = read_slot(hrit, ["IR_108"], window=(1840, 7, 40, 9))
    np.testing.assert_array_equal(across.image[0], whole.image.values[0, 448:488, 7:16])


def test_rapid_scanning_plans_the_north_only(native, tmp_path):
    folder = write_hrit(
        tmp_path / "rapid", native, [("IR_108", n) for n in (6, 7, 8)], planned=(6, 8)
    )
    scene = read_slot(folder, ["IR_108"])
    assert scene.sizes["y"] == 3 * 464
    assert scene.attrs["first_row"] == 0
    further = read_slot(folder, ["IR_108"], window=(1380, 1800, 40, 8))
    assert np.isfinite(further.image.values[0, :12]).all()
    assert np.isnan(further.image.values[0, 12:]).all()


def test_before_2017_pixels_lie_half_a_pixel_off(native, tmp_path):
    path = changed(native, tmp_path, GeometricProcessing__EarthModel__TypeOfEarthModel=1)
    scene = read_slot(path, ["IR_108"])
    theirs = by_satpy([path], "seviri_l1b_native", ["IR_108"])["IR_108"]
    longitude, latitude = theirs.attrs["area"].get_lonlats()
    np.testing.assert_allclose(scene.latitude, latitude, atol=1e-5)
    np.testing.assert_allclose(scene.longitude, longitude, atol=1e-5)


def test_spectral_radiance_of_the_first_years_is_told(native, tmp_path):
    field = "ImageDescription__Level15ImageProduction__PlannedChanProcessing"
    path = changed(native, tmp_path, **{field: 1})
    theirs = by_satpy([path], "seviri_l1b_native", ["IR_108"])["IR_108"]
    np.testing.assert_array_equal(read_slot(path, ["IR_108"]).image[0], theirs)


def test_channels_that_were_not_ordered(tmp_path):
    channels = ("IR_108", "IR_120")
    path = write_native(tmp_path, draw_image(channels=channels), channels, MIDNIGHT, *WINDOW[:2])
    with pytest.raises(InputError, match=r"VIS006.*not in the file"):
        read_slot(path)
    assert np.isfinite(read_slot(path, channels).image.values).mean() > 0.99
    scene = read_slot(path, partial=True)
    assert np.isnan(scene.image.sel(channel="WV_062")).all()
    with pytest.raises(InputError, match="none of WV_062"):
        read_slot(path, ["WV_062"], partial=True)


@pytest.mark.parametrize("part", ["whole", "crop"])
def test_the_real_picture(real_data, part):
    folder = real_data / "seviri" / "hrit"
    if not folder.is_dir():
        pytest.skip(f"{folder} is no folder")
    options = {"partial": True} if part == "whole" else {"window": (1392, 0, 928, 3712)}
    scene = read_slot(folder, ["IR_108"], **options)
    image = scene.image.values
    assert np.nanmin(image) == pytest.approx(182.6954, abs=1e-3)
    assert np.nanmax(image) == pytest.approx(313.80786, abs=1e-3)
    assert scene.attrs["nominal_time"] == "2010-10-11T14:00:00"
    assert scene.attrs["satellite"] == "Meteosat-9"
    # Lines are scanned from the south, three at a time, a hundred times a minute.
    first = 1392 - scene.attrs["first_row"]
    steps = np.diff(scene.time.values[first : first + 928]).astype("timedelta64[ms]").astype(int)
    assert (steps <= 0).all()
    assert steps.mean() == pytest.approx(-200, abs=2)


def test_files_without_the_archive_s_header_hold_the_whole_disk(native, tmp_path):
    from nephoscope.instruments.seviri.native import lines_record

    content = native.read_bytes()
    record = lines_record(3712, 11, 5568)
    # 5,114 bytes of archive header come first in the ordered file; 380,363 are the trailer.
    line = np.zeros(1, record)
    line["visir"]["counts"] = 0b01010101
    path = tmp_path / native.name
    with path.open("wb") as file:
        file.write(content[5114:450_400])
        file.seek(record.itemsize * 1900, 1)  # a hole in the file: zeros that take no room
        file.write(line.tobytes())
        file.seek(record.itemsize * 1811, 1)
        file.write(content[-380_363:])
    scene = read_slot(path, ["IR_108"], window=(3712 - 1902, 1900, 3, 5))
    image = scene.image.values[0]
    assert np.isnan(image[[0, 2]]).all()
    # 01010101 over and over is 341 in every ten bits.
    reference = read_slot(native, ["IR_108"]).image.values
    assert np.isfinite(image[1]).all()
    assert len(np.unique(image[1])) == 1
    assert np.nanmin(reference) < image[1, 0] < np.nanmax(reference)
