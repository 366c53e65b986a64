"""A frame is predicted as what samples hold of it would be."""

from types import SimpleNamespace

import numpy as np

from nephoscope.apply.whole import frame_fields
from nephoscope.inputs import COLOURS, quantise
from nephoscope.recipe import load_recipe
from nephoscope.tasks import task_named
from nephoscope.tasks.mask import MaskDecision


class Runner:
    """Keeps what the network is given."""

    def __init__(self):
        recipe = load_recipe("sky-colour")
        self.task = task_named(recipe.task)
        self.model = SimpleNamespace(recipe=recipe, divisor=8, decision=MaskDecision())
        self.seen = []

    def run(self, inputs, wanted=None):
        self.seen.append(inputs)
        return np.zeros((1, 1, *inputs.shape[2:]), np.float32)


def test_a_colour_frame_and_its_samples_are_predicted_alike():
    rng = np.random.default_rng(0)
    image = rng.choice([0.0, 0.4, 1.0, 130.2, 255.0], (3, 12, 9)).astype(np.float32)
    image[:, 0, 0] = 0.0
    image[:, 3:5, 2] = np.nan
    runner = Runner()
    raw, stored = (
        frame_fields(runner, pixels, COLOURS)["cloud_probability"]
        for pixels in (image, quantise(image))
    )
    np.testing.assert_array_equal(*runner.seen)
    np.testing.assert_array_equal(np.isnan(raw), np.isnan(image[0]))
    np.testing.assert_array_equal(raw, stored)
