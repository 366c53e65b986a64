"""Sky of a fixed camera, found from many frames: what does not move with the clouds is no sky."""

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy import ndimage

from nephoscope.errors import InputError, UsageError
from nephoscope.formulas import SkyFinder, read_camera_background, write_camera_background

sys.path.insert(0, str(Path(__file__).parents[1]))
from fixed_camera import cloud_of, counts, fixed_parts, picture


def scene(pixels, flavour):
    image = np.asarray(pixels, np.float32)
    image = np.moveaxis(image, 2, 0) if image.ndim == 3 else image[None]
    attrs = {"flavour": flavour, "source_files": ["frame"]}
    return xr.Dataset({"image": (("channel", "y", "x"), image)}, attrs=attrs)


def inner(fixed):
    """Without the outermost pixels, of which each frame shows sky as well."""
    return ndimage.binary_erosion(fixed, border_value=1)


def found_in(scenes):
    finder = SkyFinder()
    for each in scenes:
        finder.add(each)
    return finder.found()


@pytest.mark.parametrize("size", [(96, 128), (150, 140)])
def test_mast_tree_and_dome_are_no_sky(size):
    sky = found_in(scene(picture(seed, *size), "colour") for seed in range(24))
    fixed, _ = fixed_parts(*size)
    assert (~sky)[inner(fixed)].mean() > 0.94
    assert sky[~fixed].mean() > 0.9
    share = [cloud_of(seed, *size)[~fixed].mean() for seed in range(24)]
    counted = [cloud_of(seed, *size)[sky].mean() for seed in range(24)]
    assert np.abs(np.subtract(share, counted)).mean() < 0.02


def test_a_large_frame_is_looked_at_reduced_and_the_mask_is_of_its_size():
    block = np.ones((10, 10), np.uint8)
    large = (np.kron(picture(seed), block[..., None])[:, :1275] for seed in range(12))
    sky = found_in(scene(each, "colour") for each in large)
    fixed = np.kron(fixed_parts()[0], block)[:, :1275] > 0
    assert sky.shape == (960, 1275)
    assert (~sky)[np.kron(inner(fixed_parts()[0]), block)[:, :1275] > 0].mean() > 0.98
    assert sky[~fixed].mean() > 0.9


def test_a_warm_mast_is_no_sky_of_a_thermal_camera_and_its_own_pattern_is():
    sky = found_in(scene(counts(seed)[0], "thermal") for seed in range(12))
    mast = counts(0)[1]
    assert (~sky)[mast].all()
    assert sky[~mast].mean() > 0.95


def test_a_thermal_camera_without_anything_before_the_sky_sees_sky_everywhere():
    clear = (np.where(counts(seed)[1], 650, counts(seed)[0]) for seed in range(12))
    rng = np.random.default_rng(0)
    assert found_in(scene(each + rng.normal(0, 3, each.shape), "thermal") for each in clear).all()


def test_frames_too_few_or_alike_tell_nothing():
    with pytest.raises(UsageError, match="9 frames: at least 10"):
        found_in(scene(picture(seed), "colour") for seed in range(9))
    with pytest.raises(UsageError, match=r"too much alike.*hours or days"):
        found_in(scene(picture(0), "colour") for _ in range(12))


def test_a_frame_of_another_size_or_kind_is_refused():
    finder = SkyFinder()
    finder.add(scene(picture(0), "colour"))
    with pytest.raises(InputError, match="unlike the frames before"):
        finder.add(scene(picture(0, 90, 128), "colour"))
    with pytest.raises(InputError, match="unlike the frames before"):
        finder.add(scene(counts(0, 96, 128)[0], "thermal"))
    assert finder.frames == 1


def test_the_sky_survives_the_disk_and_a_changed_file_does_not(tmp_path):
    sky, path = ~fixed_parts()[0], tmp_path / "a camera" / "sky.nc"
    path.parent.mkdir()
    write_camera_background(path, sky=sky)
    found = read_camera_background(path)
    assert found.clear is None
    assert found.horizon.sha256 == xr.load_dataset(path)["sky"].attrs["sha256"]
    np.testing.assert_array_equal(found.horizon.sky, sky)
    with xr.open_dataset(path, engine="h5netcdf", mask_and_scale=False) as content:
        changed = content.load()
    changed["sky"][0, 0] = 1 - changed["sky"][0, 0]
    changed.to_netcdf(tmp_path / "changed.nc", engine="h5netcdf")
    with pytest.raises(InputError, match="does not match the contents"):
        read_camera_background(tmp_path / "changed.nc")
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError, match=r"sky.nc"):
        read_camera_background(path)
