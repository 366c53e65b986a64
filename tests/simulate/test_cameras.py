"""Pictures of many cameras: the same for the same number, unlike each other, cloud less blue."""

import numpy as np
import pytest
from PIL import Image

from nephoscope.inputs.blue_red import ratio_of
from nephoscope.instruments.skycam import read_label
from nephoscope.simulate.sky import simulate_cameras, simulate_sky
from nephoscope.simulate.sky.cameras import SIZES
from nephoscope.simulate.sky.colour import CLEAR, CLOUD, UNDEFINED

MANY = 24


@pytest.fixture(scope="module")
def pictures():
    return [simulate_cameras(5, number) for number in range(MANY)]


def test_a_picture_depends_on_seed_and_number_alone(pictures):
    again = simulate_cameras(5, 3)
    for found, before in zip(again, pictures[3], strict=True):
        np.testing.assert_array_equal(found, before)
    assert not np.array_equal(simulate_cameras(6, 3)[0], again[0])


def test_cameras_are_unlike_each_other(pictures):
    assert {mask.shape for _, mask in pictures} == set(SIZES)
    lenses = [(mask == UNDEFINED)[:5, :5].any() for _, mask in pictures]
    assert any(lenses)
    assert not all(lenses)
    clear = [
        np.log(np.maximum(picture[mask == CLEAR], 1).mean(axis=0))
        for picture, mask in pictures
        if (mask == CLEAR).mean() > 0.05
    ]
    assert np.std([blue - red for red, _, blue in clear]) > 0.1
    assert np.std([green for _, green, _ in clear]) > 0.15


def test_masks_hold_cloud_clear_sky_and_what_is_no_sky(pictures):
    for picture, mask in pictures:
        assert picture.dtype == mask.dtype == np.uint8
        assert set(np.unique(mask)) <= {UNDEFINED, CLEAR, CLOUD}
    shares = [(mask == CLOUD).sum() / max((mask != UNDEFINED).sum(), 1) for _, mask in pictures]
    assert min(shares) < 0.05
    assert max(shares) > 0.95


def test_within_a_picture_cloud_is_less_blue_than_clear_sky(pictures):
    less = []
    for picture, mask in pictures:
        ratio = ratio_of(np.moveaxis(picture, 2, 0))
        cloud, clear = (ratio[mask == kind] for kind in (CLOUD, CLEAR))
        if min(cloud.size, clear.size) > 0.05 * mask.size:
            less.append(np.nanmedian(cloud) < np.nanmedian(clear))
    assert len(less) > MANY / 4
    assert np.mean(less) > 0.8


def test_files_lie_as_those_of_the_other_colour_pictures(tmp_path):
    paths = simulate_sky(tmp_path, scenes=2, seed=5, flavour="cameras")
    assert [path.name for path in paths] == ["SIM-0000", "SIM-0001"]
    picture, mask = simulate_cameras(5, 1)
    np.testing.assert_array_equal(np.asarray(Image.open(paths[1])), picture)
    label = read_label(tmp_path / "masks" / "SIM-0001")
    np.testing.assert_array_equal(label == 1, mask == CLOUD)
