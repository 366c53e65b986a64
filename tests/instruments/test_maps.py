import numpy as np
import pytest
from PIL import Image, ImageFile

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments import find_scenes, marci, open_scene, recognise

ROWS, COLS = 1801, 3600


@pytest.fixture(scope="module")
def pixels():
    """A smooth map (JPEG keeps it within 2 DN) with black borders and a southern night."""
    pixels = np.zeros((ROWS, COLS, 3), np.uint8)
    ramp = np.linspace(60, 120, COLS).astype(np.uint8)
    pixels[:1500, 8:-8] = np.stack([ramp + 40, ramp + 20, ramp], axis=-1)[8:-8]
    return pixels


@pytest.fixture(scope="module")
def folder(tmp_path_factory, pixels):
    """A flat folder with one good map and its season; nobody writes to it."""
    folder = tmp_path_factory.mktemp("maps")
    Image.fromarray(pixels).save(folder / "P01_day01_zequat.jpg", quality=85)
    (folder / "P01_ls.txt").write_text("P01_day01 28 132.5\n")
    return folder


@pytest.fixture(scope="module")
def good(folder):
    return folder / "P01_day01_zequat.jpg"


def test_a_map_becomes_a_scene(good, pixels):
    scene = open_scene(good)
    image = scene["image"]
    assert image.dims == ("channel", "y", "x")
    assert image.dtype == np.float32
    assert image.attrs["units"] == "DN"
    assert list(scene["channel"].values) == ["red", "green", "blue"]
    assert (scene["latitude"][0], scene["latitude"][-1]) == (90, -90)
    assert (scene["longitude"][0], scene["longitude"][-1]) == (-180, 179.9)
    assert (scene["solar_longitude"], scene["mars_year"]) == (132.5, 28)
    inside = np.s_[20:1480, 20:-20]
    difference = image.values[(slice(None), *inside)] - pixels[inside].transpose(2, 0, 1)
    assert np.abs(difference).max() <= 4
    assert scene.attrs["id"] == "P01_day01"
    assert scene.attrs["source_files"] == [str(good)]
    assert (scene.attrs["phase"], scene.attrs["series"], scene.attrs["day"]) == ("P", "P01", 1)
    assert scene.attrs["flavour"] == "raw"


def test_missing_pixels_are_nan_in_every_channel_and_counted(good, pixels):
    scene = open_scene(good)
    nan = np.isnan(scene["image"].values)
    assert (nan[0] == nan[1]).all()
    assert (nan[0] == nan[2]).all()
    truth = ~pixels.any(axis=-1)
    assert scene.attrs["missing_share"] == pytest.approx(truth.mean(), abs=0.003)
    assert (nan[0] == truth).mean() > 0.997


def test_the_rules_of_missing_data():
    pixels = np.array([[[90, 60, 13], [90, 60, 14], [90, 60, 29], [0, 60, 80], [90, 19, 19]]], "u1")
    assert marci.missing_mask(pixels).tolist() == [[True, False, False, False, False]]
    assert marci.missing_mask(pixels, "legacy").tolist() == [[True, True, True, True, True]]


def test_a_map_without_season_is_an_error_unless_asked_otherwise(good, tmp_path):
    path = tmp_path / good.name
    path.write_bytes(good.read_bytes())
    with pytest.raises(InputError, match="solar_longitude"):
        open_scene(path)
    scene = open_scene(path, require_season=False)
    assert np.isnan(scene["solar_longitude"])
    assert scene["mars_year"] == -1


def test_a_map_of_unknown_name_is_read_without_season_only(good, tmp_path):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(good.read_bytes())
    with pytest.raises(InputError, match=r"holiday\.jpg.*no map id"):
        open_scene(path, "marci")
    scene = open_scene(path, "marci", require_season=False)
    assert (scene.attrs["id"], scene.attrs["flavour"]) == ("holiday", "unknown")


@pytest.mark.parametrize("lost", [1, 2, 3, 10, 1000, 0.3, 0.9, 0.9999])
@pytest.mark.parametrize("lenient", [False, True])
def test_a_truncated_map_is_refused_however_little_is_lost(
    good, tmp_path, lost, lenient, monkeypatch
):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
    content = good.read_bytes()
    lost = lost if lost >= 1 else int(lost * len(content))
    broken(tmp_path, content[: len(content) - lost], "image")


def broken(tmp_path, content, field, match=None):
    path = tmp_path / "P01_day01_zequat.jpg"
    path.write_bytes(content)
    (tmp_path / "P01_ls.txt").write_text("P01_day01 28 132.5\n")
    with pytest.raises(InputError, match=match) as caught:
        open_scene(path)
    assert (caught.value.path, caught.value.field) == (str(path), field)


def test_an_empty_file_is_refused(tmp_path):
    broken(tmp_path, b"", "image", "0 bytes")


def test_text_named_jpg_is_refused(tmp_path):
    broken(tmp_path, b"<html>404</html>", "image", "no JPEG file")


@pytest.mark.parametrize(
    ("array", "kind", "match"),
    [
        (np.full((ROWS, COLS, 3), 90, "u1"), "PNG", "PNG"),
        (np.full((ROWS, COLS - 1, 3), 90, "u1"), "JPEG", "3599 x 1801 pixels"),
        (np.full((ROWS, COLS), 90, "u1"), "JPEG", "1 colour planes"),
        (np.zeros((ROWS, COLS, 3), "u1"), "JPEG", "black throughout"),
    ],
)
def test_pictures_that_are_no_map_are_refused(tmp_path, array, kind, match):
    path = tmp_path / "picture"
    Image.fromarray(array).save(path, kind)
    broken(tmp_path, path.read_bytes(), "image", match)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        marci.read_pixels(tmp_path / "P01_day01.jpg")


def test_the_instrument_is_recognised(good, folder, tmp_path):
    assert recognise(good) == "marci"
    assert recognise(folder) == "marci"
    assert [f.id for f in find_scenes(folder, "marci")] == ["P01_day01"]
    with pytest.raises(InputError, match="no instrument known"):
        recognise(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        recognise(tmp_path / "absent")
    with pytest.raises(UsageError, match="marci"):
        open_scene(good, "telescope")
