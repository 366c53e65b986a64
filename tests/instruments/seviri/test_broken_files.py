"""Broken files, missing parts and wrong requests: errors that name file and field."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments import find_scenes
from nephoscope.instruments.seviri import read as read_slot

spec = importlib.util.spec_from_file_location(
    "seviri_factory", Path(__file__).parents[2] / "seviri_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)
write_hrit, changed = factory.write_hrit, factory.changed


def test_missing_segments_and_channels_are_named(hrit):
    with pytest.raises(InputError, match=r"WV_062.*segment 5 is missing"):
        read_slot(hrit, ["WV_062"], window=(1840, 7, 40, 9))
    with pytest.raises(InputError, match=r"IR_108.*segments 1, 2, 3, 6, 7, 8 missing"):
        read_slot(hrit, ["IR_108"])
    with pytest.raises(InputError, match=r"VIS008.*no segment"):
        read_slot(hrit, ["VIS008"], window=(1900, 7, 4, 4))
    scene = read_slot(hrit, ["WV_062", "VIS008"], window=(1840, 7, 40, 9), partial=True)
    image = scene.image.sel(channel="WV_062").values
    assert np.isnan(image[:16]).all()
    assert np.isfinite(image[16:]).all()
    assert np.isnan(scene.image.sel(channel="VIS008")).all()


@pytest.mark.parametrize("part", ["PRO", "EPI", "IR_108"])
def test_files_of_hrit_that_are_cut_or_gone(hrit, tmp_path, part):
    folder = shutil.copytree(hrit, tmp_path / "copy")
    file = next(path for path in sorted(folder.iterdir()) if part in path.name)
    content = file.read_bytes()
    for size, words in ((0, "empty"), (10, "header"), (len(content) - 1, "shorter")):
        file.write_bytes(content[:size])
        with pytest.raises(InputError, match=words) as caught:
            read_slot(folder, ["IR_108"], partial=True)
        assert caught.value.path == str(file)
    file.unlink()
    if part == "PRO":
        with pytest.raises(InputError, match="prologue"):
            read_slot(folder, ["IR_108"], partial=True)
    elif part == "EPI":  # the prologue says when the cycle began
        scene = read_slot(folder, ["IR_108"], window=(1900, 1000, 4, 4))
        assert np.isfinite(scene.image).all()


def test_segments_of_another_satellite_or_place(hrit, native, tmp_path):
    folder = write_hrit(tmp_path / "other", native, [("IR_108", 4)], satellite=321)
    with pytest.raises(InputError, match="GP_SC_ID"):
        read_slot(folder, ["IR_108"], window=(1900, 7, 4, 4))
    folder = shutil.copytree(hrit, tmp_path / "swapped")
    four, five = (next(folder.glob(f"*IR_108*{number}*")) for number in ("000004", "000005"))
    four.write_bytes(five.read_bytes())
    with pytest.raises(InputError, match="segment_sequence_number"):
        read_slot(folder, ["IR_108"], window=(1900, 7, 4, 4))


def test_two_pictures_in_a_folder_need_a_name(hrit, tmp_path):
    folder = shutil.copytree(hrit, tmp_path / "two")
    for file in list(folder.iterdir()):
        shutil.copy(file, folder / file.name.replace("201006111200", "201006111215"))
    with pytest.raises(InputError, match="2 pictures"):
        read_slot(folder, ["IR_108"])
    slots = find_scenes(folder, "seviri")
    assert [slot.id for slot in slots] == ["MSG2-201006111200", "MSG2-201006111215"]
    scene = read_slot(slots[0].path, ["IR_108"], window=(1900, 7, 4, 4))
    assert all("1200-" in file for file in scene.attrs["source_files"])


@pytest.mark.parametrize(
    ("cut", "words"),
    [(0, "empty"), (1000, "header"), (450_399, "header"), (460_000, "shorter"), (-1, "shorter")],
)
def test_a_native_file_cut_short(native, tmp_path, cut, words):
    path = tmp_path / native.name
    path.write_bytes(native.read_bytes()[:cut])
    with pytest.raises(InputError, match=words) as caught:
        read_slot(path)
    assert caught.value.path == str(path)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("SatelliteStatus__SatelliteDefinition__SatelliteId", 0, "satellite 0"),
        ("ImageDescription__ProjectionDescription__LongitudeOfSSP", np.nan, "LongitudeOfSSP"),
        ("ImageDescription__ReferenceGridVIS_IR__GridOrigin", 0, "GridOrigin"),
        ("ImageDescription__ReferenceGridVIS_IR__NumberOfLines", 11136, "NumberOfLines"),
        ("GeometricProcessing__EarthModel__EquatorialRadius", np.inf, "EquatorialRadius"),
        ("GeometricProcessing__EarthModel__TypeOfEarthModel", 7, "TypeOfEarthModel"),
        ("RadiometricProcessing__Level15ImageCalibration__CalSlope", 0.0, "CalSlope"),
        ("ImageDescription__Level15ImageProduction__PlannedChanProcessing", 0, "PlannedChan"),
        (
            "ImageAcquisition__PlannedAcquisitionTime__TrueRepeatCycleStart__Days",
            0,
            "TrueRepeatCycleStart",
        ),
    ],
)
def test_headers_that_cannot_be_right(native, tmp_path, field, value, words):
    with pytest.raises(InputError, match=words):
        read_slot(changed(native, tmp_path, **{field: value}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": ["HRV"]}, {"channels": []}, {"channels": ["IR_108", "IR_108"]},
        {"window": (0, 0, 3713, 1)}, {"window": (-1, 0, 5, 5)}, {"window": (1, 2, 3)},
        {"window": (1800, 1500, 4, 4), "bounds": (0, 0, 1, 1)}, {"bounds": (10, 0, 5, 3)},
    ],
)  # fmt: skip
def test_requests_that_make_no_sense(native, wrong):
    with pytest.raises(UsageError):
        read_slot(native, **wrong)


def test_regions_that_a_file_does_not_hold(native):
    with pytest.raises(InputError, match="covers"):
        read_slot(native, window=(0, 0, 5, 5))
    with pytest.raises(InputError, match="does not see"):
        read_slot(native, bounds=(-5, 170, 5, -170))
    with pytest.raises(InputError, match="does not exist"):
        read_slot(native.parent / "no.nat")


def test_no_file_of_seviri(tmp_path):
    path = tmp_path / "MSG2-SEVI-MSG15-0100-NA-20100611121230.000000000Z-NA.nat"
    path.write_bytes(b"CDF\x01" + bytes(2_000_000))
    with pytest.raises(InputError):
        read_slot(path)


def test_a_thermal_channel_of_dark_space_alone_is_an_error(native, tmp_path):
    """Counts of zero lie below dark space: a zeroed file is no cold scene."""
    copy = tmp_path / native.name
    content = bytearray(native.read_bytes())
    begins = len(content) // 4
    content[begins : len(content) - len(content) // 10] = bytes(
        len(content) - len(content) // 10 - begins
    )
    copy.write_bytes(content)
    with pytest.raises(InputError):
        read_slot(copy)
