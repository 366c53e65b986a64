"""Samples of many views made by hand: random counts, random points with four corners each."""

from __future__ import annotations

import numpy as np
import xarray as xr

from nephoscope.recipe import validate_recipe

TASK = "cloud_type"
VIEWS, SIDE, POINTS, BINS = 4, 12, 9, 125
BANDS = {"I443NP": "", "I490P": "", "Q490P": "", "U490P": "sign"}
ANGLES = {"phi": "relative_azimuth", "thetas": "", "thetav": ""}
SCALE = {"phi": 0.006, "thetas": 0.0015, "thetav": 0.0015, "phis": 0.006}
FEATURES = {
    "views": ["r443_*", "r490_*", "q490_*", "u490_*", "dolp490_*", "cos_thetav_*", "cos_thetas_*",
              "sin_phi_*", "cos_phi_*", "cos_scattering_*"],
    "parallax": ["parallax_x_*", "parallax_y_*"],
    "valid": ["valid_*"],
    "picture": ["surface_altitude", "known"],
}  # fmt: skip


def recipe(features=None, truth=None, **training):
    settings = {"crop": [SIDE, SIDE], "batch": 2, "augmentation": {"flip_x": False}, **training}
    return validate_recipe(
        {
            "name": "views",
            "instrument": "polder",
            "task": TASK,
            "truth": truth or {},
            "inputs": {"features": features or FEATURES, "views": list(range(VIEWS))},
            "network": {"name": "unet"},
            "training": settings,
        }
    )


def channels():
    """Name → (scale, offset, turns) of every channel, field by field."""
    found = {}
    for name, turns in (BANDS | ANGLES).items():
        scale = SCALE.get(name, 1e-4)
        offset = 32767 * scale if name in ANGLES else 0.0
        for view in range(VIEWS):
            found[f"{name}_{view:02d}"] = scale, offset, turns
    found["phis"] = SCALE["phis"], 32767 * SCALE["phis"], "azimuth"
    found["surface_altitude"] = 1.0, 0.0, ""
    return found


def counts(rng, samples):
    """(sample, channel, y, x) int16: angles that can be, radiances, and some that are missing."""
    ranges = {
        "phi": (0, 359.9), "thetas": (5, 80), "thetav": (0, 68), "phis": (0, 359.9),
        "surface_altitude": (0, 3000), "Q490P": (-0.2, 0.2), "U490P": (-0.2, 0.2),
    }  # fmt: skip
    planes = []
    for name, (scale, offset, _) in channels().items():
        low, high = ranges.get(name.rpartition("_")[0], ranges.get(name, (0.01, 1.2)))
        values = rng.uniform(low, high, (samples, SIDE, SIDE))
        plane = np.rint((values - offset) / scale).astype(np.int16)
        if name[-3:-2] == "_":
            plane[rng.random(plane.shape) < 0.1] = -32768
        planes.append(plane)
    return np.stack(planes, axis=1)


def points(rng):
    """Truth of a sample: corners within it, weights of sum 1, levels of 240 m that jitter."""
    row, col = (rng.uniform(1, SIDE - 3, POINTS) for _ in range(2))
    top, left = np.floor(row), np.floor(col)
    down, across = row - top, col - left
    height = 25_000 - 240.0 * np.arange(BINS) + rng.uniform(-110, 110, (POINTS, 1))
    scenario = rng.integers(0, 2**15, (POINTS, BINS)).astype(np.int16)
    kind = rng.integers(-1, 9, (POINTS, BINS)).astype(np.int8)
    height[0], scenario[0], kind[0] = np.nan, -9999, -1
    inverse = rng.random((POINTS, 4)) + 0.1
    return {
        "row": row,
        "col": col,
        "time_offset": rng.uniform(-60, 60, POINTS),
        "corner_row": np.stack([top, top, top + 1, top + 1], 1).astype(np.int16),
        "corner_col": np.stack([left, left + 1, left + 1, left], 1).astype(np.int16),
        "weight_bilinear": np.stack(
            [(1 - down) * (1 - across), (1 - down) * across, down * across, down * (1 - across)], 1
        ).astype(np.float32),
        "weight_inverse_distance": (inverse / inverse.sum(1, keepdims=True)).astype(np.float32),
        "height": height.astype(np.float32),
        "cloud_scenario": scenario,
        "cloud_type": kind,
        "profile": np.arange(POINTS, dtype=np.int32),
    }


def texts(values):
    return np.array(list(values), np.dtypes.StringDType())


def places(samples):
    """Latitude and longitude of pixels, rows sheared as those that follow a track."""
    row, col = np.mgrid[:SIDE, :SIDE].astype(float)
    latitude = 40 - row / 18
    longitude = 10 + (col + 0.3 * row) / 18 / np.cos(np.deg2rad(40))
    return (np.repeat(each[None], samples, 0).astype(np.float32) for each in (latitude, longitude))


def write(path, samples=3, seed=0, without=()):
    """The store; `without` fields."""
    rng = np.random.default_rng(seed)
    held = channels()
    kept = [n for n, name in enumerate(held) if name.rpartition("_")[0] not in without]
    image = counts(rng, samples)[:, kept]
    parts = [points(rng) for _ in range(samples)]
    dims = {"corner_row": "corner", "corner_col": "corner", "weight_bilinear": "corner",
            "weight_inverse_distance": "corner", "height": "level", "cloud_scenario": "level",
            "cloud_type": "level"}  # fmt: skip
    latitude, longitude = places(samples)
    image = (("sample", "channel", "y", "x"), image, {"_FillValue": -32768})
    store = xr.Dataset(
        {
            "image": image,
            "known": (("sample", "y", "x"), np.ones((samples, SIDE, SIDE), bool)),
            "id": ("sample", texts(f"g{n}_00" for n in range(samples))),
            "group": ("sample", texts(f"g{n}" for n in range(samples))),
            "split": ("sample", texts(["train"] * (samples - 1) + ["validation"])),
            "row_size": ("sample", np.full(samples, POINTS)),
            **{
                name: (
                    ("point", dims[name]) if name in dims else "point",
                    np.concatenate([part[name] for part in parts]),
                )
                for name in parts[0]
            },
        },
        {
            "channel": texts(held)[kept],
            "scale_factor": ("channel", np.array([each[0] for each in held.values()])[kept]),
            "add_offset": ("channel", np.array([each[1] for each in held.values()])[kept]),
            "turns": ("channel", texts(each[2] for each in held.values())[kept]),
            "latitude": (("sample", "y", "x"), latitude),
            "longitude": (("sample", "y", "x"), longitude),
        },
        {"task": TASK, "instrument": "polder", "unit": "granule", "wraps": 0,
         "truth": "points", "labelled": [samples * POINTS], "samples_id": "by hand"},
    )  # fmt: skip
    encoding = {"image": {"chunks": (1, len(kept), SIDE, SIDE)}}
    store.to_zarr(path, consolidated=False, zarr_format=3, encoding=encoding)
    return path
