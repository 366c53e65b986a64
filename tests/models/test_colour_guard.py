"""The guard tells a sky by day from what is none, by what the training frames span."""

import numpy as np
import pytest
from benchmarks.wrong_skies import KINDS, wrong_sky

from nephoscope.apply.whole import reduced
from nephoscope.inputs import quantise
from nephoscope.instruments.skycam.pictures import grey
from nephoscope.models import load_model
from nephoscope.models.colour_guard import NUMBERS, ColourGuard, learn_colour_guard, measure
from nephoscope.models.guard import Span
from nephoscope.simulate.sky.colour import simulate_colour


@pytest.fixture(scope="module")
def shipped():
    return load_model("sky-colour").guard


def planes(picture):
    return np.ascontiguousarray(np.moveaxis(np.asarray(picture), 2, 0))


def seen(picture):
    """As the model looks at it: reduced, black is 1 DN."""
    return reduced(planes(picture).astype(np.float32), 480).image


def noisy(level, shape=(120, 160), spread=20.0, seed=0):
    values = np.random.default_rng(seed).normal(level, spread, (3, *shape))
    return np.clip(values, 1, 255).astype(np.uint8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [2, 5])
def test_a_picture_that_is_no_sky_by_day_is_refused(shipped, kind, seed):
    reason = shipped.doubt(seen(wrong_sky(kind, seed)))
    assert reason is not None
    assert "training frames have" in reason


def test_dark_and_white_are_called_what_they_are(shipped):
    assert "dark frame: brightness 2" in shipped.doubt(noisy(25, spread=2))
    assert shipped.doubt(np.full((3, 90, 90), 2, np.uint8)).startswith("dark frame: 0 % of the")
    assert "overexposed frame: brightness 255 DN" in shipped.doubt(
        np.full((3, 90, 90), 255, np.uint8)
    )


@pytest.mark.parametrize("index", range(6))
def test_a_simulated_day_is_not_refused(shipped, index):
    picture = simulate_colour(4, index)[0]
    assert shipped.doubt(seen(picture)) is None
    middle = picture[120:330, 140:340]  # a lens that sees a part of the sky
    assert shipped.doubt(seen(middle)) is None
    assert shipped.doubt(seen(np.repeat(np.repeat(picture, 3, 0), 3, 1))) is None


def test_no_labelled_frame_is_refused(shipped, real_data):
    from nephoscope.instruments.skycam import read as read_frame

    frames = sorted((real_data / "sky" / "wsiseg" / "images").iterdir())[::24]
    frames += sorted((real_data / "sky" / "hyta" / "images").iterdir())
    assert len(frames) > 20
    refused = {
        path.name: shipped.doubt(reduced(read_frame(path)["image"].values, 480).image)
        for path in frames
    }
    assert {name: why for name, why in refused.items() if why} == {}


def test_numbers_against_their_definitions():
    rng = np.random.default_rng(5)
    image = rng.integers(50, 200, (3, 40, 60)).astype(np.uint8)
    image[:, :10] = 0  # missing
    image[:, 10:15] = 255
    found = measure(image)
    lit = image[:, 10:].astype(float)
    mean = lit.mean(axis=0)
    assert found["lit"] == pytest.approx(0.75)
    assert found["white"] == pytest.approx(5 / 30)
    assert found["brightness"] == pytest.approx(np.quantile(mean, 0.5, method="inverted_cdf"))
    red, green, blue = lit[:, 5:].reshape(3, -1)
    blueness, greenness = (blue - red) / (blue + red), (2 * green - red - blue) / lit[
        :, 5:
    ].sum(axis=0).ravel()  # fmt: skip
    assert found["blue"] == pytest.approx(np.median(blueness), abs=1e-6)
    low, high = np.percentile(blueness, (5, 95))
    assert found["blue_low"] == pytest.approx(low, abs=1e-6)
    assert found["colours"] == pytest.approx(high - low, abs=1e-6)
    assert found["green_low"] == pytest.approx(np.percentile(greenness, 5), abs=1e-6)
    assert set(found) == set(NUMBERS)


def test_the_colour_of_dark_pixels_does_not_count(shipped):
    """The light scattered beside a lens is purple, and lit in a picture a little brighter."""
    picture = planes(simulate_colour(4, 0)[0])
    beside = picture.copy()
    beside[:, :, : picture.shape[2] // 4] = np.array([40, 16, 40], np.uint8)[:, None, None]
    assert shipped.doubt(beside) is None
    dark = measure(picture // 8)
    assert all(np.isfinite(value) for value in dark.values())  # of a night the dark ones do


def test_levels_are_those_of_an_even_picture():
    steps = np.repeat(np.arange(40, 200, 10), 30)  # 16 levels
    assert measure(np.broadcast_to(steps, (3, 50, 480)).astype(np.uint8))["levels"] == (
        pytest.approx(16)
    )


def test_roughness_of_noise_is_one_and_of_a_slope_small():
    assert measure(noisy(120))["rough"] == pytest.approx(1, abs=0.02)
    slope = np.broadcast_to(np.linspace(40, 200, 160), (3, 120, 160)).astype(np.uint8)
    assert measure(slope)["rough"] < 0.03


def test_what_is_missing_does_not_count():
    """The same sky in a larger frame of missing pixels gives the same numbers but the lit share."""
    image = noisy(130)
    larger = np.zeros((3, 200, 240), np.uint8)
    larger[:, 40:160, 40:200] = image
    small, large = measure(image), measure(larger)
    assert large["lit"] == pytest.approx(120 * 160 / 200 / 240)
    for name in set(small) - {"lit", "even", "hard", "rough"}:  # edges are left out of these
        assert large[name] == pytest.approx(small[name])


def test_a_guard_is_of_the_frames_it_learned_from(shipped):
    """To a camera that sees orange skies an orange sky is no surprise, to another it is."""
    orange = [noisy(100, seed=n) + np.array([90, 30, 0], np.uint8)[:, None, None] for n in range(4)]
    guard = learn_colour_guard(orange)
    assert guard.doubt(orange[0]) is None
    assert shipped.doubt(orange[0]) is not None
    for span in guard.spans.values():
        assert span.accepted[0] <= span.seen[0] <= span.seen[1] <= span.accepted[1]


def test_a_guard_is_the_same_each_time_and_survives_plain_facts():
    frames = [planes(simulate_colour(1, n)[0]) for n in range(2)]
    guard = learn_colour_guard(frames)
    assert guard == learn_colour_guard(frames)
    assert ColourGuard({n: Span(**span) for n, span in guard.plain().items()}) == guard


def test_facts_that_make_no_sense_are_refused():
    good = Span((0.2, 0.5), (0.1, 0.6))
    with pytest.raises(ValueError, match="no number 'size'"):
        ColourGuard({"size": good})
    with pytest.raises(ValueError, match=r"lit.accepted: 0.6 is above 0.1"):
        ColourGuard({"lit": Span((0.2, 0.5), (0.6, 0.1))})


def test_a_tiny_and_an_empty_frame_are_judged_without_a_crash():
    guard = ColourGuard({"lit": Span((0.5, 1.0), (0.3, 1.0))})
    assert guard.doubt(np.zeros((3, 1, 1), np.uint8)) is not None
    assert guard.doubt(np.full((3, 4, 4), 100, np.uint8)) is None
    assert guard.doubt(np.zeros((3, 0, 0), np.uint8)) is not None


def test_grey_of_three_equal_channels_is_no_colour_picture(shipped):
    picture = simulate_colour(4, 0)[0]
    one = np.rint(grey(planes(picture))).astype(np.float32)
    assert "no colours" in shipped.doubt(quantise(np.stack([one, one, one])))
