"""Quantities in which geometry matters little: against single scattering as it is simulated."""

import numpy as np
import pytest

from nephoscope.inputs import View, assemble, channels_read, feature_named
from nephoscope.simulate.earth.polder.stokes import cos_scattering, rotation

BANDS = ("443", "490", "763", "765", "865")
FIELDS = [*(f"I{band}" for band in BANDS), "Q490", "U490", "Q865", "U865"]
FIELDS += ["thetas", "thetav", "phi"]
CHANNELS = tuple(f"{name}_{view:02d}" for name in FIELDS for view in (0, 1))
NAMES = ["across490", "excess490_865", "depth763_765", "ratio443_865"]
FEATURES = [f"{name}_{view:02d}" for name in NAMES for view in (0, 1)]


def scattered_once(sun, view, phi, depth):
    """Q, U of light that molecules scattered once, and the cosine of the scattering angle."""
    cosine = cos_scattering(sun, view, phi)
    amount = depth * 0.75 * (1 - cosine**2) / (4 * np.cos(np.deg2rad(view)))
    q, u = rotation(sun, view, phi)
    return amount * q, amount * u, cosine


def picture(mirrored=False, depth=0.2):
    """A row of pixels in two views: 490 nm scattered by molecules, 865 nm not polarised."""
    draw = np.random.default_rng(5)
    sun, view = draw.uniform(20, 60, (2, 1, 40)), draw.uniform(5, 65, (2, 1, 40))
    phi = draw.uniform(0, 360, (2, 1, 40))
    q, u, cosine = scattered_once(sun, view, phi, depth)
    planes = {name: np.full((2, 1, 40), 0.3) for name in FIELDS}
    planes |= {"Q490": q, "U490": -u if mirrored else u, "Q865": 0 * q, "U865": 0 * u}
    planes |= {"thetas": sun, "thetav": view, "phi": (360 - phi) % 360 if mirrored else phi}
    air_mass = sum(1 / np.cos(np.deg2rad(angle)) for angle in (sun, view))
    planes["I763"] = 0.3 * np.exp(-0.2 * np.sqrt(air_mass))
    planes["I443"] = np.full_like(q, 0.45)
    image = np.concatenate([planes[name] for name in FIELDS])
    known = np.ones((1, 40), bool)
    seen = View(image.astype(np.float32), known, np.zeros(1), np.zeros(40), channels=CHANNELS)
    return seen, sun, view, cosine


def computed(view):
    return assemble(view, FEATURES).reshape(len(NAMES), 2, 1, 40)


def test_light_of_molecules_swings_across_the_plane_of_scattering():
    seen, sun, view, cosine = picture()
    expected = 0.2 * 0.75 * (1 - cosine**2)
    expected /= 4 * np.cos(np.deg2rad(sun)) * np.cos(np.deg2rad(view))
    np.testing.assert_allclose(computed(seen)[0], expected, atol=1e-5)


def test_excess_is_the_optical_thickness_wherever_it_is_seen_from():
    seen, _, _, cosine = picture()
    phase = 0.75 * (1 - cosine**2)
    np.testing.assert_allclose(computed(seen)[1], 0.2 * phase / (phase + 0.15), atol=1e-5)


def test_depth_is_free_of_the_air_mass_and_ratio_is_of_two_bands():
    values = computed(picture()[0])
    np.testing.assert_allclose(values[2], 0.2, atol=1e-5)
    np.testing.assert_allclose(values[3], 1.5, atol=1e-5)


def test_nothing_changes_in_a_mirror():
    np.testing.assert_allclose(
        computed(picture(mirrored=True)[0]), computed(picture()[0]), atol=1e-6
    )


@pytest.mark.parametrize(
    ("name", "missing", "read"),
    [
        ("across490_01", "U490_01", ("Q490_01", "U490_01", "thetas_01", "thetav_01", "phi_01")),
        (
            "depth763_765_00",
            "thetav_00",
            ("I763_00", "I765_00", "thetas_00", "thetav_00", "phi_00"),
        ),
        ("ratio443_865_01", "I865_01", ("I443_01", "I865_01")),
    ],
)
def test_what_is_made_of_a_missing_channel_is_0_and_its_channels_are_named(name, missing, read):
    seen = picture()[0]
    seen.image[CHANNELS.index(missing), 0, :7] = np.nan
    values = assemble(seen, [name])[0, 0]
    assert (values[:7] == 0).all()
    assert (values[7:] != 0).any()
    assert channels_read([name], CHANNELS) == read
    assert not feature_named(name, CHANNELS).fixed


def test_darkness_and_glare_give_numbers():
    seen = picture()[0]
    seen.image[:, 0, :3] = 0.0
    seen.image[CHANNELS.index("I763_00"), 0, 3] = 50.0
    assert np.isfinite(computed(seen)).all()
