"""`open_scene` and `open_track`: one path or several, and errors that say what is wanted."""

import importlib.util
import shutil
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from PIL import Image

import nephoscope
from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.given import paths_given
from nephoscope.instruments.seviri import CHANNELS
from nephoscope.simulate.earth.seviri import write_native

pytest.importorskip("satpy")
pytest.importorskip("pyhdf")
spec = importlib.util.spec_from_file_location(
    "seviri_factory", Path(__file__).parents[1] / "seviri_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)

REGION = {"channels": ["IR_108"], "window": (1840, 7, 40, 9)}


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    folder = tmp_path_factory.mktemp("native")
    row, col = factory.WINDOW[:2]
    return write_native(
        folder, factory.draw_image(), CHANNELS, factory.NOON, first_row=row, first_col=col
    )


@pytest.fixture(scope="module")
def hrit(tmp_path_factory, native):
    folder = tmp_path_factory.mktemp("hrit")
    return factory.write_hrit(folder, native, [("IR_108", 4), ("IR_108", 5), ("WV_062", 4)])


@pytest.fixture(scope="module")
def tracks(tmp_path_factory):
    """A granule, a CALTRACK file, its PAR-RB2 and a DARDAR file."""
    from nephoscope.instruments import cloudsat
    from nephoscope.simulate.earth import profilers

    out = tmp_path_factory.mktemp("tracks")
    line = np.linspace(0, 1, 5)
    time = np.datetime64("2008-06-01T13:30", "ns") + np.arange(5) * np.timedelta64(160, "ms")
    height = np.tile(25000 - 240.0 * np.arange(125), (5, 1))
    place, codes = (line, line, time), cloudsat.encode(np.zeros(height.shape, np.int8))
    stamp = "V1-00_2008-06-01T13-30-00ZD.hdf"
    names = {
        "granule": "2008153133000_11111_CS_2B-CLDCLASS_GRANULE_P1_R05_E02_F00.hdf",
        "caltrack": f"CALTRACK-5km_CS-2B-CLDCLASS_{stamp}",
        "offsets": f"CALTRACK-5km_PAR-RB2_{stamp}",
        "dardar": "DARDAR-NICE_L2-PRO_2008153133000_11111_V1-00.nc",
    }
    paths = {key: out / name for key, name in names.items()}
    profilers.write_granule(paths["granule"], *place, height, codes)
    profilers.write_caltrack(paths["caltrack"], *place, height, codes)
    index = np.full((5, 2), 500)
    profilers.write_time_offsets(paths["offsets"], *place, line, line, index)
    gates = 25080 - 60.0 * np.arange(436)
    values = np.ones((5, 436), np.float32)
    fields = dict.fromkeys(("iwc", "icnc_5um", "icnc_100um", "reffcli", "ta"), values)
    profilers.write_nice(paths["dardar"], *place, gates, fields)
    return paths


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    out = tmp_path_factory.mktemp("maps")
    paths = [out / f"P01_day0{day}_zequat.jpg" for day in (1, 2)]
    for path in paths:
        Image.new("RGB", (3600, 1801), (150, 100, 60)).save(path, quality=95)
    return paths


FORMS = {
    "list": list,
    "tuple": tuple,
    "generator": iter,
    "set": set,
    "array of text": lambda files: np.array([str(file) for file in files]),
    "array of objects": lambda files: np.array(files, object),
    "texts": lambda files: [str(file) for file in files],
    "bytes": lambda files: [bytes(file) for file in files],
    "pattern": lambda files: str(files[0].parent / "H-000*"),
    "pattern as a path": lambda files: files[0].parent / "*-2010061[12]1200-__",
    "mapping's keys": lambda files: dict.fromkeys(files).keys(),
    "twice": lambda files: [*files, *files],
}


@pytest.mark.parametrize("form", FORMS)
def test_the_files_of_a_picture_in_any_form(hrit, form):
    expected = nephoscope.open_scene(hrit, **REGION)
    found = nephoscope.open_scene(FORMS[form](sorted(hrit.iterdir())), **REGION)
    np.testing.assert_array_equal(found["image"], expected["image"])
    assert found.attrs["id"] == expected.attrs["id"]


def test_only_the_segments_named_are_read_and_the_prologue_is_found(hrit):
    (four,) = hrit.glob("*IR_108*000004*")
    strip = {"channels": ["IR_108"], "window": (1856, 7, 8, 9)}
    found = nephoscope.open_scene([four], **strip)
    assert np.isfinite(found["image"]).all()
    with pytest.raises(InputError, match="segment 5 is missing"):
        nephoscope.open_scene([four, *hrit.glob("*WV*")], **REGION)
    (single,) = nephoscope.open_scene([four, *hrit.glob("*WV*")], **strip)["image"].values
    np.testing.assert_array_equal(single, found["image"].values[0])


def test_a_prologue_in_another_folder(hrit, tmp_path):
    files = [shutil.copy(file, tmp_path / file.name) for file in hrit.glob("*IR_108*")]
    with pytest.raises(InputError, match="prologue"):
        nephoscope.open_scene(files, **REGION)
    scene = nephoscope.open_scene([*files, *hrit.glob("*-PRO*")], **REGION)
    assert np.isfinite(scene["image"]).all()


def test_files_of_several_pictures_are_refused(hrit, native, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(hrit, other)
    for file in list(other.iterdir()):
        file.rename(file.with_name(file.name.replace("201006111200", "201006111215")))
    with pytest.raises(UsageError, match=r"2 pictures .*201006111200, .*201006111215"):
        nephoscope.open_scene([*hrit.iterdir(), *other.iterdir()], **REGION)
    twin = shutil.copy(native, tmp_path / native.name.replace("2010", "2011"))
    with pytest.raises(UsageError, match="2 pictures of SEVIRI"):
        nephoscope.open_scene([native, twin])
    with pytest.raises(InputError, match="not named like a file of SEVIRI HRIT"):
        nephoscope.open_scene([native, *hrit.iterdir()], **REGION)


def test_one_file_instruments_take_one(maps, tracks):
    options = {"require_season": False}
    one = nephoscope.open_scene([maps[0]], **options)
    assert one.identical(nephoscope.open_scene(maps[0], **options))
    with pytest.raises(UsageError, match="2 files of marci are 2 scenes"):
        nephoscope.open_scene(maps[:2])
    with pytest.raises(UsageError, match="2 files are 2 tracks"):
        nephoscope.open_track([tracks["granule"], tracks["dardar"]])
    for form in (list, tuple, iter):
        assert nephoscope.open_track(form([tracks["dardar"]])).attrs["instrument"] == "dardar"


def test_files_of_several_instruments_are_refused(hrit, maps):
    with pytest.raises(UsageError, match="several instruments"):
        nephoscope.open_scene([maps[0], *hrit.iterdir()])


@pytest.mark.parametrize("kind", ["granule", "caltrack", "dardar"])
def test_a_profiler_s_file_says_open_track(tracks, kind):
    with pytest.raises(InputError, match="open_track") as caught:
        nephoscope.open_scene(tracks[kind])
    assert caught.value.path == str(tracks[kind])
    assert nephoscope.open_track(tracks[kind]).sizes["profile"] == 5


def test_a_picture_says_open_scene(native, hrit, maps):
    files = [native, *hrit.iterdir(), *maps]
    assert len(files) > 5
    for file in files:
        with pytest.raises(InputError, match="open_scene") as caught:
            nephoscope.open_track(file)
        assert caught.value.path == str(file)


def test_an_instrument_of_the_other_kind_is_told(native, tracks):
    with pytest.raises(UsageError, match="open_track"):
        nephoscope.open_scene(native, "dardar")
    with pytest.raises(UsageError, match="open_scene"):
        nephoscope.open_track(tracks["dardar"], "seviri")
    with pytest.raises(UsageError, match="known are"):
        nephoscope.open_scene(native, "goes")
    with pytest.raises(UsageError, match="known are"):
        nephoscope.open_track(tracks["dardar"], "lidar")
    for wrong in (5, ["seviri"], {}, b"seviri"):
        with pytest.raises(UsageError):
            nephoscope.open_scene(native, wrong)
        with pytest.raises(UsageError):
            nephoscope.open_track(tracks["dardar"], wrong)


def test_a_par_rb2_file_alone_says_what_goes_with_it(tracks):
    with pytest.raises(InputError, match=r"open_track\(\[caltrack, par_rb2\]\)"):
        nephoscope.open_track(tracks["offsets"])
    track = nephoscope.open_track([tracks["caltrack"], tracks["offsets"]])
    assert set(track["rb2_row"].values) == {500}


@pytest.mark.parametrize(
    ("opener", "kind", "option", "has"),
    [("open_scene", "native", "colour", "channels, window, bounds, partial"),
     ("open_track", "dardar", "undetermined", "its options are: profiles"),
     ("open_track", "granule", "offsets", "undetermined"),
     ("open_track", "caltrack", "undetermine", "offsets, undetermined")],
)  # fmt: skip
def test_an_option_that_a_reader_has_not_is_told(native, tracks, opener, kind, option, has):
    path = tracks.get(kind, native)
    with pytest.raises(UsageError, match=f"has no option {option}") as caught:
        getattr(nephoscope, opener)(path, **{option: 1})
    assert has in str(caught.value)


@pytest.mark.parametrize("opener", ["open_scene", "open_track"])
@pytest.mark.parametrize(
    "wrong", [None, 5, 1.5, [], (), {}, [None], [3], "", [""], np.array(3), {"a": 1}, object()]
)
def test_what_is_no_path_is_told(opener, wrong):
    with pytest.raises(UsageError, match=r"path.* wanted"):
        getattr(nephoscope, opener)(wrong)


@pytest.mark.parametrize("opener", ["open_scene", "open_track"])
def test_what_is_not_there_is_told(opener, tmp_path):
    for gone in (tmp_path / "gone.nat", [tmp_path / "gone.nat"], "no such file.nc"):
        with pytest.raises(InputError, match="does not exist"):
            getattr(nephoscope, opener)(gone)
    with pytest.raises(InputError, match="as a pattern matches no file"):
        getattr(nephoscope, opener)(str(tmp_path / "*.nat"))


def test_a_name_with_brackets_is_a_name_where_it_exists(tmp_path):
    named = tmp_path / "frame[1].fits"
    named.touch()
    (tmp_path / "frame1.fits").touch()
    assert paths_given(named) == [named]
    assert paths_given(str(tmp_path / "frame[12].fits")) == [tmp_path / "frame1.fits"]
    assert paths_given(str(tmp_path / "*.fits")) == sorted(tmp_path.iterdir())


def test_paths_keep_their_order_and_come_once(tmp_path):
    files = [tmp_path / name for name in "cab"]
    for file in files:
        file.touch()
    assert paths_given([*files, files[0]]) == files
    assert paths_given(str(tmp_path / "*")) == sorted(files)
    assert paths_given([files[0], str(tmp_path / "?")]) == [files[0], files[1], files[2]]


@pytest.mark.parametrize(
    "wrong",
    [{"channels": 5}, {"channels": [5]}, {"channels": None}, {"channels": [["IR_108"]]},
     {"window": "abcd"}, {"window": 7}, {"window": (1, 2, 3, None)}, {"window": (1, 2, 3)},
     {"window": (np.nan, 1, 2, 3)}, {"bounds": "here"}, {"bounds": (1, 2, 3)}, {"bounds": 3},
     {"bounds": (0, "a", 1, 1)}, {"bounds": (np.nan, 0, 1, 1)}],
)  # fmt: skip
def test_options_of_the_wrong_kind_are_told(native, wrong):
    with pytest.raises(UsageError):
        nephoscope.open_scene(native, **wrong)


def test_a_folder_is_no_track(tmp_path):
    with pytest.raises(InputError, match=r"is a folder .*name a file in it"):
        nephoscope.open_track(tmp_path)


def test_a_netcdf_of_another_kind_is_of_neither(tmp_path):
    path = tmp_path / "weather.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.title = "weather"
    with pytest.raises(InputError, match="no instrument known"):
        nephoscope.open_scene(path)
    with pytest.raises(InputError, match="no profiler known"):
        nephoscope.open_track(path)
