"""The picture shows what the product says: missing is grey, cloud is outlined."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.errors import OutputError
from nephoscope.plots import quicklook as q
from nephoscope.plots.quicklook import quicklook, save_picture
from nephoscope.products.netcdf import write_netcdf
from product_factory import mars_product, mars_scene

ROWS, COLS = 181, 360


@pytest.fixture
def scene() -> xr.Dataset:
    image = np.full((3, ROWS, COLS), 90, np.float32)
    image[:, 100:140, 60:100] = np.nan
    return mars_scene(image)


@pytest.fixture
def product(scene) -> xr.Dataset:
    probability = np.zeros((ROWS, COLS), np.float32)
    probability[40:80, 200:260] = 0.9
    probability[np.isnan(scene["image"].values[0])] = np.nan
    outside = np.abs(scene["latitude"].values)[:, None] > 70
    return mars_product(probability, scene, 0.5, outside=outside)


def colours_of(figure, axes: int) -> np.ndarray:
    return np.asarray(figure.axes[axes].images[0].get_array())


def test_title_names_map_season_cover_and_missing(product, scene):
    title = quicklook(product, scene).get_suptitle()
    share = f"{product.attrs['missing_share']:.1%}"
    # The share grows where the clear polar rows do not count.
    inside, everywhere = (
        product.attrs[name] for name in ("cloud_cover_within_seasonal_bounds", "cloud_cover")
    )
    assert inside > everywhere
    cover = f"cloud cover {inside:.1%} within the seasonal bounds"
    for part in ("P01_day01", "Mars year 28", "Ls 132.5°", cover, f"{share} of the map missing"):
        assert part in title


def test_missing_is_grey_in_every_part_and_named(product, scene):
    figure = quicklook(product, scene)
    wide = colours_of(figure, 2)
    inside = wide[52:68, 32:48]
    assert (inside == q._NO_DATA).all()
    assert (colours_of(figure, 1)[26:34, 16:24] == q._NO_DATA).all()
    legend = [text.get_text() for text in figure.axes[2].get_legend().get_texts()]
    assert "no data" in legend
    assert any("seasonal bounds" in text for text in legend)


def test_only_edges_between_cloudy_and_clear_are_outlined(product, scene):
    wide = colours_of(quicklook(product, scene), 2)
    outlined = (wide == q._OUTLINE).all(axis=-1)
    expected = np.zeros_like(outlined)
    expected[20:40, 100:130] = True
    expected[21:39, 101:129] = False
    np.testing.assert_array_equal(outlined, expected)


def test_what_was_not_asked_for_has_its_own_grey(product, scene):
    blank = np.zeros((ROWS, 1), bool)
    blank[:20] = True
    ones = np.ones((ROWS, COLS), np.float32)
    figure = quicklook(mars_product(ones, scene, 0.5, blank=blank), None)
    assert (colours_of(figure, 1)[:4] == q._NOT_ASKED).all()
    legend = [text.get_text() for text in figure.axes[2].get_legend().get_texts()]
    assert "not asked for" in legend


def test_no_probability_has_a_colour_of_what_was_not_predicted():
    steps = np.arange(251, dtype=np.uint8)
    colours = q._probability_colours(steps, np.zeros_like(steps)).astype(int)
    for grey in (q._NO_DATA, q._NOT_ASKED):
        assert np.abs(colours - grey).max(axis=1).min() > 40
    # Nor have outline and threshold a grey or a colour of the scale.
    assert np.abs(colours - q._OUTLINE).max(axis=1).min() > 40


def test_the_mark_on_the_scale_is_the_threshold_and_named(product, scene):
    figure = quicklook(product, scene)
    (mark,) = figure.axes[3].lines
    assert mark.get_ydata() == [product.attrs["threshold"]] * 2
    named = {
        text.get_text(): handle
        for text, handle in zip(
            figure.axes[2].get_legend().get_texts(),
            figure.axes[2].get_legend().legend_handles,
            strict=True,
        )
    }
    assert named["threshold, on the scale"].get_color() == mark.get_color()
    assert "edge of cloud mask" in named


def test_a_whole_map_has_a_grid_of_meridians_and_parallels(product, scene):
    axes = quicklook(product, scene).axes[2]
    assert axes.get_xticks().tolist() == list(range(-180, 181, 60))
    assert all(line.get_visible() for line in [*axes.get_xgridlines(), *axes.get_ygridlines()])


def test_a_decoded_product_is_drawn_as_the_packed_one(product, scene):
    pairs = zip(
        quicklook(product, scene).axes, quicklook(xr.decode_cf(product), scene).axes, strict=True
    )
    for packed, decoded in pairs:
        for ours, theirs in zip(packed.images, decoded.images, strict=True):
            np.testing.assert_array_equal(ours.get_array(), theirs.get_array())


def test_a_map_of_which_nothing_is_known_is_grey_and_says_so(scene):
    nothing = mars_product(np.full((ROWS, COLS), np.nan, np.float32), scene, 0.5)
    figure = quicklook(nothing, scene)
    for axes in (1, 2):
        assert (colours_of(figure, axes) == q._NO_DATA).all()
    assert "cloud cover unknown" in figure.get_suptitle()
    assert "100.0% of the map missing" in figure.get_suptitle()


def test_axes_are_degrees(product, scene):
    axes = quicklook(product, scene).axes[2]
    assert axes.get_xlabel() == "Longitude (° east)"
    assert axes.images[0].get_extent() == [-180.5, 179.5, -90.5, 90.5]


def test_png_is_1600_pixels_wide(product, scene, tmp_path):
    save_picture(quicklook(product, scene), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (q.WIDTH, q.HEIGHT)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_picture_that_cannot_be_written_is_named(product, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"a\.png"):
        save_picture(quicklook(product), tmp_path / "file" / "a.png")


def test_plot_remakes_pictures_and_names_what_is_no_product(product, tmp_path):
    write_netcdf(product, tmp_path / "in" / "P" / "P01_day01.nc")
    runner = CliRunner()
    done = runner.invoke(app, ["plot", str(tmp_path / "in"), "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "P" / "P01_day01.png").is_file()
    (tmp_path / "in" / "bad.nc").write_bytes(b"no")
    done = runner.invoke(app, ["plot", str(tmp_path / "in"), "-o", str(tmp_path / "again")])
    assert done.exit_code == 1
    assert "bad.nc" in done.stderr
    assert (tmp_path / "again" / "P" / "P01_day01.png").is_file()


def test_two_products_for_one_picture_are_refused_and_one_given_twice_is_drawn_once(
    product, tmp_path
):
    for folder in ("one", "two"):
        write_netcdf(product, tmp_path / folder / "P01_day01.nc")
    write_netcdf(product, tmp_path / "one" / ".snapshot" / "P01_day01.nc")
    one, two, out = tmp_path / "one", tmp_path / "two", tmp_path / "out"
    refused = CliRunner().invoke(app, ["plot", str(one), str(two), "-o", str(out)])
    assert refused.exit_code == 2
    assert "would both become P01_day01.png" in refused.stderr
    assert not out.exists()
    again = str(one / "P01_day01.nc")
    done = CliRunner().invoke(app, ["plot", str(one), again, "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert [path.name for path in out.rglob("*.png")] == ["P01_day01.png"]


def test_plot_draws_on_the_maps_that_predict_was_given(product, scene, tmp_path, monkeypatch):
    product.attrs["source_path"] = "P/P01/P01_day01.jpg"
    write_netcdf(product, tmp_path / "in" / "P01_day01.nc")
    source = tmp_path / "maps" / "P" / "P01" / "P01_day01.jpg"
    source.parent.mkdir(parents=True)
    source.touch()
    opened = []

    def open_scene(path, instrument):
        opened.append((Path(path), instrument))
        return scene

    monkeypatch.setattr("nephoscope.instruments.open_scene", open_scene)
    words = ["plot", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--maps"]
    for maps in (tmp_path / "maps", source):
        done = CliRunner().invoke(app, [*words, str(maps)])
        assert done.exit_code == 0, done.output
    assert opened == [(source, "marci")] * 2
    done = CliRunner().invoke(app, [*words, str(tmp_path / "elsewhere")])
    assert done.exit_code == 0, done.output
    assert len(opened) == 2


def test_a_scene_of_other_channels_and_without_a_map_is_drawn_in_grey(scene):
    grey = scene.isel(channel=[0, 1]).assign_coords(channel=["near", "far"])
    grey["image"][0, :90] = 10
    product = mars_product(np.ones((ROWS, COLS), np.float32), grey, 0.5)
    figure = quicklook(product.rename_dims(latitude="y", longitude="x").reset_coords(), grey)
    upper, lower = colours_of(figure, 0)[10, 40], colours_of(figure, 0)[40, 40]
    assert len({*upper.tolist()}) == len({*lower.tolist()}) == 1
    assert upper[0] < lower[0]
    assert figure.axes[0].get_xlabel() == ""
