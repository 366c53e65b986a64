"""The benchmarks of the sky count what they say, and the card has all its numbers."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from benchmarks import sky_card, sky_domains, sky_horizon, sky_parts, sky_state, sky_thermal
from PIL import Image

from nephoscope.simulate.sky import simulate_frame
from nephoscope.tasks.sky_state import Verdict

sys.path.insert(0, str(Path(__file__).parents[1]))
from fixed_camera import cloud_of, fixed_parts, write_pictures


def made_up():
    """A clear, a half cloudy and an overcast frame; the label is where counts are above 800."""
    for name, cover in (("a", 0), ("b", 16), ("c", 32)):
        label = np.zeros((32, 40), np.int8)
        label[:cover] = 1
        yield name, (700 + 200.0 * label).astype(np.float32), label


def right(image):
    return (image > 800).astype(np.float32)


def test_ways_are_scored_over_all_and_by_kind_of_frame():
    found = sky_thermal.measure(made_up(), {"right": right, "cloud": np.ones_like}, 0.5)
    assert found["right"]["all"]["mean_iou"]["value"] == 1
    assert {part: found["right"][part]["frames"] for part in ("clear", "partly", "overcast")} == {
        "clear": 1, "partly": 1, "overcast": 1
    }  # fmt: skip
    assert found["cloud"]["all"]["mean_iou"]["value"] == pytest.approx(0.25)
    assert found["cloud"]["clear"]["accuracy"]["value"] == 0
    assert found["cloud"]["overcast"]["accuracy"]["value"] == 1


class OneValue:
    """A predictor that says the same everywhere: what the counts make of it."""

    model = SimpleNamespace(recipe=SimpleNamespace(inputs=SimpleNamespace(names=("a", "b"))))

    def predict_image(self, image, latitude, longitude):
        return np.full(image.shape[1:], image.mean() / 1e4, np.float32)

    def run(self, inputs, wanted=None):
        assert inputs.shape == (1, 2, 128, 160)


def test_a_model_that_leans_on_the_level_is_found_out():
    means = [image.mean() for _, image, _ in sky_thermal.simulated(5, 2)]
    moved = [abs(a * mean + b - mean) / 1e4 for mean in means for a, b in sky_thermal.CAMERAS]
    change = sky_thermal.largest_change(OneValue(), seed=5, frames=2)
    assert change == pytest.approx(max(moved), rel=1e-4)


def test_the_card_has_every_number():
    ways = {"sky-thermal": right, **sky_thermal.formulas()}
    found = {
        "model": {"name": "sky-thermal", "weights_sha256": "f" * 64},
        "frames": 3,
        "seed": 1,
        "simulated": sky_thermal.measure(made_up(), ways, 0.5),
        "largest_change": 0.0001,
        "milliseconds": sky_thermal.milliseconds(OneValue(), 1, 1),
        "hardware": {"processor": "one"},
    }
    split = {"train": ["a"] * 7, "validation": ["b"] * 3}
    info = {"parameters": 1234, "steps": 5, "split": split, "samples_id": "abc"}
    card = sky_thermal.fill_card(found, info, 0.5)
    assert "$" not in card
    assert "Not measured." in card
    assert "| sky-thermal | 1.000" in card
    found["agreement"] = sky_thermal.measure(made_up(), ways, 0.5)
    assert "Not measured." not in sky_thermal.fill_card(found, info | {"initial_weights": "e"}, 0.5)


class Brave:
    """Says cloudy of everything it is shown."""

    def judge(self, image, temperatures=None):
        return Verdict("cloudy", 0.9, "")


def test_every_frame_is_shown_in_each_way_with_its_true_state():
    (said,) = sky_state.judge([Brave()], seed=3, frames=8)
    frames = [simulate_frame(3, index) for index in range(8)]
    states = [sky_state.state_of(frame) for frame in frames]
    expected = [state for state in states if state >= 0]
    assert set(said) == {"with temperatures", "without temperatures", "scaled and offset"}
    for truth, verdicts in said.values():
        assert truth == expected
        assert len(verdicts) == len(expected)
    assert sky_state.auc_of([0, 1], [Verdict("clear", 0.1, ""), Verdict("cloudy", 0.9, "")]) == 1


def whole_sky(size=201):
    """A whole-sky frame: blue, and a cloud around the zenith within 30 degrees of it."""
    rows, cols = np.mgrid[:size, :size] - size // 2
    reach = np.hypot(rows, cols) / (size // 2)
    label = np.where(reach > 1, -1, reach < 1 / 3).astype(np.int8)
    image = np.where(label == 1, 200, np.array([60, 90, 160])[:, None, None]).astype(np.float32)
    image[:, label < 0] = np.nan
    place = size // 2, size // 2, size // 2, size // 2
    return sky_domains.Labelled("a", image, label, place)


def test_an_ordinary_view_shows_angles_as_they_are():
    frame = whole_sky()
    for number in range(4):
        view = sky_domains.unfisheyed(frame, number)
        rng = np.random.default_rng((sky_domains.SEED, number))
        tilt = np.radians(rng.uniform(0, 45))
        # Where a pinhole camera that is tilted so sees directions 30 degrees from the zenith.
        down, right = np.indices(view.label.shape)
        x, y = right - (view.label.shape[1] - 1) / 2, down - (view.label.shape[0] - 1) / 2
        focal = view.label.shape[1] / 2 / np.tan(np.radians(30))
        toward = (np.cos(tilt) * focal - np.sin(tilt) * y) / np.sqrt(x**2 + y**2 + focal**2)
        assert ((toward > np.cos(np.radians(30))) == (view.label == 1)).mean() > 0.98
        assert (view.label >= 0).mean() > 0.9
        blue = view.image[2] - view.image[0]
        assert (blue[view.label == 0] > 50).mean() > 0.95


def test_a_frame_in_other_colours_meets_them():
    frame = whole_sky()
    means = sky_domains._means(frame)
    np.testing.assert_allclose(means, [[60, 90, 160], [200, 200, 200]], rtol=1e-4)
    target = 255 * (means / 255) ** 1.3 * np.array([1.05, 1.0, 0.9])
    other = sky_domains.recoloured(frame, means, target)
    np.testing.assert_allclose(sky_domains._means(other), target, rtol=1e-3)


def test_domains_are_scored_pixel_by_pixel():
    frames = [whole_sky(), whole_sky(101)]
    found = dict(sky_domains.domains(frames[:1], frames, 2))
    assert list(found) == ["pictures", "whole sky", "unfisheyed", "recoloured", "simulated"]
    for name, row in sky_domains.score_formulas(found["whole sky"]).items():
        assert row["f1"] == row["mean_iou"] == row["known"] == 1, name
    always = {"clear": sky_domains.Method(lambda image: np.zeros(image.shape[1:], np.float32), 0.5)}
    share = sum((frame.label == 0).sum() for frame in frames)
    known = sum((frame.label >= 0).sum() for frame in frames)
    assert sky_domains.score(frames, always)["clear"]["accuracy"] == pytest.approx(share / known)


def test_parts_of_the_colour_model_are_by_name():
    ids = ["ASC100-1006_195", "ASC100-1006_198", "ASC100-1006_201", "SIM-0099", "SIM-0100", "B2"]
    parts = sky_parts.parts_of(ids)
    assert parts == {
        "train": ["ASC100-1006_195", "B2", "SIM-0099"],
        "validation": ["ASC100-1006_201"],
    }
    assert "B2" not in sky_parts.parts_of(ids, pictures=False)["train"]


def test_the_card_tells_of_pictures_that_models_of_the_other_half_have_not_seen():
    row = {"f1": 0.9, "mean_iou": 0.8, "ece": 0.05}
    formulas = {key: {**row, "f1": 0.7} for key in sky_card.FORMULA_NAMES}
    halves = [{"pictures": {**formulas, "o": {**row, "f1": f1}}} for f1 in (0.85, 0.83)]
    table = sky_card._domains({"pictures": {**formulas, "m": row}}, halves)
    own, first, second = table.splitlines()[-3:]
    assert "pictures | 0.900, 0.800, 0.050 | 0.700, 0.800 | 0.700, 0.800" in own
    assert "of the first half | 0.850, 0.800, 0.050 | 0.700, 0.800 | 0.700, 0.800" in first
    assert "of the second half | 0.830, 0.800, 0.050 | 0.700, 0.800 | 0.700, 0.800" in second


def test_a_rim_that_labels_leave_undefined_biases_the_fraction_that_counts_it(
    tmp_path, monkeypatch, capsys
):
    fixed, _ = fixed_parts()
    (tmp_path / "masks").mkdir()
    for number, path in enumerate(write_pictures(tmp_path / "images", 14)):
        label = np.where(cloud_of(number), 255, 100).astype(np.uint8)
        label[fixed] = 0
        label[0, :2] = 100, 255
        Image.fromarray(label).save(tmp_path / "masks" / path.name)
    words = ["sky_horizon", str(tmp_path / "images"), "--model", "blue-red"]
    monkeypatch.setattr("sys.argv", words)
    sky_horizon.main()
    every, usual, found, undefined = capsys.readouterr().out.splitlines()
    bias = [float(line.split("bias ")[1].split(",")[0]) for line in (every, usual, found)]
    assert bias[0] == bias[1] > 0.03
    assert abs(bias[2]) < 0.02
    assert undefined.startswith("undefined in the sky: ")
