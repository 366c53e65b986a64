"""Names and packings in which pictures of SEVIRI come: from the archive, Data Tailor, EUMETCast."""

import bz2
import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

import nephoscope
from nephoscope.errors import InputError
from nephoscope.folders import LeftOut
from nephoscope.instruments import find_scenes, recognise
from nephoscope.instruments.seviri import read as read_slot
from nephoscope.instruments.seviri.names import hrit_files, identity_of

spec = importlib.util.spec_from_file_location(
    "seviri_factory", Path(__file__).parents[2] / "seviri_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)

REGION = {"channels": ["IR_108"], "window": (1840, 7, 40, 9)}
NATIVE_NAMES = {
    "MSG2-SEVI-MSG15-0100-NA-20100611121230.000000000Z-NA.nat": "MSG2-201006111200",
    "MSG2-SEVI-MSG15-0201-NA-20100611121230.240000000Z-NA.nat": "MSG2-201006111200",
    "MSG2-SEVI-MSG15-0100-NA-20100611121230.185000000Z-20210302124300-4774254.nat":
        "MSG2-201006111200",
    "MSG2-SEVI-MSG15-0100-NA-20100611121230.185000000Z-1051616.nat": "MSG2-201006111200",
    "MSG2-SEVI-MSG15-0100-NA-20100611121230.185000000Z": "MSG2-201006111200",
    "MSG2-SEVI-MSG15-0100-NA-20100611121230.185000000Z-NA": "MSG2-201006111200",
    "HRSEVIRI_20100611T120009Z_20100611T121230Z_epct_fa1b1a94_F.nat": "HRSEVIRI-201006111200",
    "HRSEVIRI_20100611T120009Z_20100611T121230Z_epct_fa1b1a94_FC.nat": "HRSEVIRI-201006111200",
    "HRSEVIRI_HRV_20100611T120009Z_20100611T121230Z_epct_7dbd8ef9_C.nat": "HRSEVIRI-201006111200",
    "renamed.nat": "renamed",
}  # fmt: skip


@pytest.mark.parametrize("name", NATIVE_NAMES)
def test_native_files_by_every_name(native, tmp_path, name):
    path = shutil.copy(native, tmp_path / name)
    assert recognise(path) == recognise(tmp_path) == "seviri"
    scene = nephoscope.open_scene(path, channels=["IR_108"])
    assert scene.attrs["id"] == identity_of(path) == NATIVE_NAMES[name]
    np.testing.assert_array_equal(scene["image"], read_slot(native, ["IR_108"])["image"])
    assert [slot.path for slot in find_scenes(tmp_path, "seviri")] == [path]


def test_the_folder_that_a_zip_of_the_data_store_unpacks_to(native, tmp_path):
    folder = tmp_path / native.stem
    folder.mkdir()
    with pytest.raises(InputError, match="holds no picture of SEVIRI"):
        read_slot(folder)
    shutil.copy(native, folder)
    (folder / "EOPMetadata.xml").touch()
    scene = nephoscope.open_scene(folder, channels=["IR_108"])
    np.testing.assert_array_equal(scene["image"], read_slot(native, ["IR_108"])["image"])
    shutil.copy(native, folder / native.name.replace("2010", "2011"))
    with pytest.raises(InputError, match=r"holds 2 pictures \(name one, as MSG2-SEVI"):
        nephoscope.open_scene(folder)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("MSG2-SEVI-MSG15-0100-NA-20100611121230.000000000Z-NA.zip", "unpack"),
        ("MSG2-SEVI-MSG15-0100-NA-20100611121230.000000000Z-NA.nat.bz2", "unpack"),
        ("MSG2-SEVI-MSG15-0100-NA-20100611121230.000000000Z-NA.nat.gz", "unpack"),
        ("renamed.nat.bz2", "unpack"),
        ("HRSEVIRI_20100611T120009Z_20100611T121230Z_epct_fa1b1a94_F.zip", "unpack"),
        ("HRSEVIRI_20100611T120009Z_20100611T121230Z_epct_fa1b1a94_C.nc", "native"),
        ("HRSEVIRI_20100611T120009Z_20100611T121230Z_epct_fa1b1a94_C.tif", "native"),
        ("W_XX-EUMETSAT-Darmstadt,VIS+IR+HRV+IMAGERY,MSG2+SEVIRI_C_EUMG_20100611120010.nc",
         "native"),
    ],
)  # fmt: skip
def test_forms_that_are_not_read_say_what_to_do(tmp_path, name, remedy):
    path = tmp_path / name
    path.write_bytes(b"whatever is in it")
    for place in (path, tmp_path):
        assert recognise(place) == "seviri"
        with pytest.raises(InputError, match=remedy) as caught:
            find_scenes(place, "seviri")
        assert caught.value.path == str(path)
    with pytest.raises(InputError, match=remedy) as caught:
        nephoscope.open_scene(path)
    assert caught.value.path == str(path)


def test_a_form_that_is_not_read_is_said_beside_those_that_are(native, tmp_path):
    shutil.copy(native, tmp_path / native.name)
    (tmp_path / f"{native.stem}.zip").touch()  # the archive's own packing of the file beside it
    other = tmp_path / "MSG2-SEVI-MSG15-0100-NA-20100611122730.000000000Z-NA.zip"
    other.touch()
    left_out = LeftOut()
    assert len(find_scenes(tmp_path, "seviri", left_out)) == 1
    assert list(left_out.kinds.values()) == [[other]]


def packed(hrit, tmp_path, parts=("IR_108", "WV_062", "PRO", "EPI"), keep=False):
    folder = tmp_path / "packed"
    shutil.copytree(hrit, folder)
    for file in list(folder.iterdir()):
        if any(part in file.name for part in parts):
            file.with_name(f"{file.name}.bz2").write_bytes(bz2.compress(file.read_bytes(), 1))
            if not keep:
                file.unlink()
    return folder


@pytest.mark.parametrize("parts", [("IR_108",), ("PRO", "EPI"), ("IR_108", "WV_062", "PRO", "EPI")])
def test_segments_packed_by_bzip2(hrit, tmp_path, parts):
    folder = packed(hrit, tmp_path, parts)
    expected = read_slot(hrit, **REGION)
    for given in (folder, sorted(folder.iterdir()), str(folder / "H-*"), next(folder.iterdir())):
        scene = nephoscope.open_scene(given, **REGION)
        np.testing.assert_array_equal(scene["image"], expected["image"])
        np.testing.assert_array_equal(scene["time"], expected["time"])
    assert recognise(folder) == "seviri"
    (slot,) = find_scenes(folder, "seviri")
    assert slot.id == "MSG2-201006111200"


def test_of_a_segment_and_its_packed_twin_the_unpacked_is_read(hrit, tmp_path):
    folder = packed(hrit, tmp_path, keep=True)
    found = hrit_files(folder)
    assert not any(path.suffix == ".bz2" for path in found.paths)
    for file in folder.glob("*.bz2"):
        file.write_bytes(b"damaged")
    assert np.isfinite(read_slot(folder, **REGION)["image"]).all()


@pytest.mark.parametrize(
    ("damage", "words"),
    [(lambda content: content[: len(content) // 2], "cut short|unpacked"),
     (lambda content: b"no bzip2 at all", "cannot be unpacked"),
     (lambda content: b"", "empty"),
     (lambda content: content[:40] + bytes(30) + content[70:], "cannot be unpacked"),
     (lambda content: bz2.compress(bytes(1 << 25), 1), "unpacks to more than")],
)  # fmt: skip
def test_damaged_packings_are_named(hrit, tmp_path, damage, words):
    folder = packed(hrit, tmp_path, ("IR_108",))
    file = next(folder.glob("*IR_108*000004*.bz2"))
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(InputError, match=words) as caught:
        read_slot(folder, **REGION)
    assert caught.value.path == str(file)


@pytest.mark.parametrize("mark", ["_E", "CE"])
def test_encrypted_segments_are_named(hrit, tmp_path, mark):
    folder = tmp_path / "copy"
    shutil.copytree(hrit, folder)
    for file in list(folder.glob("*IR_108*")):
        file.rename(file.with_name(file.name[:-2] + mark))
    with pytest.raises(InputError, match=r"encrypted.*decrypt"):
        read_slot(folder, **REGION)


@pytest.mark.parametrize("more", ["", ".bz2"])
def test_segments_compressed_by_wavelets_name_what_reads_them(hrit, tmp_path, more):
    """EUMETCast's, whose names end in -C_."""
    if importlib.util.find_spec("pyPublicDecompWT") is not None:
        pytest.skip("they are read here")
    folder = tmp_path / "copy"
    shutil.copytree(hrit, folder)
    for file in list(folder.glob("*IR_108*")):
        content = bytearray(file.read_bytes())
        content[16 + 8] = 1  # the record of image structure: compression flag
        file.unlink()
        name = f"{file.name[:-2]}C_{more}"
        (folder / name).write_bytes(bz2.compress(content, 1) if more else content)
    words = "bunzip2" if more else "pyPublicDecompWT.*xRITDecompress"
    with pytest.raises(InputError, match=words) as caught:
        read_slot(folder, **REGION)
    assert "000004" in caught.value.path


@pytest.mark.parametrize(
    ("options", "words"),
    [({}, r"VIS006.*channels=\[\.\.\.\] \(there are WV_062, IR_108\).*partial=True"),
     ({"channels": ["IR_108"]}, "segments 1, 2, 3, 6, 7, 8 missing.*window= or bounds=.*partial"),
     ({"channels": ["VIS008"], "partial": True}, "holds none of VIS008.*it has WV_062, IR_108")],
)  # fmt: skip
def test_what_is_missing_names_the_option_that_reads_the_rest(hrit, options, words):
    with pytest.raises(InputError, match=words):
        nephoscope.open_scene(sorted(hrit.iterdir()), **options)


@pytest.mark.parametrize("form", ["glob", "list", "iterator", "without the ends"])
def test_the_real_picture_by_its_files(real_data, form):
    folder = real_data / "seviri" / "hrit"
    if not folder.is_dir():
        pytest.skip(f"{folder} is no folder")
    given = {
        "glob": str(folder / "H-000-MSG2__-*"),
        "list": sorted(folder.iterdir()),
        "iterator": folder.iterdir(),
        "without the ends": str(folder / "*IR_108*"),
    }[form]
    image = nephoscope.open_scene(given, channels=["IR_108"], partial=True)["image"].values
    assert np.nanmin(image) == pytest.approx(182.6954, abs=1e-3)
    assert np.nanmax(image) == pytest.approx(313.80786, abs=1e-3)
