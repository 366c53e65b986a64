"""Misuse of every public function is answered by what the function wants, in words of its own."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nephoscope
from nephoscope.errors import InputError, UsageError
from nephoscope.models.lookup import zoo
from nephoscope.products import cf

ROWS, COLS = 1801, 3600
MISUSE = (UsageError, InputError)


class Text:
    """Says so when it is read as text, which no message should hold."""

    def __repr__(self):
        return "<Text object at 0x0>"


ANYTHING = {
    "None": None,
    "number": 3,
    "float": float("nan"),
    "list": [1.0, 2.0],
    "list of None": [None],
    "tuple": (1, 2),
    "dict": {"a": 1},
    "object": Text(),
    "bytes": b"mars",
    "empty text": "",
    "zero byte": "ma\0rs",
    "array": np.zeros((3, 4), np.float32),
    "DataArray": xr.DataArray(np.zeros((3, 4, 5), np.float32), dims=("channel", "y", "x")),
    "empty Dataset": xr.Dataset(),
    "class": dict,
    "function": len,
    "no such path": "no/such/place",
    "Path": Path("no such place"),
}


def mars_scene() -> xr.Dataset:
    """A cut of a map, small enough to be quick."""
    image = np.random.default_rng(0).uniform(60, 140, (3, 40, 60)).astype(np.float32)
    return xr.Dataset(
        {"image": (("channel", "y", "x"), image, {"units": "DN"})},
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": ("y", 10 - 0.1 * np.arange(40)),
            "longitude": ("x", 20 + 0.1 * np.arange(60)),
            "solar_longitude": 132.5,
            "mars_year": 28,
        },
        attrs={"instrument": "marci", "source_files": ["P01_day01.jpg"], "missing_share": 0.0},
    )


def sky_scene() -> xr.Dataset:
    image = np.random.default_rng(1).uniform(60, 140, (3, 64, 80)).astype(np.float32)
    return xr.Dataset(
        {"image": (("channel", "y", "x"), image, {"units": "DN"})},
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": np.nan,
            "longitude": np.nan,
            "time": np.datetime64("NaT", "ns"),
        },
        attrs={
            "instrument": "skycam", "flavour": "colour", "source_files": ["a.png"],
            "missing_share": 0.0,
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def models():
    return {"mars": nephoscope.load_model("mars"), "sky": "sky"}


def says_what_is_wanted(call, *, allowed=MISUSE):
    """Whether a call ends in one of our errors, whose message is more than a type's name."""
    with pytest.raises(allowed) as caught:
        call()
    text = str(caught.value)
    assert len(text) > 15, text
    assert "Text object at 0x" not in text
    assert "\n" not in text
    return text


@pytest.mark.parametrize("kind", ANYTHING)
@pytest.mark.parametrize(
    "function",
    ["cloud_cover", "load_model", "load_recipe", "open_samples", "open_scene", "open_track"],
)
def test_a_function_of_one_thing(function, kind):
    says_what_is_wanted(lambda: getattr(nephoscope, function)(ANYTHING[kind]))


@pytest.mark.parametrize("kind", ANYTHING)
@pytest.mark.parametrize("model", ["mars", "sky"])
def test_predict_of_what_is_no_scene(models, model, kind):
    says_what_is_wanted(lambda: nephoscope.predict(models[model], ANYTHING[kind]))


@pytest.mark.parametrize("kind", ANYTHING)
def test_predict_and_evaluate_with_what_is_no_model(kind):
    given = ANYTHING[kind]
    says_what_is_wanted(lambda: nephoscope.predict(given, mars_scene()))
    says_what_is_wanted(lambda: nephoscope.evaluate(given, "no store"))


@pytest.mark.parametrize("kind", ANYTHING)
def test_evaluate_on_what_are_no_samples(models, kind):
    says_what_is_wanted(lambda: nephoscope.evaluate(models["mars"], ANYTHING[kind]))


@pytest.mark.parametrize("kind", [kind for kind in ANYTHING if kind != "None"])
def test_predict_with_what_is_no_background(models, kind):
    says_what_is_wanted(
        lambda: nephoscope.predict(models["mars"], mars_scene(), background=ANYTHING[kind])
    )
    says_what_is_wanted(lambda: nephoscope.predict("sky", sky_scene(), background=ANYTHING[kind]))


IMAGES = {
    "2-D": np.zeros((ROWS, COLS), np.uint8),
    "4-D": np.zeros((1, 3, 8, 8), np.uint8),
    "0-D": np.array(3.0),
    "empty": np.zeros((3, 0, 0), np.uint8),
    "no channel": np.zeros((0, 64, 64), np.uint8),
    "two channels": np.zeros((2, 64, 64), np.uint8),
    "four channels": np.zeros((4, 64, 64), np.uint8),
    "channels last": np.full((64, 80, 3), 90, np.uint8),
    "complex": np.full((3, 64, 64), 90 + 1j),
    "object": np.full((3, 64, 64), None, object),
    "text": np.full((3, 64, 64), "90"),
    "bool": np.ones((3, 64, 64), bool),
    "dates": np.full((3, 64, 64), np.datetime64("2020-01-01")),
    "records": np.zeros((3, 64, 64), [("a", "f4")]),
    "infinite": np.full((3, 64, 64), np.inf, np.float32),
    "0..1": np.random.default_rng(2).random((3, 64, 64), np.float32),
    "0..65535": np.full((3, 64, 64), 40_000, np.uint16),
    "below 0": np.full((3, 64, 64), -5.0, np.float32),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_images_that_are_none(models, kind):
    for model in models.values():
        says_what_is_wanted(lambda given=model: nephoscope.predict(given, IMAGES[kind]))


@pytest.mark.parametrize(
    "image",
    [
        np.full((1, ROWS, COLS), 90, np.uint8),
        np.full((3, ROWS, COLS - 1), 90, np.uint8),
        np.full((3, ROWS, COLS), 90, np.int64),
        np.full((3, ROWS, COLS), 0.5, np.float32),
        np.full((3, ROWS, COLS), 4000, np.float32),
    ],
    ids=["one channel", "a part", "int64", "0..1", "0..4000"],
)
def test_whole_maps_that_are_none(models, image):
    says_what_is_wanted(lambda: nephoscope.predict(models["mars"], image))


def without(name):
    return lambda scene: scene.drop_vars(name)


def with_image(change):
    def changed(scene):
        image = scene["image"]
        return scene.assign(image=(image.dims, change(image.values), image.attrs))

    return changed


def with_attrs(**attrs):
    return lambda scene: scene.assign_attrs(**attrs)


def no_units(scene):
    scene["image"].attrs.clear()
    return scene


def no_attr(name):
    def dropped(scene):
        del scene.attrs[name]
        return scene

    return dropped


SCENES = {
    "no image": without("image"),
    "no channel names": without("channel"),
    "no latitude": without("latitude"),
    "no longitude": without("longitude"),
    "no instrument": no_attr("instrument"),
    "no source files": no_attr("source_files"),
    "another instrument": with_attrs(instrument="seviri"),
    "transposed": lambda scene: scene.transpose("y", "x", "channel"),
    "other dims": lambda scene: scene.rename(x="column"),
    "a time axis": lambda scene: scene.expand_dims("sample"),
    "no channel": lambda scene: scene.isel(channel=slice(0, 0)),
    "one of three": lambda scene: scene.isel(channel=[2]),
    "other names": lambda scene: scene.assign_coords(channel=["a", "b", "c"]),
    "twice red": lambda scene: scene.assign_coords(channel=["red", "red", "blue"]),
    "no rows": lambda scene: scene.isel(y=slice(0, 0)),
    "integers": with_image(lambda image: image.astype(np.int16)),
    "bytes": with_image(lambda image: image.astype(np.uint8)),
    "float64": with_image(lambda image: image.astype(np.float64)),
    "complex": with_image(lambda image: image.astype(np.complex64)),
    "text": with_image(lambda image: image.astype(str)),
    "no units": no_units,
    "0..1": with_image(lambda image: image / np.float32(255)),
    "0..4095": with_image(lambda image: image * np.float32(16)),
    "infinite": with_image(lambda image: image * np.float32(np.inf)),
}
OF_MAPS = {
    "one row": lambda scene: scene.isel(y=[3]),
    "one column": lambda scene: scene.isel(x=[3]),
    "uneven rows": lambda scene: scene.isel(y=[0, 1, 2, 5, 9, 10, 20]),
    "shuffled columns": lambda scene: scene.isel(x=np.random.default_rng(0).permutation(60)),
    "latitudes in radians, twice": lambda scene: scene.assign_coords(
        latitude=scene["latitude"] * 0 + 1
    ),
    "latitudes missing": lambda scene: scene.assign_coords(latitude=scene["latitude"] * np.nan),
    "latitudes beyond the pole": lambda scene: scene.assign_coords(
        latitude=scene["latitude"] + 85
    ),
    "no such season": lambda scene: scene.assign_coords(solar_longitude=400.0),
    "a season in words": lambda scene: scene.assign_coords(solar_longitude="summer"),
    "a season for each row": lambda scene: scene.assign_coords(
        solar_longitude=("y", np.full(40, 132.5))
    ),
    "no season": without(["solar_longitude", "mars_year"]),
    "a place for each pixel": lambda scene: scene.assign_coords(
        latitude=scene["latitude"].broadcast_like(scene["image"][0]),
        longitude=scene["longitude"].broadcast_like(scene["image"][0]),
    ),
    "a site": lambda scene: scene.drop_vars(["latitude", "longitude"]).assign_coords(
        latitude=3.0, longitude=4.0
    ),
}  # fmt: skip
OF_FRAMES = {
    "a time for each row": lambda scene: scene.assign_coords(
        time=("y", np.full(64, np.datetime64("NaT", "ns")))
    ),
    "time in seconds": lambda scene: scene.assign_coords(time=3.0),
    "an unknown flavour": with_attrs(flavour="ultraviolet"),
    "no time": without("time"),
    "no flavour": no_attr("flavour"),
    "another unit": lambda scene: with_units(scene, "K"),
    "thermal with three channels": with_attrs(flavour="thermal"),
}


def with_units(scene, units):
    scene["image"].attrs["units"] = units
    return scene


@pytest.mark.parametrize("kind", [*SCENES, *OF_MAPS])
def test_scenes_that_the_model_of_maps_cannot_take(models, kind):
    changed = (SCENES | OF_MAPS)[kind](mars_scene())
    says_what_is_wanted(lambda: nephoscope.predict(models["mars"], changed))


@pytest.mark.parametrize("kind", [*SCENES, *OF_FRAMES])
@pytest.mark.parametrize("model", ["sky", "sky-colour"])
def test_scenes_that_the_models_of_frames_cannot_take(model, kind):
    changed = (SCENES | OF_FRAMES)[kind](sky_scene())
    says_what_is_wanted(lambda: nephoscope.predict(model, changed))


def test_scenes_of_the_other_instrument(models):
    text = says_what_is_wanted(lambda: nephoscope.predict(models["mars"], sky_scene()))
    assert "[instrument]: is 'skycam', and model 'mars' is of 'marci'" in text
    text = says_what_is_wanted(lambda: nephoscope.predict("sky", mars_scene()))
    assert "[instrument]: is 'marci', and 'sky' is of 'skycam'" in text


def test_good_scenes_are_taken(models):
    product = nephoscope.predict(models["mars"], mars_scene())
    assert product["cloud_mask"].shape == (40, 60)
    dated = mars_scene().drop_vars(["solar_longitude", "mars_year"])
    dated = dated.assign_coords(time=np.datetime64("2007-01-01", "ns"))
    for other in (dated, mars_scene().assign_coords(mars_year=np.nan)):
        found = nephoscope.predict(models["mars"], other)
        # Of no known season it is judged without what was learned of places, and says so.
        assert found["cloud_mask"].shape == product["cloud_mask"].shape
        assert (found["quality_flag"].astype(int) & cf.OTHER_SEASON).all()
    assert nephoscope.predict("sky", sky_scene())["cloud_mask"].shape == (64, 80)


def test_a_frame_with_its_channels_in_another_order_is_the_same_frame():
    straight = nephoscope.predict("sky", sky_scene())
    turned = nephoscope.predict("sky", sky_scene().isel(channel=[2, 0, 1]))
    xr.testing.assert_identical(straight, turned)


def test_masked_numbers_are_missing(models):
    image = np.random.default_rng(0).integers(60, 140, (3, ROWS, COLS), dtype=np.uint8)
    image[:, 60:] = 0
    hidden = np.ma.masked_array(image, np.broadcast_to(np.arange(ROWS)[:, None] > 20, image.shape))
    found = nephoscope.predict(models["mars"], hidden)
    assert np.isnan(found[21:]).all()
    assert np.isfinite(found[:21]).all()


def test_a_run_folder_says_where_its_model_is(tmp_path):
    shutil.copytree(zoo() / "mars", tmp_path / "run" / "model")
    for call in (
        lambda: nephoscope.load_model(tmp_path / "run"),
        lambda: nephoscope.predict(str(tmp_path / "run"), mars_scene()),
        lambda: nephoscope.evaluate(tmp_path / "run", tmp_path),
    ):
        assert str(tmp_path / "run" / "model") in says_what_is_wanted(call)
    with pytest.raises(UsageError, match="give its folder"):
        nephoscope.load_model(tmp_path / "run" / "model" / "network.onnx")
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="holds no model"):
        nephoscope.load_model(tmp_path / "other")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sky", ["chain", "sky-state", "sky-thermal", "sky-colour", "predict takes 'sky'"]),
        ("zscale-log-otsu", ["a formula"]),
        ("Mars", ["did you mean 'mars'", "sky-colour"]),
        ("sky-color", ["did you mean 'sky-colour'"]),
        ("zscale-otsu", ["did you mean 'zscale-log-otsu'"]),
        ("venus", ["shipped: mars"]),
    ],
)
def test_names_of_models(name, words):
    with pytest.raises(UsageError) as caught:
        nephoscope.load_model(name)
    for word in words:
        assert word in str(caught.value)


def test_names_of_recipes_and_overrides():
    with pytest.raises(UsageError, match="did you mean 'mars'"):
        nephoscope.load_recipe("mras")
    with pytest.raises(UsageError, match="overrides are a list"):
        nephoscope.load_recipe("mars", "training.steps=5")
    with pytest.raises(UsageError, match="an override is a text"):
        nephoscope.load_recipe("mars", [("training.steps", 5)])


@pytest.mark.parametrize("instrument", [None, "marci", "skycam", "polder"])
def test_a_folder_is_no_scene(tmp_path, instrument):
    (tmp_path / "P01_day01_zequat.jpg").write_bytes(b"no picture")
    text = says_what_is_wanted(lambda: nephoscope.open_scene(tmp_path, instrument))
    assert "is a folder" in text


def test_paths_and_outputs(models, tmp_path):
    (tmp_path / "P01_day01_zequat.jpg").write_bytes(b"no picture")
    path = tmp_path / "P01_day01_zequat.jpg"
    for model in models.values():
        for call in (
            lambda given=model: nephoscope.predict(given, path),
            lambda given=model: nephoscope.predict(given, path, output=3),
            lambda given=model: nephoscope.predict(given, path, output=""),
            lambda given=model: nephoscope.predict(given, path, output=tmp_path / "out"),
            lambda given=model: nephoscope.predict(given, tmp_path, output=tmp_path / "out"),
            lambda given=model: nephoscope.predict(
                given, tmp_path / "gone.png", output=tmp_path / "out"
            ),
        ):
            says_what_is_wanted(call)
    for model, scene in (("mars", mars_scene()), ("sky", sky_scene())):
        says_what_is_wanted(
            lambda m=model, s=scene: nephoscope.predict(models[m], s, output=tmp_path)
        )
