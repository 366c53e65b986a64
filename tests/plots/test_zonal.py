"""Zonal means: numbers against a count by hand, unknown pixels, many products, what is refused."""

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import profile_factory as made
from nephoscope.cli import app
from nephoscope.errors import UsageError
from nephoscope.plots.zonal import ZONES, plot_zonal, zonal_means
from nephoscope.products.netcdf import write_netcdf
from product_factory import mars_product, mars_scene

ALTITUDE = np.array([9000.0, 1000.0, 5000.0])


def mask_on_axes(*rows):
    """A product on three rows, at 10.5, 10.1 and -3 degrees north."""
    latitude, longitude = [10.5, 10.1, -3.0], np.arange(4.0)
    mask = ("latitude", "longitude"), np.array(rows, np.float64)
    return xr.Dataset({"cloud_mask": mask}, {"latitude": latitude, "longitude": longitude})


def on_levels(iwc, latitude):
    plane = ("y", "x")
    return xr.Dataset(
        {
            "cloud_mask": (plane, (np.nan_to_num(iwc).sum(axis=0) > 0).astype(float)),
            "iwc": (("level", *plane), iwc),
        },
        {"altitude": ("level", ALTITUDE), "latitude": (plane, latitude)},
    )


def zone(degrees):
    return int(np.searchsorted(ZONES, degrees, side="right")) - 1


def test_pixels_of_a_zone_are_counted_over_rows_and_products():
    nan = np.nan
    first = mask_on_axes([1, 0, nan, 0], [1, 1, 0, nan], [nan] * 4)
    second = mask_on_axes([0, 0, 0, 0], [1, nan, nan, nan], [1, 0, 1, 0])
    found = zonal_means([first, second])
    assert found.products == 2
    assert found.name == ""
    # Two rows lie in the zone from 10 to 11 degrees: 4 cloudy of 11 known.
    assert found.pixels[zone(10.5)] == 11
    assert found.cover[zone(10.5)] == pytest.approx(4 / 11)
    assert found.cover[zone(-3.0)] == pytest.approx(0.5)
    assert np.isnan(np.delete(found.cover, [zone(10.5), zone(-3.0)])).all()


def test_ice_is_averaged_at_each_height_over_what_is_known():
    rng = np.random.default_rng(3)
    latitude = rng.uniform(-89.9, 89.9, (30, 40))
    latitude[0, :5] = np.nan
    products = [on_levels(rng.gamma(1, 1e-4, (3, 30, 40)), latitude) for _ in range(2)]
    products[0]["iwc"][1, 3:9] = np.nan
    found = zonal_means(products)
    assert found.name == "iwc"
    for number in (0, 45, 90, 179):
        here = (latitude >= ZONES[number]) & (latitude < ZONES[number + 1])
        for level in range(3):
            all_of = np.concatenate([each["iwc"].values[level][here] for each in products])
            expected = np.nanmean(all_of) if np.isfinite(all_of).any() else np.nan
            assert found.levels[number, level] == pytest.approx(expected, nan_ok=True)
    mesh = plot_zonal(found).axes[0].collections[0]
    drawn = mesh.get_array()
    # Rows rise with the altitude, whatever the order of the levels.
    rising = 1000 * found.levels[:, np.argsort(ALTITUDE)].T
    rising = np.maximum(rising, 1e-3 * np.nanmax(rising))
    np.testing.assert_allclose(drawn.filled(np.nan), rising)


def test_classes_count_as_cloud_and_unknown_ones_do_not():
    product = made.product()
    decoded = xr.decode_cf(product)
    found = zonal_means([decoded])
    assert found.name == "cloud_type"
    types = decoded["cloud_type"].transpose(..., "y", "x").values
    known = np.isfinite(types) & (types >= 0)
    total = (types > 0)[known].sum()
    numbers = np.array([((np.floor(decoded["latitude"].values + 90) == n) & known).sum(axis=(1, 2))
                        for n in range(180)])  # fmt: skip
    assert np.nansum(found.levels * numbers) == pytest.approx(total)


@pytest.mark.parametrize(
    ("products", "said"),
    [
        ([], "no product"),
        ([mask_on_axes(*np.zeros((3, 4))).drop_vars("cloud_mask")], "cloud mask"),
        ([mask_on_axes(*np.zeros((3, 4))), on_levels(np.zeros((3, 2, 2)), np.zeros((2, 2)))],
         "another kind"),
    ],
)  # fmt: skip
def test_what_has_no_zonal_means_is_told(products, said):
    with pytest.raises(UsageError, match=said):
        zonal_means(products)


def test_the_verb_draws_all_maps_of_a_folder_in_one_picture(tmp_path):
    rows, cols = 181, 360
    scene = mars_scene(np.ones((3, rows, cols), np.float32))
    for number in range(2):
        product = mars_product(np.full((rows, cols), 0.9 * number, np.float32), scene, 0.5)
        write_netcdf(product, tmp_path / "in" / f"m{number}.nc")
    (tmp_path / "in" / "background_a.nc").write_bytes(b"none of the products")
    words = ["plot", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--kind", "zonal"]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output
    assert said.output.splitlines() == [str(tmp_path / "out" / "zonal.png")]
    assert (tmp_path / "out" / "zonal.png").stat().st_size > 0


def test_the_verb_draws_the_curves_of_trainings(tmp_path):
    for name, score in (("a", "f1"), ("b", "dice")):
        log = tmp_path / name / "logs" / "csv" / "metrics.csv"
        log.parent.mkdir(parents=True)
        log.write_text(f"epoch,{score},loss,step\n0,,0.7,9\n0,0.5,,9\n")
    (tmp_path / "c" / "logs" / "csv").mkdir(parents=True)
    (tmp_path / "c" / "logs" / "csv" / "metrics.csv").write_text("epoch,step\n")
    out = tmp_path / "out"
    runs = [str(tmp_path / name) for name in "abc"]
    assert CliRunner().invoke(app, ["plot", runs[0], "-o", str(out)]).exit_code == 0
    assert (out / "training.png").is_file()
    said = CliRunner().invoke(app, ["plot", *runs, "-o", str(out)])
    assert said.exit_code == 1
    assert "its log holds no loss and no score yet" in said.output
    assert {path.name for path in out.iterdir()} == {
        "training.png", "a_training.png", "b_training.png",
    }  # fmt: skip
