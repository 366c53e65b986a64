"""However a Scene lies, a place gets the same answer: by coordinate, and by channel name."""

from dataclasses import dataclass, field

import numpy as np
import pytest
import xarray as xr
from scipy.ndimage import uniform_filter

from nephoscope.apply import face, network
from nephoscope.apply.network import Predictor
from nephoscope.apply.placing import place
from nephoscope.background import build_background, sample_background, write_background
from nephoscope.errors import InputError, UsageError
from nephoscope.limits import as_dataset, limits_at
from nephoscope.products import cf
from nephoscope.recipe import Recipe, load_recipe
from nephoscope.tasks.mask import MaskDecision

ROWS, COLS = 91, 180  # of 2 degrees
FEATURES = (
    "red", "green", "blue", "blue_red_ratio", "limit_excess", "known", "latitude", "sine_longitude",
    "cosine_longitude", "background_blue", "background_blue_red_ratio", "limit", "limit_certainty",
)  # fmt: skip
RECIPE = load_recipe(
    "mars",
    [
        f"inputs.features=[{', '.join(FEATURES)}]",
        "inputs.background.minimum_scenes=2",
        "network.options={}",
        "apply.tile=[48, 64]",
        "apply.overlap=16",
    ],
)
REACH = 4  # pixels that the network sees on each side
LATITUDE, LONGITUDE = 90 - 2.0 * np.arange(ROWS), -180 + 2.0 * np.arange(COLS)


class Sees:
    """A 'network' that reads every feature, differently, within 9 x 9 pixels."""

    def run(self, inputs, wanted=None):
        weight = np.cos(np.arange(1, 1 + inputs.shape[1]))[:, None, None] / 3
        mixed = (inputs[0] * weight).sum(axis=0) * inputs[0, FEATURES.index("known")]
        return uniform_filter(mixed, 2 * REACH + 1, mode="constant")[None, None].astype(np.float32)


def learned() -> xr.Dataset:
    cells = np.random.default_rng(7).uniform(60, 140, (2, -(-ROWS // 4), COLS // 4))
    return as_dataset(cells.astype(np.float32), RECIPE.inputs.limit, LATITUDE, LONGITUDE)


@dataclass
class Model:
    recipe: Recipe = RECIPE
    decision: MaskDecision = field(default_factory=MaskDecision)
    divisor: int = 4
    limits: xr.Dataset | None = field(default_factory=learned)
    name: str = "sees"
    weights_sha256: str = "0" * 64
    threshold: float = 0.5
    info: dict[str, str] = field(default_factory=dict)
    seasons: None = None


def make_scene(seed: int) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    image = uniform_filter(rng.uniform(0, 250, (3, ROWS, COLS)), (0, 3, 3), mode="wrap")
    image = image.astype(np.float32)
    image[:, 70:] = np.nan
    image[:, 30:40, 50:54] = np.nan
    return xr.Dataset(
        {
            "image": (("channel", "y", "x"), image, {"units": "DN"}),
            "known": (("y", "x"), ~np.isnan(image[0])),
        },
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": ("y", LATITUDE),
            "longitude": ("x", LONGITUDE),
            "solar_longitude": 132.5,
            "mars_year": 28,
        },
        attrs={"instrument": "marci", "source_files": ["P01_day01.jpg"], "missing_share": 0.0},
    )


@pytest.fixture(autouse=True)
def _sees(monkeypatch):
    monkeypatch.setattr(network, "open_engine", lambda *_: Sees())


@pytest.fixture(scope="module")
def scene() -> xr.Dataset:
    return make_scene(1)


@pytest.fixture(scope="module")
def background(tmp_path_factory) -> xr.Dataset:
    folder = tmp_path_factory.mktemp("series")
    paths = [folder / f"{seed}" for seed in (2, 3, 4)]
    for path in paths:
        path.touch()
    return build_background(paths, RECIPE, open_scene=lambda path: make_scene(int(path.name)))


def answer(scene: xr.Dataset, background: xr.Dataset) -> xr.DataArray:
    """The probability of a Scene, labelled with its places within -180..180."""
    predictor = Predictor(Model(), workers=1)
    latitude, longitude = scene["latitude"].values, scene["longitude"].values
    clear = sample_background(background, latitude, longitude, ("blue", "blue_red_ratio"))
    found = np.full(scene["image"].shape[1:], np.nan, np.float32)
    for rows, band in predictor.bands(predictor.view_of(scene, clear)):
        found[rows] = band["cloud_probability"]
    assert found.dtype == np.float32
    east = np.mod(longitude + 180, 360) - 180
    return xr.DataArray(found, dims=("y", "x"), coords={"y": latitude.round(6), "x": east.round(6)})


def add_channel(scene: xr.Dataset) -> xr.Dataset:
    """One more channel, which misses half of the map and which no feature reads."""
    extra = scene.isel(channel=[0]).assign_coords(channel=["uv"])
    extra["image"] = extra["image"].where(extra["longitude"] > 0)
    return xr.concat([extra, scene.isel(channel=[1, 0, 2])], "channel", data_vars="minimal",
                     coords="minimal", compat="override", join="override")  # fmt: skip


def positive(scene: xr.Dataset) -> xr.Dataset:
    return scene.assign_coords(longitude=("x", np.mod(scene["longitude"].values, 360)))


TURNED = {
    "south up": lambda s: s.isel(y=slice(None, None, -1)),
    "westwards": lambda s: s.isel(x=slice(None, None, -1)),
    "rolled": lambda s: s.roll(x=37, roll_coords=True),
    "0 to 360": lambda s: positive(s.roll(x=COLS // 2, roll_coords=True)),
    "0 to 360 from -180": positive,
    "all of it": lambda s: positive(s.roll(x=11, roll_coords=True)).isel(
        x=slice(None, None, -1), y=slice(None, None, -1), channel=[2, 0, 1]
    ),
    "blue first": lambda s: s.isel(channel=[2, 1, 0]),
    "one channel more": add_channel,
    "float32 degrees": lambda s: s.assign_coords(
        latitude=s["latitude"].astype(np.float32), longitude=s["longitude"].astype(np.float32)
    ),
}
CUT = {
    "rows": lambda s: s.isel(y=slice(9, 64)),
    "box": lambda s: s.isel(y=slice(9, 64), x=slice(21, 142)),
    "box across 180": lambda s: s.roll(x=50, roll_coords=True).isel(x=slice(13, 88)),
    "box across 0, positive": lambda s: positive(s).isel(y=slice(7, 66), x=slice(61, 138)),
    "box turned": lambda s: s.isel(
        y=slice(64, 9, -1), x=slice(141, 20, -1), channel=[1, 2, 0]
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", TURNED)
def test_a_turned_scene_gets_the_turned_answer(scene, background, way):
    straight, turned = answer(scene, background), answer(TURNED[way](scene), background)
    assert float(straight.std()) > 0.05  # it says something
    expected = straight.sel(y=turned["y"], x=turned["x"])
    np.testing.assert_allclose(turned.values, expected.values, atol=2e-5)


@pytest.mark.parametrize("way", CUT)
def test_a_part_gets_the_answer_of_the_whole_but_at_its_edges(scene, background, way):
    whole, part = answer(scene, background), answer(CUT[way](scene), background)
    expected = whole.sel(y=part["y"], x=part["x"])
    inner = (slice(REACH, -REACH), slice(None) if part.sizes["x"] == COLS else slice(REACH, -REACH))
    np.testing.assert_allclose(part.values[inner], expected.values[inner], atol=2e-5)
    np.testing.assert_array_equal(np.isnan(part.values), np.isnan(expected.values))


def test_a_coarser_scene_meets_what_was_learned_of_its_places_and_says_so(scene):
    model = Model()
    coarse = scene.isel(y=slice(0, 90)).coarsen(y=2, x=2).mean()
    product = face.predict(model, coarse)
    assert (product["quality_flag"].values & cf.OTHER_GRID).all()
    assert "pixels of 4, not 2 degrees" in product.attrs["history"]
    rows, cols = np.array([20.5, 40.5]), np.array([30.5, 120.5])
    grid = limits_at(model.limits, coarse.latitude.values, coarse.longitude.values)[0].grid
    np.testing.assert_allclose(grid.latitude.place(90 - 2 * rows), rows)
    np.testing.assert_allclose(grid.longitude.place_around(-180 + 2 * cols), cols)


def test_a_scene_in_radians_or_of_quite_other_pixels_is_refused(scene):
    places = ("latitude", "longitude")
    radians = scene.assign_coords(
        {name: (scene[name].dims, np.deg2rad(scene[name].values)) for name in places}
    )
    for other in (radians, scene.isel(y=slice(0, 90)).coarsen(y=6, x=6).mean()):
        with pytest.raises(UsageError, match=r"degrees, the model learned on 2"):
            face.predict(Model(), other)


def test_limits_that_lie_elsewhere_are_not_used_and_that_is_said(scene):
    cells = np.full((2, 12, 23), 100, np.float32)
    model = Model()
    model.limits = as_dataset(cells, RECIPE.inputs.limit, LATITUDE[:45] / 2, LONGITUDE[:90] / 2)
    without = Model()
    without.limits = None
    found, bare = (face.predict(each, scene) for each in (model, without))
    np.testing.assert_array_equal(found["cloud_probability"], bare["cloud_probability"])
    assert (found["quality_flag"].values & cf.OTHER_GRID).all()
    assert "does not cover this scene: not used" in found.attrs["history"]
    assert not (bare["quality_flag"].values & cf.OTHER_GRID).any()


def test_a_product_lies_as_its_scene_does(scene, background, tmp_path):
    write_background(background, tmp_path / "b.nc")
    straight = face.predict(Model(), scene, background=tmp_path / "b.nc")
    turned = face.predict(Model(), TURNED["all of it"](scene), background=tmp_path / "b.nc")
    turned = turned.assign_coords(longitude=np.mod(turned["longitude"].values + 180, 360) - 180)
    turned = turned.sortby("longitude").sortby("latitude", ascending=False)
    for name in ("cloud_probability", "cloud_mask", "quality_flag"):
        np.testing.assert_allclose(turned[name].values, straight[name].values, atol=0.0041)
    assert turned.attrs["cloud_cover"] == pytest.approx(straight.attrs["cloud_cover"], abs=1e-3)


def test_a_background_elsewhere_or_of_another_instrument_is_named(scene, background, tmp_path):
    other = background.assign_attrs(instrument="seviri")
    write_background(other, tmp_path / "other.nc")
    with pytest.raises(InputError, match=r"other\.nc \[instrument\]: is of seviri"):
        face.predict(Model(), scene, background=tmp_path / "other.nc")
    paths = [tmp_path / str(seed) for seed in (2, 3)]
    for path in paths:
        path.touch()
    part = build_background(
        paths, RECIPE, open_scene=lambda path: make_scene(int(path.name)).isel(x=slice(0, 60))
    )
    write_background(part, tmp_path / "part.nc")
    with pytest.raises(InputError, match=r"part\.nc: the background does not cover"):
        face.predict(Model(), scene, background=tmp_path / "part.nc")


@pytest.mark.parametrize(
    "degrees",
    [
        (LATITUDE**2 / 90, LONGITUDE),
        (LATITUDE, np.sort(np.random.default_rng(0).uniform(-180, 180, COLS))),
        (np.where(LATITUDE > 80, np.nan, LATITUDE), LONGITUDE),
        (LATITUDE * 2, LONGITUDE),
        (LATITUDE, LONGITUDE * 3),
        (LATITUDE[:1], LONGITUDE),
        (LATITUDE, np.concatenate([LONGITUDE[:50], LONGITUDE[90:]])),
    ],
)
def test_what_is_no_plate_carree_grid_is_refused(degrees):
    with pytest.raises(UsageError, match=r"the scene's (latitude|longitude)"):
        place(*degrees)
