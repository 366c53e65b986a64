"""The clear reference finds the camera it was made of; what has no reference is unknown."""

import dataclasses

import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.formulas import (
    clear_excess,
    excess,
    fit_clear_reference,
    read_camera_background,
    write_camera_background,
)
from nephoscope.formulas.excess import FEATURELESS, features_of
from nephoscope.instruments.skycam import read as read_frame

SHAPE = (64, 80)
Y, X = np.mgrid[-1 : 1 : SHAPE[0] * 1j, -1 : 1 : SHAPE[1] * 1j]
PATTERN = 20 * X + 15 * Y**2
PATTERN -= PATTERN.mean()


def scene(image, ambient=None, fpa=None, name="frame.fits"):
    facts = {"ambient_temperature": ambient, "fpa_temperature": fpa}
    return xr.Dataset(
        {"image": (("channel", "y", "x"), image[None].astype(np.float32), {"units": "adu"})},
        attrs={"source_files": [name]} | {k: v for k, v in facts.items() if v is not None},
    )


def clear_frame(seed, level_noise=1.0, noise=4.0):
    rng = np.random.default_rng(seed)
    ambient, fpa = rng.uniform(-5, 15), rng.uniform(-2, 18)
    level = 600 + 4.0 * ambient + 2.5 * fpa + rng.normal(0, level_noise)
    return scene(level + PATTERN + rng.normal(0, noise, SHAPE), ambient, fpa)


@pytest.fixture(scope="module")
def reference():
    return fit_clear_reference(clear_frame(seed) for seed in range(40))


def test_the_fit_finds_the_camera(reference):
    assert reference.predictors == ("ambient_temperature", "fpa_temperature")
    assert reference.coefficients[1:] == pytest.approx([4.0, 2.5], abs=0.15)
    assert reference.level_noise == pytest.approx(1.0, rel=0.4)
    assert reference.pixel_noise == pytest.approx(4.0, rel=0.05)
    assert np.abs(reference.pattern - PATTERN).max() < 2


def test_cloud_is_found_with_its_warmth_and_clear_sky_stays_clear(reference):
    clear = clear_frame(100)
    warm = np.zeros(SHAPE)
    warm[20:40, 10:50] = 80
    cloudy = clear.assign(image=clear["image"] + np.float32(warm))
    assert np.abs(excess(cloudy, reference) - warm).mean() < 6
    result = clear_excess(cloudy, reference)
    assert ((result.mask == 1) == (warm > 0)).mean() > 0.99
    assert result.probability[30, 30] > 0.99
    assert (clear_excess(clear, reference).mask == 1).mean() < 0.01


def test_an_overcast_frame_is_cloud_only_because_the_reference_says_so(reference):
    clear = clear_frame(101)
    overcast = clear.assign(image=clear["image"] + np.float32(300))
    assert (clear_excess(overcast, reference).mask == 1).all()
    assert (clear_excess(overcast).mask == -1).all()
    assert "no clear reference" in clear_excess(overcast).note


def test_without_temperatures_a_featureless_frame_is_unknown_and_says_why(reference):
    result = clear_excess(scene(700 + PATTERN), reference)
    assert (result.mask == -1).all()
    assert "ambient_temperature is not in the header" in result.note


def test_temperatures_far_beyond_the_fit_do_not_count(reference):
    result = clear_excess(scene(700 + PATTERN, 45.0, 5.0), reference)
    assert (result.mask == -1).all()
    assert "beyond" in result.note


def test_a_frame_with_features_is_compared_with_its_own_darkest_part():
    warm = np.where(np.hypot(X, Y) < 0.6, 300.0, 0.0)
    result = clear_excess(scene(700 + warm))
    np.testing.assert_array_equal(result.mask == 1, warm > 0)
    assert "darkest part" in result.note


def test_an_irccam_frame_brings_its_own_clear_sky():
    frame = xr.Dataset(
        {
            "image": (("channel", "y", "x"), np.full((1, 4, 5), 250, np.float32), {"units": "K"}),
            "clear_reference": (("y", "x"), np.full((4, 5), 230, np.float32)),
        }
    )
    frame["image"][0, 0] = 231
    result = clear_excess(frame)
    np.testing.assert_array_equal(result.mask, [[0] * 5] + [[1] * 5] * 3)
    without = clear_excess(frame.drop_vars("clear_reference"))
    assert (without.mask == -1).all()


def test_a_reference_survives_the_disk(reference, tmp_path):
    path = tmp_path / "clear.nc"
    write_camera_background(path, reference)
    found = read_camera_background(path).clear
    for name, value in dataclasses.asdict(reference).items():
        np.testing.assert_array_equal(getattr(found, name), value)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(InputError, match=r"clear.nc \[pattern\]: is no clear reference"):
        read_camera_background(path)


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(UsageError, match="3 clear frames"):
        fit_clear_reference(clear_frame(seed) for seed in range(3))
    with pytest.raises(InputError, match=r"\[ambient_temperature\]"):
        fit_clear_reference([scene(PATTERN)])
    with pytest.raises(InputError, match="has shape"):
        fit_clear_reference([clear_frame(0), scene(PATTERN[:4], 1.0, 1.0)])


def test_the_real_clear_frame_has_no_features_and_the_cloudy_one_has(real_data):
    folder = real_data / "sky" / "raw"
    clear, cloudy = (read_frame(folder / f"{n}_sky_sample.fits") for n in ("clear", "cloud"))
    assert features_of(clear["image"].values[0]) < FEATURELESS / 3
    assert features_of(cloudy["image"].values[0]) > FEATURELESS * 3
    assert (clear_excess(clear).mask == -1).all()
    assert (clear_excess(cloudy).mask == 1).mean() > 0.4
