import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.inputs.texture import NAMES, SCALES, SHAPE, normalise, texture, to_binned
from nephoscope.simulate.fractal import fractal


def noise(seed=0, level=1.0):
    return np.random.default_rng(seed).normal(600, level, SHAPE)


def named(image):
    return dict(zip(NAMES, texture(image), strict=True))


def test_binning_is_the_exact_block_mean():
    frame = np.random.default_rng(0).integers(0, 16384, (512, 640)).astype(np.int16)
    binned = to_binned(frame)
    assert (binned.shape, binned.dtype) == (SHAPE, np.float32)
    for row, col in [(0, 0), (5, 77), (127, 159)]:
        block = frame[4 * row : 4 * row + 4, 4 * col : 4 * col + 4]
        assert binned[row, col] == np.float32(block.mean())
    np.testing.assert_array_equal(to_binned(binned), binned)


def test_missing_pixels_are_left_out_of_a_block_and_a_frame_of_another_size_is_centred():
    frame = np.ones((512, 640), np.float32)
    frame[0, 0], frame[0, 1], frame[4:8, 4:8] = np.nan, 5, np.nan
    binned = to_binned(frame)
    assert binned[0, 0] == pytest.approx((14 + 5) / 15)
    assert np.isnan(binned[1, 1])
    assert to_binned(np.ones((520, 700))).shape == SHAPE
    with pytest.raises(ValueError, match="at least"):
        to_binned(np.ones((100, 640)))


@pytest.mark.parametrize("how", ["min_max", "mean_std"])
def test_a_frame_is_scaled_by_itself(how):
    scaled = normalise(noise(), how)
    if how == "min_max":
        assert (scaled.min(), scaled.max()) == (0, 1)
    else:
        assert scaled.mean() == pytest.approx(0, abs=1e-5)
        assert scaled.std() == pytest.approx(1, rel=1e-5)
    assert not normalise(np.full(SHAPE, 7.0), how).any()
    assert np.isnan(normalise(np.full(SHAPE, np.nan), how)).all()


def test_another_normalisation_is_refused():
    with pytest.raises(ValueError, match="neither min_max nor mean_std"):
        normalise(noise(), "z")


@given(
    scale=st.floats(0.1, 10),
    offset=st.floats(-1e5, 1e5),
    seed=st.integers(0, 5),
)
def test_neither_scale_nor_offset_changes_a_feature(scale, offset, seed):
    field = 8 * fractal(np.random.default_rng(seed), SHAPE, 1.6) + noise(seed)
    np.testing.assert_allclose(
        texture(scale * field + offset), texture(field), rtol=2e-4, atol=2e-4
    )


def test_white_noise_is_as_rough_at_every_distance():
    found = named(noise(1, 3.0))
    for scale in SCALES:
        assert np.exp(found[f"rough_{scale}"]) == pytest.approx(1, abs=0.05)
    assert np.exp(found["cells_8"]) == pytest.approx(1 / 8, abs=0.02)
    assert found["spectrum_slope"] == pytest.approx(0, abs=0.1)
    assert found["skewness"] == pytest.approx(0, abs=0.05)
    assert np.exp(found["kurtosis"]) == pytest.approx(3, abs=0.2)


def test_smooth_gradients_and_patterns_of_rows_and_columns_are_no_texture():
    rng = np.random.default_rng(2)
    y, x = np.mgrid[-1:1:128j, -1:1:160j]
    smooth = 40 * x - 25 * y + 30 * (x**2 + y**2)
    lines = rng.normal(0, 5, 160) + rng.normal(0, 5, (128, 1))
    plain, shaped = named(noise(2)), named(noise(2) + smooth + lines)
    for name in NAMES:
        if name.startswith(("rough", "cells")):
            assert shaped[name] == pytest.approx(plain[name], abs=0.25), name
    assert shaped["tilt"] == pytest.approx(np.log(np.hypot(40, 25) + 1), abs=0.2)


def test_cloud_is_rougher_with_distance():
    field = 20 * fractal(np.random.default_rng(3), SHAPE, 1.8) + noise(3)
    found = named(field)
    rough = [found[f"rough_{scale}"] for scale in SCALES]
    assert np.all(np.diff(rough) > 0)
    assert rough[-1] > 2
    assert found["cells_16"] > 1
    assert found["spectrum_slope"] < -1


@pytest.mark.parametrize("value", [0.0, 600.0, np.nan])
def test_a_frame_without_anything_in_it_has_no_features(value):
    assert texture(np.full(SHAPE, value)) is None


def test_missing_rows_change_little():
    field = 8 * fractal(np.random.default_rng(4), SHAPE, 1.6) + noise(4)
    holed = field.copy()
    holed[40:44] = np.nan
    whole, found = named(field), named(holed)
    for scale in SCALES:
        assert found[f"rough_{scale}"] == pytest.approx(whole[f"rough_{scale}"], abs=0.2)
