"""Each kind of frame meets its own models; the state decides about the mask; doubt is said."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from scipy.io import savemat

from nephoscope.apply import chain
from nephoscope.apply.classify import FrameClassifier
from nephoscope.apply.frame_models import chain_models, sky_name
from nephoscope.apply.network import Predictor
from nephoscope.apply.segmented import cut_at, state_of_mask
from nephoscope.errors import InputError, UsageError
from nephoscope.formulas import fit_clear_reference, write_camera_background, zscale_log_otsu
from nephoscope.instruments import open_scene
from nephoscope.models import load_model
from nephoscope.tasks.mask import is_cloud, published
from nephoscope.tasks.sky_state import temperatures_of

sys.path.insert(0, str(Path(__file__).parent))
from sky_runs import chain_of


def judged(path, model="sky", **options):
    return chain_of(model, **options).judge(open_scene(path))


def segmented(path, model):
    image = open_scene(path)["image"].values
    place = np.zeros(image.shape[1]), np.zeros(image.shape[2])
    return published(Predictor(load_model(model), workers=1).predict_image(image, *place))


def test_a_cloudy_frame_is_segmented(small_zoo, frames, tmp_path):
    path = frames.cloudy(tmp_path / "a.fits")
    result, facts = judged(path)
    expected = segmented(path, "sky-thermal")
    assert result.state == "cloudy"
    np.testing.assert_array_equal(result.probability, expected)
    np.testing.assert_array_equal(result.mask, expected >= 0.5)
    assert 0 < result.cloud_fraction < 1
    assert facts["MASKMOD"][0] == "sky-thermal"
    assert facts["MASKSHA"][0] == load_model("sky-thermal").weights_sha256
    assert facts["STATEMOD"][0] == "sky-state"


def test_a_clear_frame_has_no_cloud_and_its_probability_is_that_of_frame_times_pixel(
    small_zoo, frames, tmp_path
):
    path = frames.clear(tmp_path / "a.fits")
    result, _ = judged(path)
    scene = open_scene(path)
    verdict = FrameClassifier(load_model("sky-state")).judge(
        scene["image"].values[0], temperatures_of(scene.attrs)
    )
    assert (result.state, result.p_cloudy) == ("clear", verdict.p_cloudy)
    likely = verdict.p_cloudy * segmented(path, "sky-thermal")
    np.testing.assert_array_equal(result.probability, published(likely))
    assert not result.mask.any()
    assert result.cloud_fraction == 0
    assert "cannot be excluded" in result.note


def test_a_clear_frame_stays_clear_under_a_low_threshold(small_zoo, frames, tmp_path):
    path = frames.clear(tmp_path / "a.fits")
    result, _ = judged(path, threshold=0.001)
    np.testing.assert_array_equal(result.mask, is_cloud(result.probability, 0.001))


def test_a_featureless_frame_of_unknown_temperatures_is_unknown_and_says_why(
    small_zoo, frames, tmp_path
):
    path = frames.write(tmp_path / "a.fits", frames.counts())
    result, facts = judged(path)
    assert result.state == "unknown"
    assert "temperatures are not known" in result.note
    assert (result.mask == -1).all()
    assert np.isnan(result.probability).all()
    assert math.isnan(result.cloud_fraction)
    assert "MASKMOD" not in facts


@pytest.fixture
def reference(frames, tmp_path):
    paths = [frames.clear(tmp_path / f"{seed}.fits", seed) for seed in range(6)]
    write_camera_background(tmp_path / "clear.nc", fit_clear_reference(map(open_scene, paths)))
    return tmp_path / "clear.nc"


def test_a_reference_tells_overcast_from_clear(small_zoo, frames, tmp_path, reference):
    warm = frames.write(
        tmp_path / "warm.fits", frames.counts(9, level=850), **{"FPA-TEMP": 5.3, "SHU-TEMP": 5.0,
        "AMB-TEMP": 5.1},
    )  # fmt: skip
    overcast, facts = judged(warm, background=reference)
    assert (overcast.state, overcast.cloud_fraction) == ("cloudy", 1.0)
    assert facts["MASKMOD"][0] == "clear-excess"
    clear, _ = judged(frames.clear(tmp_path / "b.fits", 10), background=reference)
    assert (clear.state, clear.cloud_fraction) == ("clear", 0.0)
    assert "as warm as this camera's clear sky" in clear.note


def test_a_reference_that_does_not_fit_the_frame_is_not_used_and_that_is_said(
    small_zoo, frames, tmp_path, reference
):
    hot = frames.write(tmp_path / "hot.fits", frames.counts(0, 60), **{"FPA-TEMP": 45.0,
                       "SHU-TEMP": 45.0, "AMB-TEMP": 44.0})  # fmt: skip
    result, facts = judged(hot, background=reference)
    assert "clear reference not used: ambient_temperature 44.0 is beyond" in result.note
    assert facts["MASKMOD"][0] == "sky-thermal"


@pytest.mark.parametrize(("white", "state"), [(0.5, "cloudy"), (0.0, "clear")])
def test_the_state_of_a_colour_frame_is_that_of_its_mask(
    small_zoo, frames, tmp_path, white, state, monkeypatch
):
    path = frames.colour(tmp_path / "a.png", white)
    # An untrained network knows nothing of white: put in one that does.
    monkeypatch.setattr(
        chain, "guarded_frame", lambda _, image, names: ((image[0] / 255).astype(np.float32), None)
    )
    result, facts = judged(path)
    assert result.state == state
    assert result.cloud_fraction == pytest.approx(white)
    assert result.p_cloudy == pytest.approx(215 / 255 if white else 40 / 255, abs=0.002)
    assert facts["MASKMOD"][0] == "sky-colour"
    assert "STATEMOD" not in facts


@given(
    arrays(np.float32, (6, 10), elements=st.floats(0, 1, width=32)),
    arrays(bool, (6, 10)),
    st.floats(0.01, 1),
)
def test_a_mask_makes_a_frame_cloudy_from_a_twentieth_of_its_known_pixels_on(
    probability, missing, threshold
):
    probability[missing] = np.nan
    verdict = state_of_mask(probability, np.float32(threshold))
    mask = cut_at(probability, threshold)
    np.testing.assert_array_equal(mask == -1, missing)
    known = int((~missing).sum())
    if not known:
        assert verdict.state == "unknown"
    else:
        assert (verdict.state == "cloudy") == (int((mask == 1).sum()) >= math.ceil(0.05 * known))


def test_a_grey_frame_of_unknown_kind_is_unknown(small_zoo, frames, tmp_path):
    path = tmp_path / "a.fits"
    fits.PrimaryHDU(frames.counts(0, 60).astype(np.uint16)).writeto(path)
    result, _ = judged(path)
    assert result.state == "unknown"
    assert "does not say that it is thermal" in result.note
    forced, _ = judged(path, "sky-thermal")
    assert forced.state == "unknown"
    np.testing.assert_array_equal(forced.probability, segmented(path, "sky-thermal"))


def test_an_irccam_frame_is_compared_with_its_own_clear_sky(small_zoo, tmp_path):
    clear = np.full((130, 170), 230.0)
    seen = clear.copy()
    seen[:65] += 20
    savemat(tmp_path / "a.mat", {"BT": seen, "TB": clear, "mask": np.ones_like(clear)})
    result, facts = judged(tmp_path / "a.mat")
    assert (result.state, result.cloud_fraction) == ("cloudy", 0.5)
    assert facts["MASKMOD"][0] == "clear-excess"


def test_a_formula_makes_the_mask_whatever_the_state(small_zoo, frames, tmp_path):
    path = frames.clear(tmp_path / "a.fits")
    result, facts = judged(path, "zscale-log-otsu")
    expected = zscale_log_otsu(open_scene(path)["image"].values[0]).mask
    np.testing.assert_array_equal(result.mask, expected)
    np.testing.assert_array_equal(result.probability, expected)
    assert (result.state, facts["MASKMOD"][0]) == ("clear", "zscale-log-otsu")
    with pytest.raises(UsageError, match="sets its own"):
        chain_of("otsu", threshold=0.3)


@pytest.mark.parametrize("name", ["blue-red", "blue-red-hybrid"])
def test_a_formula_of_colours_takes_colour_frames_alone(small_zoo, frames, tmp_path, name):
    pixels = np.full((32, 40, 3), (60, 90, 150), np.uint8)
    pixels[:16] = 200, 205, 210
    pixels[:, 20:] += np.arange(20, dtype=np.uint8)[:, None]  # so that it is no constant picture
    Image.fromarray(pixels).save(tmp_path / "b.png")
    result, facts = judged(tmp_path / "b.png", name)
    np.testing.assert_array_equal(result.mask, np.repeat([[1], [0]], 16, axis=0) + np.zeros(40))
    assert (result.state, result.cloud_fraction) == ("cloudy", 0.5)
    assert facts["MASKMOD"][0] == name
    with pytest.raises(InputError, match=rf"is a thermal frame, and '{name}' is not for these"):
        judged(frames.cloudy(tmp_path / "a.fits"), name)
    with pytest.raises(UsageError, match="sets its own"):
        chain_of(name, threshold=0.3)


def test_a_state_model_says_nothing_of_pixels(small_zoo, frames, tmp_path):
    result, _ = judged(frames.cloudy(tmp_path / "a.fits"), "sky-state")
    assert result.state == "cloudy"
    assert (result.mask == -1).all()


def test_a_model_that_is_named_segments_every_frame_of_its_kind_and_refuses_others(
    small_zoo, frames, tmp_path
):
    path = frames.clear(tmp_path / "a.fits")
    result, _ = judged(path, str(small_zoo / "sky-thermal"))
    np.testing.assert_array_equal(result.probability, segmented(path, "sky-thermal"))
    with pytest.raises(InputError, match=r"a.fits \[image\]: is a thermal frame, and 'sky-colour'"):
        judged(path, "sky-colour")
    with pytest.raises(InputError, match=r"b.png \[image\]: is a colour frame, and 'otsu'"):
        judged(frames.colour(tmp_path / "b.png"), "otsu")


def test_a_model_that_is_missing_is_named_with_the_frame(small_zoo, frames, tmp_path, monkeypatch):
    monkeypatch.setattr("nephoscope.apply.chain.load_model", _only_that_of_states)
    with pytest.raises(InputError, match=r"a.fits \[image\]: is a thermal .* 'sky-thermal'"):
        judged(frames.cloudy(tmp_path / "a.fits"))


def _only_that_of_states(name):
    if name == "sky-state":
        return load_model(name)
    raise UsageError(f"no model '{name}': neither a folder nor shipped")


@pytest.mark.parametrize(
    ("pixels", "problem"),
    [
        ("saturated", r"\[image\]: is saturated: 6.2% of the pixels"),
        ("rows", r"\[image\]: holds no number in 3 rows, the first of them 10"),
    ],
)
def test_frames_of_which_nothing_should_be_said(small_zoo, frames, tmp_path, pixels, problem):
    if pixels == "saturated":
        counts = frames.counts()
        counts[:8] = 16383
    else:
        counts = frames.counts().astype(np.float32)
        counts[10:13] = np.nan
    path = frames.write(tmp_path / "a.fits", counts)
    with pytest.raises(InputError, match=problem):
        judged(path)


def test_names(small_zoo):
    assert all(map(sky_name, ["sky", "sky-thermal", "sky-colour", "sky-state", "otsu"]))
    assert sky_name(str(small_zoo / "sky-colour"))
    assert chain_models(str(small_zoo / "sky-colour")).masks.keys() == {"colour"}
    with pytest.raises(UsageError, match="no model 'cirrus'"):
        chain_models("cirrus")


@pytest.mark.parametrize("wrong", [{"threshold": 1.5}, {"min_blob": 0}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError):
        chain_of(**wrong)
