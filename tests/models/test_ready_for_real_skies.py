"""The shipped model of cloud ice before pictures that no simulator made: hot desert, dry air."""

import numpy as np
import pytest

import nephoscope
from nephoscope.apply.network_maker import NetworkMaker
from nephoscope.grids.geostationary import DISK, Geostationary
from nephoscope.instruments.seviri import CHANNELS
from nephoscope.models import list_models, load_model
from nephoscope.simulate.earth.seviri import write_native

SIDE, EDGE = 48, 13
OUTSIDE = 4096
NOON, MIDNIGHT = "2010-06-11T12:00", "2010-06-11T00:00"
DESERT = dict(
    VIS006=38, VIS008=46, IR_016=55, IR_039=330, WV_062=250, WV_073=272, IR_087=322, IR_097=297,
    IR_108=334, IR_120=331, IR_134=291,
)  # fmt: skip
"""The hottest ground of the published statistics of real pictures, % and K."""
DRY_SEA = dict(
    VIS006=3, VIS008=2, IR_016=1, IR_039=296, WV_062=263, WV_073=279, IR_087=294, IR_097=275,
    IR_108=297, IR_120=296, IR_134=275,
)  # fmt: skip
"""Below sinking air of the subtropics: vapour lies so low that its channels are warmest there."""
SKIES = {
    "hot desert by day": (DESERT, 23, 12, NOON),
    "warm desert by night": (
        DESERT | dict(IR_039=294, IR_087=288, IR_097=272, IR_108=295, IR_120=294, IR_134=272),
        23, 12, MIDNIGHT,
    ),
    "dry sky over the sea by day": (DRY_SEA | dict(IR_039=304), -20, -18, NOON),
    "dry sky over the sea by night": (DRY_SEA, -20, -18, MIDNIGHT),
}  # fmt: skip


@pytest.fixture(scope="module")
def model():
    pytest.importorskip("satpy")
    if "seviri" not in list_models():
        pytest.skip("no model 'seviri' is shipped")
    return load_model("seviri")


@pytest.fixture
def predicted(model, tmp_path):
    """What the model says of a picture of one kind of sky, with noise, and a cloud if wanted."""

    def predict(values, north, east, moment, cloud=None):
        rng = np.random.default_rng(1)
        level = np.array([values[name] for name in CHANNELS], np.float32)[:, None, None]
        noise = rng.normal(0, np.where(level > 150, 0.3, 0.01 * level), (len(CHANNELS), SIDE, SIDE))
        image = (level + noise).astype(np.float32)
        if cloud is not None:
            high = np.array([cloud[name] for name in CHANNELS], np.float32)[:, None, None]
            image[:, EDGE : SIDE - EDGE, EDGE : SIDE - EDGE] = high
        disk = Geostationary(longitude=0.0, rows=DISK, cols=DISK)
        row, col = (int(np.squeeze(line)) // 4 * 4 for line in disk.to_pixel(north, east))
        path = write_native(
            tmp_path, image, CHANNELS, np.datetime64(moment), first_row=row, first_col=col
        )
        maker = NetworkMaker(model)
        scene = nephoscope.open_scene(path, **model.recipe.read)
        return maker.product(scene).isel(y=slice(EDGE, -EDGE), x=slice(EDGE, -EDGE))

    return predict


@pytest.mark.parametrize("sky", SKIES)
def test_hot_ground_and_dry_air_are_clear_and_not_outside_of_the_training(sky, predicted):
    product = predicted(*SKIES[sky])
    assert product["cloud_mask"].values.mean() < 0.01
    assert np.median(product["column_cloud_probability"].values) < 0.2 / _scale(product)
    assert product["iwp"].values.mean() < 1e-3
    assert np.mean(product["quality_flag"].values & OUTSIDE > 0) < 0.05


def test_what_no_training_covered_is_flagged(predicted):
    values, *where = SKIES["hot desert by day"]
    product = predicted(values | {"WV_062": 285, "WV_073": 300}, *where)
    assert (product["quality_flag"].values & OUTSIDE > 0).mean() > 0.95


def test_an_anvil_over_hot_desert_is_cloud(predicted):
    cloud = DESERT | dict(
        VIS006=80, VIS008=78, IR_016=25, IR_039=230, WV_062=212, WV_073=212, IR_087=211,
        IR_097=213, IR_108=211, IR_120=210, IR_134=211,
    )  # fmt: skip
    product = predicted(*SKIES["hot desert by day"], cloud)
    # It stands up to three pixels south and west of where it is seen, as it is 17 km high.
    product = product.isel(y=slice(3, None), x=slice(None, -3))
    assert product["cloud_mask"].values.mean() > 0.95
    top = product["cloud_top_height"].values
    assert 10_000 < np.nanmedian(top[top > 0]) < 17_500


def _scale(product):
    """Of the packed probability."""
    return float(product["column_cloud_probability"].attrs.get("scale_factor", 1.0))
