"""The first part of the colour model's training sees what `nephoscope.inputs` makes of pictures."""

import numpy as np
import pytest
import torch
from benchmarks.sky_start import features

from nephoscope.inputs import COLOURS, View, assemble
from nephoscope.recipe import load_recipe
from nephoscope.simulate.sky.colour import simulate_colour


@pytest.mark.parametrize("number", range(3))
def test_features_on_a_device_are_those_of_the_inputs(number):
    picture, _ = simulate_colour(5, number)
    image = np.ascontiguousarray(np.moveaxis(picture, 2, 0))
    known = image.any(axis=0)
    nowhere = np.zeros(image.shape[1]), np.zeros(image.shape[2])
    names = load_recipe("sky-colour").inputs.names
    expected = assemble(View(image, known, *nowhere, channels=COLOURS), names)
    frames = torch.from_numpy(image.astype(np.float32))[None]
    found = features(frames, torch.from_numpy(known)[None])[0].numpy()
    assert found.shape == expected.shape
    # Otsu's threshold falls between values, not bins, and numbers are of other pixels.
    for name, mine, theirs in zip(names, found, expected, strict=True):
        assert np.abs(mine - theirs).max() < 0.06, name
