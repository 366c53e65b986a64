import numpy as np
import pytest

from nephoscope.simulate.earth.microphysics.effective_radius import radius_of


def test_radius_of_equal_droplets() -> None:
    """By hand: 1e8 m-3 of 10 um hold 0.419 g m-3 and shadow 0.0628 m-1."""
    number, radius = 1e8, 1e-5
    content = np.array([number * 4 / 3 * np.pi * radius**3 * 1000, 0], np.float32)
    extinction = np.array([number * 2 * np.pi * radius**2, 0], np.float32)
    assert extinction[0] == pytest.approx(0.0628, rel=1e-3)
    assert radius_of(content, extinction) == pytest.approx([radius, 0], rel=1e-5)
