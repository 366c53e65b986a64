"""Half orbits from file to product: in bands, flagged, and nothing said where nothing is known."""

import shutil

import h5py
import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import nephoscope
import polder_factory as half_orbits
from nephoscope.apply.bulk import maker_of
from nephoscope.apply.network import Predictor
from nephoscope.apply.strips import Strips
from nephoscope.cli import app
from nephoscope.errors import InputError
from nephoscope.instruments import instrument_named
from nephoscope.models import load_model
from nephoscope.models.guard import Span
from nephoscope.models.pixel_guard import PixelGuard
from nephoscope.products.read import open_packed

SEEN = {"views": (14.0, 16.0), "view_zenith": (0.0, 8.0), "solar_zenith": (20.0, 60.0)}
ACCEPTED = {"views": (0.0, 16.0), "view_zenith": (0.0, 90.0), "solar_zenith": (0.0, 63.0)}
FEW, GLINT, GEOMETRY = 256, 512, 1024


@pytest.fixture(scope="session")
def polder_model(tmp_path_factory):
    """A small network of first weights, with a guard."""
    spans = {name: Span(SEEN[name], ACCEPTED[name]) for name in SEEN}
    guard = PixelGuard(spans, instrument_named("polder").CONDITIONS)
    recipe = half_orbits.recipe_of(network={"name": "mlp", "options": {"hidden": [8]}})
    return half_orbits.untrained(tmp_path_factory.mktemp("polder") / "model", recipe, guard)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Two half orbits, in a folder whose name has a space."""
    folder = tmp_path_factory.mktemp("raw") / "half orbits"
    for number in (1, 2):
        half_orbits.write_swath(folder / "2008_06_03", 100 + number, number)
    return folder


@pytest.fixture(scope="module")
def products(raw, polder_model, tmp_path_factory):
    out = tmp_path_factory.mktemp("products")
    call("predict", polder_model.folder, raw, "-o", out, "--no-picture")
    return sorted((out / "2008_06_03").glob("*.nc"))


def call(*words, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


def opened(path):
    with xr.open_dataset(path) as product:
        return product.load()


def test_products_say_all_that_the_task_says(products, raw):
    assert [path.stem for path in products] == [
        "080101M_2008-06-03T11-40-54", "080102M_2008-06-03T11-46-54",
    ]  # fmt: skip
    product = opened(products[0])
    scene = nephoscope.open_scene(sorted(raw.rglob("*.h5"))[0])
    assert dict(product.sizes) == {"level": 9, "y": 60, "x": 70, "bnds": 2}
    for name in ("row", "origin", "latitude", "longitude"):
        np.testing.assert_allclose(product[name], scene[name], atol=2e-5)
    assert product["time"] == scene["time"]
    np.testing.assert_array_equal(product["altitude"], half_orbits.ALTITUDE)
    assert product["cloud_type"].dims == ("level", "y", "x")
    top, mask = product["cloud_top_height"], product["cloud_mask"]
    np.testing.assert_array_equal(np.isfinite(top), mask == 1)
    assert 0 < float((mask == 1).mean()) < 1
    assert "2B-CLDCLASS" in product.attrs["references"]


def test_nothing_is_said_where_nothing_was_seen_or_the_sun_is_too_low(products):
    product = opened(products[0])
    unknown = np.zeros((60, 70), bool)
    unknown[:, half_orbits.BLIND] = unknown[:, half_orbits.NIGHT] = True
    for name in ("cloud_mask", "cloud_type", "cloud_probability", "cloud_top_height_if_cloudy"):
        values = product[name].values.reshape(-1, 60, 70)
        np.testing.assert_array_equal(np.isnan(values).all(axis=0), unknown)
    np.testing.assert_array_equal(product["quality_flag"].values & 1 > 0, unknown)
    assert product.attrs["missing_share"] == pytest.approx(unknown.mean())


def test_flags_say_why_to_trust_a_pixel_less(products):
    product = opened(products[0])
    flag = product["quality_flag"]
    names = flag.attrs["flag_meanings"].split()
    assert dict(zip(names, flag.attrs["flag_masks"].tolist(), strict=True)) == {
        "missing": 1, "background_absent": 16, "not_requested": 32,
        "other_grid_than_learned": 64, "few_views": FEW, "glint": GLINT,
        "geometry_outside_training": GEOMETRY,
    }  # fmt: skip
    few, outside = np.zeros((60, 70), bool), np.zeros((60, 70), bool)
    few[:, half_orbits.FEW] = few[:, half_orbits.BLIND] = True
    # Of five views the steepest looks 24 degrees aside.
    outside[:, half_orbits.FEW] = outside[:, half_orbits.NIGHT] = True
    np.testing.assert_array_equal(flag.values & FEW > 0, few)
    np.testing.assert_array_equal(flag.values & GEOMETRY > 0, outside)
    assert not (flag.values & 16).any()
    assert "number of views not within 14 to 16" in flag.attrs["comment"]


def test_the_sea_glitters_where_a_view_looks_at_the_suns_image(polder_model, tmp_path):
    mirror = np.full((16, 60, 70), 180.0)
    path = half_orbits.write_swath(tmp_path, phi=mirror, thetas=np.full((16, 60, 70), 10.0))
    product = opened(nephoscope.predict(polder_model, path, output=tmp_path / "out"))
    glint = product["quality_flag"].values & GLINT > 0
    assert not glint[:, half_orbits.LAND].any()
    assert glint[:, 21:30].all()


def test_the_whole_scene_and_its_bands_are_the_same(products, raw, polder_model):
    for path, file in zip(products, sorted(raw.rglob("*.h5")), strict=True):
        scene = nephoscope.open_scene(file, fields=half_orbits.FIELDS)
        xr.testing.assert_equal(
            nephoscope.predict(polder_model, scene).drop_attrs(), opened(path).drop_attrs()
        )


def test_bands_hold_some_rows_of_the_image(raw, polder_model, monkeypatch):
    maker = maker_of(polder_model)
    held = []
    read = Strips._read

    def watched(self, start, stop):
        read(self, start, stop)
        held.append(self._held.shape[1])

    monkeypatch.setattr(Strips, "_read", watched)
    scene = instrument_named("polder").read(
        sorted(raw.rglob("*.h5"))[0], fields=half_orbits.FIELDS, lazy=True
    )
    maker.product(scene)
    assert len(held) > 2
    assert max(held) <= 2 * 24


def test_no_tile_is_computed_where_nothing_is_known(raw, polder_model, monkeypatch):
    scene = nephoscope.open_scene(sorted(raw.rglob("*.h5"))[0], fields=half_orbits.FIELDS)
    tiles, run = [], Predictor.run

    def counted(self, inputs, wanted):
        tiles.append(inputs.shape)
        return run(self, inputs, wanted)

    monkeypatch.setattr(Predictor, "run", counted)
    predictor = Predictor(polder_model, workers=1)
    whole = predictor.variables(predictor.view_of(scene), polder_model.decision)
    count = len(tiles)
    scene["known"][20:50] = False
    gap = predictor.variables(predictor.view_of(scene), polder_model.decision)
    assert len(tiles) - count < count
    for rows in (slice(0, 20), slice(50, 60)):
        xr.testing.assert_equal(gap.isel(y=rows), whole.isel(y=rows))
    assert (gap["cloud_mask"][20:50] == 255).all()


def test_a_zarr_store_holds_what_the_netcdf_holds(products, raw, polder_model, tmp_path):
    words = ["predict", polder_model.folder, raw, "-o", tmp_path, "--format", "zarr"]
    assert "2 done" in call(*words, "--no-picture")
    for path in products:
        store = tmp_path / "2008_06_03" / f"{path.stem}.zarr"
        with xr.open_zarr(store, chunks=None) as found:
            xr.testing.assert_equal(found.load(), opened(path))
    packed = open_packed(store)
    xr.testing.assert_equal(packed, open_packed(products[1]))
    assert packed["cloud_type"].dtype == np.int8
    next((store / "cloud_type").rglob("c/*/*/*")).write_bytes(b"damaged")
    with pytest.raises(InputError, match="no Zarr store that can be read"):
        open_packed(store)
    shutil.rmtree(store)
    assert "1 done, 1 skipped" in call(*words, "--no-picture")
    assert store.is_dir()


def test_what_is_done_is_skipped_and_damage_is_named(products, raw, polder_model, tmp_path):
    folder = shutil.copytree(raw, tmp_path / "raw")
    first, second = sorted(folder.rglob("*.h5"))
    with h5py.File(first) as file:
        info = file["Data_Directional_Fields/I670P"].id.get_chunk_info(40)
    with first.open("r+b") as file:
        file.seek(info.byte_offset)
        file.write(b"\xff" * info.size)
    cut = folder / "2008_06_03" / first.name.replace("080101M", "080103M")
    cut.write_bytes(second.read_bytes()[:100_000])
    words = ["predict", polder_model.folder, folder, "-o", tmp_path / "out", "--no-picture"]
    said = call(*words, code=1)
    assert "1 done, 0 skipped" in said
    assert "2 failed" in said
    assert "is damaged" in said
    assert cut.name in said
    shutil.copy(sorted(raw.rglob("*.h5"))[0], first)
    cut.unlink()
    assert "1 done, 1 skipped" in call(*words)
    there = sorted((tmp_path / "out").rglob("*.nc"))
    for path, expected in zip(there, products, strict=True):
        xr.testing.assert_equal(opened(path), opened(expected))


def test_a_file_that_lacks_a_field_of_the_recipe_is_named(raw, polder_model, tmp_path):
    path = shutil.copy(sorted(raw.rglob("*.h5"))[0], tmp_path)
    with h5py.File(path, "a") as file:
        del file["Data_Directional_Fields/I763NP"]
    said = call("predict", polder_model.folder, path, "-o", tmp_path / "out", code=1)
    assert "I763NP" in said
    assert "is missing" in said


def test_a_half_orbit_at_night_is_all_unknown(polder_model, tmp_path):
    path = half_orbits.write_swath(tmp_path, thetas=np.full((16, 60, 70), 89.0))
    product = opened(nephoscope.predict(polder_model, path, output=tmp_path / "out"))
    assert np.isnan(product["cloud_mask"]).all()
    assert product.attrs["missing_share"] == 1
    assert np.isnan(product.attrs["cloud_cover"])


def test_options_of_maps_and_frames_are_refused(raw, polder_model, tmp_path):
    for option in (
        ["--bbox", "0,0,9,9"], ["--layout", "legacy"], ["--flavour", "grey"], ["--format", "fits"]
    ):  # fmt: skip
        said = call("predict", polder_model.folder, raw, "-o", tmp_path / "out", *option, code=2)
        assert option[0] in said
    assert not (tmp_path / "out").exists()


def test_products_keep_the_conventions(products, checked_by_cf):
    checked_by_cf(products[0])


def test_a_model_keeps_its_guard(polder_model):
    again = load_model(polder_model.folder).guard
    assert isinstance(again, PixelGuard)
    assert again.plain() == polder_model.guard.plain()
    card = (polder_model.folder / "card.md").read_text()
    assert "- number of views: 14 to 16\n" in card
    assert "- solar zenith angle: 20 to 60 degrees; nothing is said beyond 0 to 63" in card
