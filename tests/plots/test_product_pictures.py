"""`nephoscope plot PRODUCT --curtain TRACK`: map, curtains and 3-D view of what a product says."""

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import profile_factory as made
from nephoscope.cli import app
from nephoscope.cli.run_report import picture_of
from nephoscope.errors import UsageError
from nephoscope.plots import product_pictures
from nephoscope.plots.product_pictures import along_track_pictures
from nephoscope.products.zarr_store import write_zarr


@pytest.fixture(scope="module")
def product():
    return made.product()


def test_curtains_are_those_of_product_and_track(product):
    pictures = dict(along_track_pictures(product, made.track(product)))
    assert list(pictures) == ["", "_curtain", "_mask_curtain", "_view_3d"]
    upper, lower = pictures["_curtain"].axes[:2]
    assert upper.get_ylabel().startswith("prediction")
    assert lower.get_ylabel().startswith("truth")
    said = np.asarray(upper.collections[0].get_array())
    # South first; the levels go down from 19.8 km.
    assert said.shape == (made.ROWS, made.LEVELS, 3)
    level = int(np.argmin(np.abs(made.ALTITUDE - 11000)))
    assert said[-1, level].tolist() == [76, 25, 157]
    assert said[0, level].tolist() == [0, 0, 0]
    mask = np.asarray(pictures["_mask_curtain"].axes[0].collections[0].get_array())
    assert mask[-1, level].tolist() == [255, 255, 255]


def test_walls_of_three_profiles_in_a_pixel_are_as_wide_as_of_one(product, monkeypatch):
    """A radar's profiles lie closer than pixels."""
    drawn = []
    monkeypatch.setattr(product_pictures, "plot_volume", lambda *given: drawn.append(given))
    track = made.track(product)
    thrice = track.isel(profile=np.repeat(np.arange(track.sizes["profile"]), 3))
    for each in (track, thrice):
        assert "_view_3d" in dict(along_track_pictures(product, each))
    for one, other in zip(drawn[0][1:4], drawn[1][1:4], strict=True):
        np.testing.assert_array_equal(one, other)


def test_levels_may_rise_and_probabilities_make_a_mask(product):
    probability = np.where(
        product["cloud_type"].values < 0, 255, 250 * (product["cloud_type"].values > 0)
    )
    packed = {"scale_factor": 0.004, "_FillValue": np.uint8(255)}
    masks = product.drop_vars("cloud_type").assign(
        cloud_probability=(("level", "y", "x"), probability.astype(np.uint8), packed)
    )
    pictures = dict(
        along_track_pictures(masks.isel(level=slice(None, None, -1)), made.track(product))
    )
    assert list(pictures) == ["", "_mask_curtain"]
    said = np.asarray(pictures["_mask_curtain"].axes[0].collections[0].get_array())
    level = int(np.argmin(np.abs(made.ALTITUDE - 11000)))
    assert said[-1, level].tolist() == [255, 255, 255]
    assert said[-1, 0].tolist() == [0, 0, 0]


def test_a_track_elsewhere_and_a_product_without_levels_are_refused(product):
    with pytest.raises(UsageError, match="no profile of the track"):
        next(along_track_pictures(product, made.track(made.product(-40, 20))))
    flat = product.drop_vars("cloud_type")
    with pytest.raises(UsageError, match="no levels"):
        next(along_track_pictures(flat, made.track(product)))


def test_the_quick_look_of_columns_is_a_map(product):
    titles = [axes.get_title() for axes in picture_of(product, None).axes]
    assert "cloud-top height" in titles


def test_the_verb_draws_the_map_and_what_is_below_the_track(product, tmp_path, monkeypatch):
    (tmp_path / "m1.nc").touch()
    monkeypatch.setattr("nephoscope.products.read.open_packed", lambda path: product)
    tracks = {"good.hdf": made.track(product), "far.hdf": made.track(made.product(-40, 20))}
    monkeypatch.setattr("nephoscope.instruments.tracks.open_track", lambda path: tracks[path.name])
    words = ["plot", str(tmp_path / "m1.nc"), "-o", str(tmp_path / "out"), "--curtain"]
    done = CliRunner().invoke(app, [*words, "good.hdf"])
    assert done.exit_code == 0, done.output
    names = ["m1.png", "m1_curtain.png", "m1_mask_curtain.png", "m1_view_3d.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert sorted(done.stdout.split()) == [str(tmp_path / "out" / name) for name in names]
    failed = CliRunner().invoke(app, [*words, "far.hdf"])
    assert failed.exit_code == 1
    assert "failed: " in failed.stderr
    assert "no profile of the track" in failed.stderr
    (tmp_path / "m2.nc").touch()
    aside = CliRunner().invoke(app, [*words[:2], str(tmp_path / "m2.nc"), *words[2:], "far.hdf"])
    assert aside.exit_code == 0, aside.output
    assert aside.stderr.count("left out: ") == 2
    wrong = CliRunner().invoke(app, [*words, "good.hdf", "--kind", "simulated"])
    assert wrong.exit_code == 2


def test_a_product_in_zarr_is_drawn_by_name_and_in_a_folder(product, tmp_path):
    write_zarr(product, tmp_path / "in" / "m1.zarr")
    cube = product.assign_attrs(title="a cube")
    del cube.attrs["map_id"]
    write_zarr(cube, tmp_path / "in" / "cube.zarr")
    for place, out in ((tmp_path / "in", "a"), (tmp_path / "in" / "m1.zarr", "b")):
        done = CliRunner().invoke(app, ["plot", str(place), "-o", str(tmp_path / out)])
        assert done.exit_code == 0, done.output
        assert [path.name for path in (tmp_path / out).iterdir()] == ["m1.png"]


def test_a_scene_is_opened_on_demand(product, tmp_path, monkeypatch):
    (tmp_path / "m1.nc").touch()
    (tmp_path / "m1.h5").touch()
    said = product.assign_attrs(instrument="polder", source_path="m1.h5")
    monkeypatch.setattr("nephoscope.products.read.open_packed", lambda path: said)
    opened = []

    def open_scene(path, instrument, **options):
        opened.append((path.name, instrument, options))
        image = np.zeros((1, *product["quality_flag"].shape), np.float32)
        return xr.Dataset({"image": (("channel", "y", "x"), image)}, {"channel": ["thetav_00"]})

    monkeypatch.setattr("nephoscope.instruments.open_scene", open_scene)
    words = ["plot", str(tmp_path / "m1.nc"), "-o", str(tmp_path / "out"), "--maps", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert opened == [("m1.h5", "polder", {"lazy": True})]
