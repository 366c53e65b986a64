"""Series of slots with all that goes wrong: gaps, doubles, other satellites, what lacks, ends."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import ice_factory
import seviri_factory
from nephoscope.cli import app
from nephoscope.errors import OutputError
from nephoscope.files import write_bytes
from nephoscope.instruments import seviri
from nephoscope.instruments.seviri import CHANNELS
from nephoscope.products import cube as cube_module

ROW, COL, ROWS, COLS = 1800, 1500, 40, 48
STEP = np.timedelta64(15, "m")
MISSING, LACKING = 1, 2048
REACH = 2
"""Pixels to every side that the network sees."""


SMALL_TILES = {"tile": [24, 24], "overlap": 8}


@pytest.fixture(scope="session")
def ice_model(tmp_path_factory):
    pytest.importorskip("satpy")
    recipe = ice_factory.recipe_of(network=ice_factory.CONV, apply=SMALL_TILES)
    return ice_factory.untrained(tmp_path_factory.mktemp("ice") / "model", recipe).folder


def picture(seed=0):
    image = seviri_factory.draw_image(ROWS, COLS, seed=seed)
    return np.where(np.isnan(image), np.nanmean(image, axis=(1, 2), keepdims=True), image)


def write(folder, number=0, image=None, channels=CHANNELS, **options):
    """A slot: `number` slots behind noon."""
    from nephoscope.simulate.earth.seviri import write_native

    folder.mkdir(parents=True, exist_ok=True)
    return write_native(folder, picture(number) if image is None else image, channels,
                        seviri_factory.NOON + number * STEP, first_row=ROW, first_col=COL,
                        **options)  # fmt: skip


def call(*words, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


def predicted(model, raw, out, *words, code=0):
    return call("predict", model, raw, "-o", out, "--no-picture", *words, code=code)


def opened(path):
    with xr.open_dataset(path) as product:
        return product.load()


def in_store(path):
    with xr.open_zarr(path, chunks=None) as held:
        return held.isel(time=held["status"].values == 1).load()


def contents(folder):
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_pixel_without_measurements_is_missed_as_far_as_the_network_looks(ice_model, tmp_path):
    whole = picture()
    holed = whole.copy()
    holed[:, 21, 30] = np.nan
    for name, image in (("whole", whole), ("holed", holed)):
        write(tmp_path / name, image=image)
        predicted(ice_model, tmp_path / name, tmp_path / f"{name}_out", "--format", "netcdf")
    one, other = (
        opened(next((tmp_path / f"{name}_out").glob("*.nc"))) for name in ("whole", "holed")
    )
    row, col = np.ogrid[:ROWS, :COLS]
    reached = (abs(row - 21) <= REACH) & (abs(col - 30) <= REACH)
    for name in ("iwc", "iwc_p95", "ice_number_concentration", "cloud_probability"):
        assert not np.isnan(one[name]).any()
        gone = np.isnan(other[name].values)
        assert gone[:, 21, 30].all()
        assert not gone[:, ~reached].any()
        np.testing.assert_array_equal(
            one[name].values[:, ~reached], other[name].values[:, ~reached]
        )
    assert int(other["quality_flag"][21, 30]) & MISSING
    assert int(other["quality_flag"][21, 30]) & LACKING
    assert not (other["quality_flag"].values[~reached] & (MISSING | LACKING)).any()


@pytest.mark.parametrize("tile", [[20, 28], [16, 48]])
def test_a_shifted_tiling_says_the_same(tmp_path, tile):
    """Up to the ends of the scene, where the network is told that nothing was measured beyond."""
    import nephoscope
    from nephoscope.apply.network import Predictor

    thermal = ice_factory.THERMAL
    features = {"picture": thermal, "valid": [f"measured_{name}" for name in thermal[1:]]}
    recipe = ice_factory.recipe_of(
        network=ice_factory.CONV, inputs={"features": features}, apply=SMALL_TILES
    )
    path, model = write(tmp_path), ice_factory.untrained(tmp_path / "model", recipe)
    scene = nephoscope.open_scene(path, **model.recipe.read)
    recipe = model.recipe.model_copy(
        update={"apply": model.recipe.apply.model_copy(update={"tile": tuple(tile)})}
    )
    found = []
    for each in (model, dataclasses.replace(model, recipe=recipe)):
        predictor = Predictor(each, 1)
        bands = [fields for _, fields in predictor.bands(predictor.view_of(scene))]
        found.append({
            name: np.concatenate([band[name] for band in bands], axis=-2) for name in bands[0]
        })  # fmt: skip
    for name, values in found[0].items():
        assert np.abs(values - found[1][name]).max() <= 1e-4 * values.std(), name


@pytest.mark.slow
def test_a_run_that_was_killed_ends_as_one_that_was_not(ice_model, tmp_path, monkeypatch):
    for number in range(3):
        write(tmp_path / "raw", number)
    predicted(ice_model, tmp_path / "raw", tmp_path / "whole")
    (store,) = (tmp_path / "whole").glob("cube_*.zarr")
    wanted = contents(store)
    for killed_at in (0, 5, 17, 30):
        out, left = tmp_path / f"killed{killed_at}", [killed_at]

        def killed(path, content, left=left):
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            write_bytes(path, content)

        with monkeypatch.context() as patch:
            patch.setattr(cube_module, "write_bytes", killed)
            CliRunner().invoke(app, ["predict", str(ice_model), str(tmp_path / "raw"), "-o",
                                     str(out), "--no-picture"])  # fmt: skip
        in_store(out / store.name)
        predicted(ice_model, tmp_path / "raw", out)
        assert contents(out / store.name) == wanted


@pytest.mark.slow
def test_a_full_disk_leaves_a_store_that_is_whole(ice_model, tmp_path, monkeypatch):
    for number in range(3):
        write(tmp_path / "raw", number)
    predicted(ice_model, tmp_path / "raw", tmp_path / "whole")
    (store,) = (tmp_path / "whole").glob("cube_*.zarr")
    out, left = tmp_path / "full", [20]

    def full(path, content):
        left[0] -= 1
        if left[0] < 0:
            raise OutputError(f"{path}: could not be written: No space left on device")
        write_bytes(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(cube_module, "write_bytes", full)
        said = predicted(ice_model, tmp_path / "raw", out, code=1)
    assert "No space left" in said
    assert "not tried" in said
    held, whole = in_store(out / store.name), in_store(store)
    assert held.sizes["time"] == 1
    xr.testing.assert_identical(held, whole.isel(time=[0]))
    predicted(ice_model, tmp_path / "raw", out)
    assert contents(out / store.name) == contents(store)


@pytest.mark.slow
def test_a_slot_is_predicted_once_and_gaps_are_named(ice_model, tmp_path):
    for number in (0, 1, 4):
        write(tmp_path / "raw", number)
    shutil.copytree(tmp_path / "raw", tmp_path / "raw" / "again")
    said = predicted(ice_model, tmp_path / "raw", tmp_path / "out")
    assert "3 done" in said
    assert "left out: 3 second files of a slot" in said
    assert "left out: 1 gaps in the series" in said
    (store,) = (tmp_path / "out").glob("cube_*.zarr")
    with xr.open_zarr(store, chunks=None) as held:
        status = held["status"].sel(time=slice("2010-06-11T12:00", "2010-06-11T13:00")).values
        np.testing.assert_array_equal(status, [1, 1, 0, 0, 1])
        gap = held["iwc"].sel(time="2010-06-11T12:30")
        assert np.isnan(gap).all()


@pytest.mark.slow
def test_of_two_satellites_the_one_that_saw_more_is_taken(ice_model, tmp_path):
    for number in (0, 1, 3):
        write(tmp_path / "raw", number)
    for number in (1, 2):
        write(tmp_path / "raw", number, picture(9), satellite="Meteosat-10")
    said = predicted(ice_model, tmp_path / "raw", tmp_path / "out")
    assert "left out: 1 pictures of a second satellite of the same slot" in said
    journal = (tmp_path / "out" / "predict-journal.jsonl").read_text().splitlines()
    names = [json.loads(line)["input"].rpartition("/")[2][:4] for line in journal]
    assert sorted(names) == ["MSG2", "MSG2", "MSG2", "MSG3"]


def test_another_service_has_a_store_of_its_own(ice_model, tmp_path):
    write(tmp_path / "raw")
    write(tmp_path / "raw", satellite="Meteosat-8", longitude=41.5)
    predicted(ice_model, tmp_path / "raw", tmp_path / "out")
    stores = {path.name: in_store(path) for path in (tmp_path / "out").glob("cube_*.zarr")}
    assert [*sorted(stores)] == [
        "cube_2010_40x48-at-1800-1500.zarr", "cube_2010_41.5e_40x48-at-1800-1500.zarr"
    ]  # fmt: skip
    east = [float(store["longitude"].mean()) for _, store in sorted(stores.items())]
    assert east[1] - east[0] == pytest.approx(41.5, abs=0.01)


def test_a_dead_channel_is_named_and_flagged(ice_model, tmp_path):
    image = picture()
    image[CHANNELS.index("WV_073")] = np.nan
    write(tmp_path / "raw", image=image)
    said = predicted(ice_model, tmp_path / "raw", tmp_path / "out", "--format", "netcdf")
    assert "WV_073 holds no measurement" in said
    (line,) = (tmp_path / "out" / "predict-journal.jsonl").read_text().splitlines()
    assert json.loads(line)["lacking"] == ["WV_073 holds no measurement above dark space"]
    product = opened(next((tmp_path / "out").glob("*.nc")))
    flag = product["quality_flag"].values
    assert (flag & LACKING > 0).all()
    assert "WV_073" in product.attrs["missing_input"]


@pytest.mark.slow
def test_missing_segments_are_named_and_flagged(ice_model, tmp_path):
    native = write(tmp_path / "native")
    names = [name for name in CHANNELS if name not in ("VIS006", "VIS008", "IR_016")]
    parts = [
        (name, number) for name in names for number in (4, 5) if (name, number) != (names[3], 5)
    ]
    raw = seviri_factory.write_hrit(tmp_path / "raw", native, sorted(parts))
    box = opened_box(native)
    said = predicted(ice_model, raw, tmp_path / "out", "--format", "netcdf", f"--bbox={box}")
    assert f"{names[3]} segment 5 is missing" in said
    product = opened(next((tmp_path / "out").glob("*.nc")))
    assert (product["quality_flag"].values & LACKING > 0).all()
    assert "segment 5" in product.attrs["missing_input"]


def opened_box(path):
    import nephoscope

    scene = nephoscope.open_scene(path)
    (west, east), (south, north) = (
        (float(scene[name].min()), float(scene[name].max())) for name in ("longitude", "latitude")
    )
    return f"{west},{south},{east},{north}"


def test_two_boxes_in_one_folder_stand_side_by_side(ice_model, tmp_path):
    """Neither replaces the other's picture or is done again; lines name slots that are there."""
    raw, out = tmp_path / "raw", tmp_path / "out"
    write(raw)
    scene, asked = seviri.read(next(raw.iterdir())), []
    for first, last in ((0, 14), (20, 39)):
        within = scene.isel(y=slice(first, last), x=slice(first, last))
        places = within["longitude"].values, within["latitude"].values
        box = ",".join(f"{end(each):.3f}" for end in (np.nanmin, np.nanmax) for each in places)
        words = ("predict", ice_model, raw, "-o", out, f"--bbox={box}", "-v")
        said = call(*words)
        store = max(out.glob("cube_*.zarr"), key=lambda path: path.stat().st_mtime_ns)
        assert f"1/1 done slot 2010-06-11T12:00 of {store}" in said
        assert f"1/1 skipped slot 2010-06-11T12:00 of {store}" in call(*words)
        facts = json.loads(call(*words[:-1], "--json").splitlines()[0])
        assert (facts["output"], facts["slot"]) == (str(store), "2010-06-11T12:00")
        asked.append(words)
    assert len(list(out.glob("cube_*.zarr"))) == 2
    pictures = sorted((out / "pictures").rglob("*.png"))
    assert len({path.name for path in pictures}) == 1
    assert len({path.parent.name for path in pictures}) == len(pictures) == 2
    assert "1/1 skipped" in call(*asked[0])


def test_ahead_of_a_run_slots_are_called_as_their_pictures(ice_model, tmp_path):
    write(tmp_path / "raw")
    said = predicted(ice_model, tmp_path / "raw", tmp_path / "out", "--dry-run")
    assert f"1/1 not yet slot MSG2-201006111200 of {tmp_path / 'out'}" in said
