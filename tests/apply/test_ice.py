"""Slots of SEVIRI from raw files to products of cloud ice."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pyproj
import pytest
import xarray as xr
from typer.testing import CliRunner

import ice_factory
from nephoscope.apply.face import predict
from nephoscope.apply.network_maker import NetworkMaker
from nephoscope.cli import app
from nephoscope.errors import InputError
from nephoscope.instruments import open_scene
from nephoscope.instruments.seviri import CONDITIONS
from nephoscope.models import load_model
from nephoscope.models.guard import Span
from nephoscope.models.pixel_guard import PixelGuard
from nephoscope.plots.swath import plot_swath
from nephoscope.simulate.earth.seviri import simulate_slots

SIDE, STEP = 64, 240.0
NIGHT, TWILIGHT, OBLIQUE, LACKING, OUTSIDE = 256, 512, 1024, 2048, 4096
ON_LEVELS = ("iwc", "iwc_p05", "iwc_p50", "iwc_p95", "ice_number_concentration")


@pytest.fixture(scope="session")
def raw(tmp_path_factory):
    """Three slots of one region."""
    pytest.importorskip("satpy")
    folder = tmp_path_factory.mktemp("slots")
    simulate_slots(folder, 1, seed=3, size=SIDE, slots=3)
    return folder / "HRSEVIRI"


@pytest.fixture(scope="session")
def ice_model(tmp_path_factory):
    """A network that looks at a pixel and its neighbours, with a guard."""
    spans = {"IR_108": Span((200.0, 280.0), (100.0, 400.0))}
    recipe = ice_factory.recipe_of(network=ice_factory.CONV)
    folder = tmp_path_factory.mktemp("ice") / "model"
    return ice_factory.untrained(folder, recipe, PixelGuard(spans, CONDITIONS)).folder


@pytest.fixture(scope="session")
def products(raw, ice_model, tmp_path_factory):
    out = tmp_path_factory.mktemp("products")
    call("predict", ice_model, raw, "-o", out, "--no-picture", "--format", "netcdf")
    return sorted(out.rglob("*.nc"))


@pytest.fixture(scope="session")
def cube(raw, ice_model, tmp_path_factory):
    out = tmp_path_factory.mktemp("cube")
    call("predict", ice_model, raw, "-o", out, "--no-picture")
    return out


def call(*words, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


def opened(path, **options):
    with xr.open_dataset(path, **options) as product:
        return product.load()


def in_cube(out):
    (store,) = out.glob("cube_*.zarr")
    with xr.open_zarr(store, chunks=None) as held:
        return held.isel(time=held["status"].values == 1).load()


def test_every_variable_of_the_product_is_there(products):
    assert len(products) == 3
    product = opened(products[0])
    assert dict(product.sizes) == {"level": 64, "y": SIDE, "x": SIDE, "bnds": 2}
    columns = {"iwp", "iwp_p05", "iwp_p95", "cloud_top_height", "cloud_mask", "quality_flag"}
    assert {*ON_LEVELS, "cloud_probability", "crs"} | columns <= {*product.data_vars}
    assert not [name for name in product.data_vars if "in_cloud" in name]
    np.testing.assert_array_equal(product["altitude"], np.arange(16890, 1769, -240))
    np.testing.assert_array_equal(product["altitude_bnds"][0], [16770, 17010])
    assert product.attrs["column_geometry"] == "upright"


def test_columns_that_were_moved_to_where_their_top_is_seen_are_said_to_be(raw, ice_model):
    import nephoscope

    model = load_model(ice_model)
    model = replace(model, info={**model.info, "column_geometry": "moved_to_where_the_top_is_seen"})
    path = sorted(raw.rglob("*.nat"))[0]
    scene = nephoscope.open_scene(path, **model.recipe.read)
    product = NetworkMaker(model).product(scene.isel(y=slice(0, 30)))
    assert product.attrs["column_geometry"] == "moved_to_where_the_top_is_seen"
    assert "nearer to the one below the satellite" in product.attrs["comment"]


def test_the_path_is_the_integral_of_the_levels_that_are_written(products):
    for path in products:
        product = opened(path)
        thickness = np.ptp(product["altitude_bnds"].values, axis=1)
        path = (product["iwc"].values.astype(np.float64) * thickness[:, None, None]).sum(axis=0)
        assert path.max() > 0
        np.testing.assert_allclose(product["iwp"], path, rtol=1e-6)


def test_chosen_levels_have_a_path_of_their_own(products, raw, ice_model, tmp_path):
    call("predict", ice_model, raw, "-o", tmp_path, "--no-picture", "--format", "netcdf",
         "--levels", "5000,9000")  # fmt: skip
    whole, cut = (opened(paths[0]) for paths in (products, sorted(tmp_path.rglob("*.nc"))))
    kept = (whole["altitude"] >= 5000) & (whole["altitude"] <= 9000)
    np.testing.assert_array_equal(cut["altitude"], whole["altitude"][kept])
    for name in (*ON_LEVELS, "cloud_probability"):
        np.testing.assert_array_equal(cut[name], whole[name].isel(level=kept.values))
    path = cut["iwc"].values.astype(np.float64).sum(axis=0) * STEP
    np.testing.assert_allclose(cut["iwp"], path, rtol=1e-6)
    assert (cut["iwp"] < whole["iwp"]).any()
    assert not {"iwp_p05", "iwp_p95", "column_cloud_probability"} & {*cut.data_vars}


def test_places_are_those_of_pyproj(products):
    product = opened(products[0])
    crs = pyproj.CRS.from_cf(product["crs"].attrs)
    to_place = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    east, north = to_place.transform(*np.meshgrid(product["x"], product["y"]))
    np.testing.assert_allclose(product["longitude"], east, atol=2e-5)
    np.testing.assert_allclose(product["latitude"], north, atol=2e-5)
    with_grid = [name for name in product.data_vars if name != "crs"]
    assert {product[name].attrs["grid_mapping"] for name in with_grid} == {"crs"}


def test_the_cube_holds_what_the_files_hold(cube, products):
    held = in_cube(cube)
    assert held.sizes["time"] == 3
    np.testing.assert_array_equal(np.diff(held["time"]), np.timedelta64(900, "s"))
    for number, path in enumerate(products):
        product = opened(path)
        for name in (*ON_LEVELS, "iwp", "cloud_mask", "quality_flag", "cloud_probability"):
            np.testing.assert_array_equal(held[name][number], product[name], err_msg=name)
    for name in ("latitude", "longitude", "altitude_bnds", "x", "y"):
        np.testing.assert_array_equal(held[name], product[name])


def test_rounding_costs_less_than_a_hundredth(products, raw, ice_model):
    import nephoscope
    from nephoscope.apply.network import Predictor

    model = load_model(ice_model)
    scene = nephoscope.open_scene(sorted(raw.rglob("*.nat"))[0], **model.recipe.read)
    predictor = Predictor(model, 1)
    bands = list(predictor.bands(predictor.view_of(scene)))
    exact = np.concatenate([band["iwc"] for _, band in bands], axis=1)
    said = opened(products[0])["iwc"].values
    cloudy = said > 0
    assert cloudy.any()
    assert np.abs(said / np.where(cloudy, exact, 1) - 1)[cloudy].max() < 0.01


def test_light_and_what_was_never_learned_is_flagged(products, raw):
    import nephoscope

    product = opened(products[0], decode_cf=False)
    scene = nephoscope.open_scene(sorted(raw.rglob("*.nat"))[0])
    flag, sun = product["quality_flag"].values, scene["solar_zenith"].values
    np.testing.assert_array_equal(flag & NIGHT > 0, sun > 95)
    np.testing.assert_array_equal(flag & TWILIGHT > 0, (sun < 95) & (sun > 80))
    np.testing.assert_array_equal(flag & OBLIQUE > 0, scene["satellite_zenith"].values > 60)
    window = scene["image"].sel(channel="IR_108").values
    odd = (window < 200) | (window > 280)
    assert 0 < odd.mean() < 1
    np.testing.assert_array_equal(flag & OUTSIDE > 0, odd)
    assert not (flag & LACKING).any()
    folder = next(each for each in products[0].parents if [*each.glob("*journal.jsonl")])
    (journal,) = folder.glob("*journal.jsonl")
    line = json.loads(journal.read_text().splitlines()[0])
    assert line["flagged"]["outside_training"] == pytest.approx(odd.mean(), abs=1e-4)


def test_compliance_checker_finds_no_error(products, checked_by_cf):
    checked_by_cf(products[0])


@pytest.mark.filterwarnings("ignore")
def test_satpy_opens_a_product_that_is_named_as_it_names_files(products, tmp_path):
    satpy = pytest.importorskip("satpy")
    # satpy chooses by the name of a file; all else it takes from CF.
    path = tmp_path / "Meteosat-9-seviri-20071008011500-20071008013000.nc"
    shutil.copy(products[0], path)
    scene = satpy.Scene(reader="satpy_cf_nc", filenames=[str(path)])
    scene.load(["iwp"])
    product = opened(products[0])
    np.testing.assert_array_equal(scene["iwp"].values, product["iwp"].values)
    east, north = scene["iwp"].attrs["area"].get_lonlats()
    np.testing.assert_allclose(north, product["latitude"], atol=1e-3)
    np.testing.assert_allclose(east, product["longitude"], atol=1e-3)


def test_axes_are_told_as_viewers_of_cf_look_for_them(products):
    product = opened(products[0], decode_cf=False)
    axes = {name: product[name].attrs for name in ("x", "y", "altitude")}
    assert {name: each.get("axis") for name, each in axes.items()} == {
        "x": "X", "y": "Y", "altitude": "Z",
    }  # fmt: skip
    assert axes["altitude"]["standard_name"] == "altitude"
    assert axes["altitude"]["positive"] == "up"
    assert axes["x"]["standard_name"] == "projection_x_coordinate"
    assert axes["y"]["standard_name"] == "projection_y_coordinate"
    assert product["crs"].attrs["grid_mapping_name"] == "geostationary"


def test_a_box_and_times_choose_what_is_predicted(products, raw, ice_model, tmp_path):
    whole = opened(products[1])
    south, north = (float(whole["latitude"].quantile(q)) for q in (0.4, 0.6))
    west, east = (float(whole["longitude"].quantile(q)) for q in (0.4, 0.6))
    start = str(np.datetime64(products[1].stem[5:9] + "-" + products[1].stem[9:11] + "-"
                              + products[1].stem[11:13] + "T" + products[1].stem[13:15] + ":"
                              + products[1].stem[15:17]))  # fmt: skip
    end = str(np.datetime64(start) + np.timedelta64(15, "m"))
    call("predict", ice_model, raw, "-o", tmp_path, "--no-picture", "--format", "netcdf",
         f"--bbox={west},{south},{east},{north}", "--times", f"{start},{end}")  # fmt: skip
    (path,) = tmp_path.rglob("*.nc")
    assert path.name == products[1].name
    cut = opened(path)
    assert 4 < cut.sizes["y"] < SIDE
    inside = whole.sel(x=cut["x"], y=cut["y"])
    for name in ("latitude", "longitude"):
        np.testing.assert_array_equal(cut[name], inside[name])
    # Pixels whose neighbours are all within the box as well.
    for name in ON_LEVELS:
        np.testing.assert_array_equal(cut[name][:, 4:-4, 4:-4], inside[name][:, 4:-4, 4:-4])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--levels", "5000"), "write it as LOWEST,HIGHEST"),
        (("--levels", "20000,30000"), "no level is at"),
        (("--times", "2010-01-02,2010-01-01"), "FROM,TO"),
        (("--times", "noon"), "FROM,TO"),
    ],
)
def test_odd_choices_are_refused(words, said, raw, ice_model, tmp_path):
    assert said in call("predict", ice_model, raw, "-o", tmp_path / "out", *words, code=2)


def test_a_scene_without_the_channels_that_a_model_reads_says_how_to_open_it(raw, ice_model):
    path, model = sorted(raw.rglob("*.nat"))[0], load_model(ice_model)
    with pytest.raises(InputError, match=r"has not what model .* reads: .*model\.recipe\.read"):
        predict(model, open_scene(path, channels=["IR_108"]))
    whole = predict(model, open_scene(path, **model.recipe.read))
    assert np.isfinite(whole["cloud_mask"].values).all()


def test_of_a_scene_without_a_number_nothing_is_said(raw, ice_model):
    model = load_model(ice_model)
    scene = open_scene(sorted(raw.rglob("*.nat"))[0], **model.recipe.read)
    scene["image"][:] = np.nan
    product = predict(model, scene)
    for name in ("cloud_mask", "iwp", "cloud_top_height"):
        assert np.isnan(product[name].values).all(), name
    assert plot_swath(product).axes
