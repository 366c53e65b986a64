"""Mie's solution against published tables, and what droplets are known for."""

from __future__ import annotations

import numpy as np
import pytest

from nephoscope.simulate.earth.microphysics.mie import (
    RADII,
    STEPS_PER_DEGREE,
    amplitudes,
    droplets,
    efficiencies,
    gamma_distribution,
    mie_coefficients,
)


def test_coefficients_of_bohren_and_huffman() -> None:
    """Table 4.1: x = 3, m = 1.33 + 1e-8 i."""
    a, b = mie_coefficients(np.array([3.0]), 1.33 + 1e-8j)
    published_a = [
        0.51631 - 0.49973j,
        0.34192 - 0.47435j,
        0.048467 - 0.21475j,
        0.0010346 - 0.032148j,
    ]
    published_b = [0.73767 - 0.43990j, 0.40079 - 0.49006j, 0.0093553 - 0.096269j]
    assert a[0, :4] == pytest.approx(published_a, rel=1e-4)
    assert b[0, :3] == pytest.approx(published_b, rel=1e-4)


def test_sphere_of_bohren_and_huffmans_program() -> None:
    """Appendix A: radius 0.525, wavelength 0.6328, m = 1.55: efficiency, S11 and polarisation."""
    size = np.array([2 * np.pi * 0.525 / 0.6328])
    a, b = mie_coefficients(size, 1.55)
    assert efficiencies(a, b, size)[0] == pytest.approx(3.10543, rel=1e-5)
    across, along = (
        np.abs(s[0]) ** 2 for s in amplitudes(a, b, np.cos(np.deg2rad([0, 9, 27, 36])))
    )
    total = across + along
    assert total / total[0] == pytest.approx([1, 0.785390, 0.0766119, 0.0355355], rel=1e-4)
    expected = [0, -0.00459811, -0.364744, -0.534997]
    assert (across - along) / total == pytest.approx(expected, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize(
    ("size", "index", "scattering"),
    [
        (10.0, 1.5, 2.881999),
        (100.0, 1.5, 2.094388),
        (100.0, 1.33 + 1e-5j, 2.096594),
        (10.0, 0.75, 2.232265),
    ],
)
def test_scattering_of_wiscombe(size: float, index: complex, scattering: float) -> None:
    """Wiscombe 1979, NCAR/TN-140+STR, test cases."""
    sizes = np.array([size, 1.0])  # a second size asks for fewer terms
    assert efficiencies(*mie_coefficients(sizes, index), sizes)[1][0] == pytest.approx(
        scattering, rel=1e-5
    )


def test_gamma_distribution_has_its_effective_radius_and_variance() -> None:
    radius = np.linspace(0.05, 60, 6000)
    number = gamma_distribution(radius, 10.0, 0.1)
    area = (number * radius**2).sum()
    effective = (number * radius**3).sum() / area
    assert effective == pytest.approx(10, rel=1e-3)
    variance = (number * (radius - effective) ** 2 * radius**2).sum() / (area * effective**2)
    assert variance == pytest.approx(0.1, rel=1e-3)


def test_droplets_scatter_forwards_and_all_light_is_counted() -> None:
    phase, asymmetry = droplets(670)
    angle = np.deg2rad(np.arange(180 * STEPS_PER_DEGREE + 1) / STEPS_PER_DEGREE)
    weight = np.sin(angle) * angle[1] / 2
    smallest = phase.intensity[0].astype(float)
    assert (smallest * weight).sum() == pytest.approx(1, abs=0.002)
    assert (smallest * weight * np.cos(angle)).sum() == pytest.approx(asymmetry[0], abs=0.003)
    assert np.all(np.diff(asymmetry) > 0)  # larger droplets diffract more narrowly
    assert asymmetry[RADII.index(10e-6)] == pytest.approx(0.861, abs=0.004)  # Hu and Stamnes 1993


def test_cloud_bow_stands_at_140_degrees_and_swings_across_the_scattering_plane() -> None:
    phase, _ = droplets(865)
    back = 120 * STEPS_PER_DEGREE
    for radius, polarised in zip(RADII[2:], phase.polarised[2:], strict=True):
        bow = (back + polarised[back:-40].argmax()) / STEPS_PER_DEGREE
        assert 138 < bow < 146, radius
        assert polarised[back:-40].max() > 0.12
    # The geometric rainbow, 138 degrees, is neared as droplets grow.
    peaks = phase.polarised[:, back:-40].argmax(axis=1)
    assert peaks[0] > peaks[-1]
