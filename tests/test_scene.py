"""The Scene contract: a good scene passes untouched, each broken part is named."""

import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.scene import check_given, check_scene, known_of


def good_scene() -> xr.Dataset:
    return xr.Dataset(
        {
            "image": (("channel", "y", "x"), np.zeros((3, 4, 5), np.float32)),
            "known": (("y", "x"), np.ones((4, 5), bool)),
        },
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": ("y", np.arange(4.0)),
            "longitude": ("x", np.arange(5.0)),
            "solar_longitude": 132.5,
            "mars_year": 28,
        },
        attrs={"instrument": "marci", "source_files": ["map.jpeg"], "missing_share": 0.0},
    )


def test_a_good_scene_comes_back_as_it_is():
    scene = good_scene()
    assert check_scene(scene) is scene


def without_attr(scene: xr.Dataset, name: str) -> xr.Dataset:
    kept = {key: value for key, value in scene.attrs.items() if key != name}
    return scene.drop_attrs().assign_attrs(kept)


BROKEN = {
    "image": lambda scene: scene.drop_vars("image"),
    "latitude": lambda scene: scene.drop_vars("latitude"),
    "longitude": lambda scene: scene.drop_vars("longitude"),
    "channel": lambda scene: scene.drop_vars("channel"),
    "known": lambda scene: scene.drop_vars("known"),
    "instrument": lambda scene: without_attr(scene, "instrument"),
    "source_files": lambda scene: without_attr(scene, "source_files"),
    "missing_share": lambda scene: without_attr(scene, "missing_share"),
}


@pytest.mark.parametrize("field", BROKEN)
def test_what_is_missing_is_named(field):
    with pytest.raises(InputError) as caught:
        check_scene(BROKEN[field](good_scene()), source="the map.jpeg")
    assert caught.value.field == field
    assert caught.value.path == "the map.jpeg"


def test_wrong_order_of_dims_is_named():
    with pytest.raises(InputError, match=r"\[image\]: has dims \('y', 'x', 'channel'\)"):
        check_scene(good_scene().transpose("y", "x", "channel"))


def test_wrong_type_is_named():
    with pytest.raises(InputError, match=r"map\.jpeg \[image\]: is float64, not float32"):
        check_scene(good_scene().astype(np.float64))


@pytest.mark.parametrize("known", [np.ones((4, 5), np.int8), np.ones(5, bool)])
def test_known_of_another_kind_is_named(known):
    dims = ("y", "x")[-known.ndim :]
    with pytest.raises(InputError, match=r"map\.jpeg \[known\]: is (int8|bool) on"):
        check_scene(good_scene().assign(known=(dims, known)))


def test_a_scene_that_a_user_changed_is_told_what_is_still_known():
    scene = good_scene().assign(image=good_scene()["image"].assign_attrs(units="DN"))
    scene["image"][:, 1, 2] = np.nan
    scene["image"][0, 2, 3] = np.nan
    bare = check_given(scene.drop_vars("known"), "marci", "a model")
    assert np.argwhere(~bare["known"].values).tolist() == [[1, 2], [2, 3]]
    cut = check_given(scene.where(scene["latitude"] > 0), "marci", "a model")
    assert cut["known"].dtype == bool
    assert np.argwhere(~cut["known"].values).tolist() == [[0, x] for x in range(5)] + [[1, 2]]


def test_integers_are_known_where_any_channel_is_not_zero():
    image = np.zeros((3, 2, 2), np.uint8)
    image[1, 0, 1] = 7
    assert known_of(image).tolist() == [[False, True], [False, False]]


def test_the_first_source_file_is_blamed_by_default():
    with pytest.raises(InputError, match=r"^map\.jpeg \[latitude\]"):
        check_scene(good_scene().drop_vars("latitude"))


def test_a_place_is_known_where_no_channel_is_missing():
    image = np.random.default_rng(0).integers(1, 256, (3, 3, 4), dtype=np.uint8)
    image[:, 1, 2] = 0
    image[0, 0, 0] = 0  # a colour may be 0
    assert np.argwhere(~known_of(image)).tolist() == [[1, 2]]
    for channel in range(3):
        floats = image.astype(np.float32)
        floats[channel, 0, 1] = np.nan
        assert np.argwhere(~known_of(floats)).tolist() == [[0, 1]]
