"""Light in a plane layer, photon by photon: shares no formula with the simulator."""

from __future__ import annotations

import numpy as np

ANGLE = np.deg2rad(np.arange(721) / 4)


def reflectances(phase, depth, sun, views, photons=40_000, seed=0):
    """Reflectance factor of a layer without absorption over a black ground.

    Args:
        phase: P11 on `ANGLE`.
        depth: optical depth.
        sun: cosine of the Sun's zenith angle.
        views: (view, 2): cosine of the zenith angle, azimuth from the Sun's in degrees.
    """
    rng = np.random.default_rng(seed)
    density = phase * np.sin(ANGLE)
    share = np.concatenate([[0], np.cumsum(density[1:] + density[:-1])])
    views = np.asarray(views, float)
    sine, turn = np.sqrt(1 - views[:, 0] ** 2), np.deg2rad(views[:, 1])
    towards = np.stack([sine * np.cos(turn), sine * np.sin(turn), views[:, 0]], 1)
    way = np.tile([-np.sqrt(1 - sun**2), 0, -sun], (photons, 1))
    below, out = np.zeros(photons), np.zeros(len(views))
    while len(below):
        below = below + way[:, 2] * np.log(rng.random(len(below)))
        inside = (below > 0) & (below < depth)
        below, way = below[inside], way[inside]
        for index, view in enumerate(towards):
            scattered = np.interp(np.arccos(np.clip(way @ view, -1, 1)), ANGLE, phase)
            out[index] += (scattered * np.exp(-below / view[2])).sum() / (4 * view[2])
        way = turned(rng, way, np.interp(rng.random(len(way)), share / share[-1], ANGLE))
    return out / photons


def paths(phase, top, bottom, depth, sun, view, scale, photons=8000, seed=0):
    """How much oxygen photons meet that a slab sends to a satellite across the Sun's plane.

    Args:
        phase: P11 on `ANGLE`.
        top: of the slab, m.
        bottom: of the slab, m.
        depth: its optical depth.
        sun: cosine of the Sun's zenith angle.
        view: cosine of the satellite's.
        scale: height over which the pressure falls by e, m.

    Returns:
        Weights and paths: the integral of 2 (p / p0)^2 / scale over the way, 1 for one vertical
        way from the top of the air to the sea.
    """
    rng = np.random.default_rng(seed)
    density = phase * np.sin(ANGLE)
    share = np.concatenate([[0], np.cumsum(density[1:] + density[:-1])])
    per_metre = depth / (top - bottom)
    towards = np.array([0, np.sqrt(1 - view**2), view])

    def above(height):
        return np.exp(-2 * height / scale)

    way = np.tile([-np.sqrt(1 - sun**2), 0, -sun], (photons, 1))
    height = np.full(photons, float(top))
    path, weights, whole = above(height) / sun, [], []
    while len(height):
        new = height - way[:, 2] * np.log(rng.random(len(height))) / per_metre
        inside = (new < top) & (new > bottom)
        height, new, way, path = height[inside], new[inside], way[inside], path[inside]
        path = path + np.abs(above(new) - above(height)) / np.maximum(np.abs(way[:, 2]), 1e-6)
        height = new
        scattered = np.interp(np.arccos(np.clip(way @ towards, -1, 1)), ANGLE, phase)
        weights.append(scattered * np.exp(-(top - height) * per_metre / view))
        whole.append(path + above(height) / view)
        way = turned(rng, way, np.interp(rng.random(len(way)), share / share[-1], ANGLE))
    return np.concatenate(weights), np.concatenate(whole)


def turned(rng, way, angle):
    """Directions turned by a scattering angle, around by chance."""
    around = rng.random(len(way)) * 2 * np.pi
    sine, side = np.sin(angle), np.sqrt(np.maximum(1 - way[:, 2] ** 2, 1e-12))
    x, y, z = way.T
    cosine = np.cos(angle)
    new = np.stack(
        [
            sine * (x * z * np.cos(around) - y * np.sin(around)) / side + x * cosine,
            sine * (y * z * np.cos(around) + x * np.sin(around)) / side + y * cosine,
            -sine * np.cos(around) * side + z * cosine,
        ],
        1,
    )
    return new / np.linalg.norm(new, axis=1, keepdims=True)
