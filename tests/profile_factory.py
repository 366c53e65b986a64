"""A product of profiles on the sinusoidal grid, a track that crosses it, and a store of samples."""

import numpy as np
import xarray as xr

from nephoscope.grids.sinusoidal import POLDER

ROWS, COLS, LEVELS = 60, 50, 81
ALTITUDE = np.arange(19800.0, 599, -240)


def places(latitude=20.0, longitude=179.0, rows=ROWS, cols=COLS):
    """Latitude and longitude (y, x) of a window of the grid around a place."""
    top = int(POLDER.to_row(latitude)) - rows // 2
    row = np.arange(top, top + rows)
    first = np.rint(POLDER.to_col(row, longitude)).astype(int) - cols // 2
    col = first[:, None] + np.arange(cols)
    wide = np.broadcast_to(row[:, None], col.shape)
    return POLDER.to_latitude(wide), POLDER.to_longitude(wide, POLDER.wrap_col(wide, col))


def product(latitude=20.0, longitude=179.0):
    """Cirrus (1) at 10 to 12 km in the upper half, cumulus (6) at 1 to 2 km in a lower corner."""
    lat, lon = places(latitude, longitude)
    kinds = np.zeros((LEVELS, ROWS, COLS), np.int8)
    high = (ALTITUDE > 10000) & (ALTITUDE < 12000)
    low = (ALTITUDE > 1000) & (ALTITUDE < 2000)
    kinds[high, :30] = 1
    kinds[low, 45:, :20] = 6
    kinds[:, :, 48:] = -1
    mask = np.where(kinds[0] < 0, -1, (kinds > 0).any(axis=0)).astype(np.int8)
    top = np.where(mask == 1, np.where(np.arange(ROWS)[:, None] < 30, 12000.0, 2000.0), np.nan)
    flag = np.where(mask < 0, 1, 0).astype(np.uint8)
    flag[:5, :40] = 64
    plane = ("y", "x")
    probability = np.where(mask < 0, 255, np.where(mask == 1, 225, 25)).astype(np.uint8)
    packed = {"scale_factor": 0.004, "_FillValue": np.uint8(255)}
    return xr.Dataset(
        {
            "cloud_type": (("level", *plane), kinds, {"_FillValue": np.int8(-1)}),
            "cloud_mask": (plane, mask, {"_FillValue": np.int8(-1)}),
            "cloud_top_height": (plane, top.astype(np.float32), {"units": "m"}),
            "column_cloud_probability": (plane, probability, packed),
            "quality_flag": (plane, flag, {"flag_masks": np.array([1, 64], np.uint8),
                                           "flag_meanings": "missing few_views"}),
        },
        {"latitude": (plane, lat), "longitude": (plane, lon), "altitude": ("level", ALTITUDE)},
        {"map_id": "m1", "title": "Clouds", "missing_share": 0.04},
    )  # fmt: skip


def track(of, beyond=10):
    """A profiler that flies up column 15 of a product, and on beyond it at both ends."""
    lat, lon = of["latitude"].values[::-1, 15], of["longitude"].values[::-1, 15]
    before, after = (lat[0] - 0.06 * np.arange(beyond, 0, -1), lat[-1] + 0.06 * np.arange(1, 11))
    latitude = np.concatenate([before, lat, after])
    longitude = np.concatenate([np.full(beyond, lon[0]), lon, np.full(10, lon[-1])])
    height = 25000.0 - 240 * np.arange(125) + 7.0 * (np.arange(latitude.size) % 3)[:, None]
    kinds = np.zeros(height.shape, np.int8)
    kinds[(height > 3000) & (height < 5000)] = 2
    time = np.datetime64("2008-01-02T03:04:05", "ns")
    steps = (np.arange(latitude.size) * np.timedelta64(720, "ms")).astype("timedelta64[ns]")
    return xr.Dataset(
        {"cloud_type": (("profile", "level"), kinds)},
        {
            "time": ("profile", time + steps),
            "latitude": ("profile", latitude),
            "longitude": ("profile", longitude),
            "height": (("profile", "level"), height.astype(np.float32)),
        },
        {"instrument": "cloudsat", "product": "made", "source_files": ["made.hdf"]},
    )


CHANNELS = [f"{name}_{view:02d}" for name in ("I443NP", "I490P", "I565NP", "I670P")
            for view in range(16)]  # fmt: skip
SIDE, POINTS = 12, 9


def _texts(words):
    return np.array([*words], np.dtypes.StringDType())


def store(path, samples=10):
    """Samples of three parts; counts say the view, so that the mean of 6 to 9 is known."""
    rng = np.random.default_rng(3)
    counts = np.zeros((samples, len(CHANNELS), SIDE, SIDE), np.int16)
    counts += 100 * (np.arange(len(CHANNELS)) % 16)[:, None, None].astype(np.int16)
    counts += rng.integers(0, 50, counts.shape, np.int16)
    grids = [places(-50 + 10 * n, 30.0 * n, SIDE, SIDE) for n in range(samples)]
    latitude, longitude = np.array(grids).transpose(1, 0, 2, 3)
    kinds = np.zeros((samples * POINTS, 125), np.int8)
    kinds[3 * POINTS : 4 * POINTS, 50:60] = 1
    kinds[3 * POINTS : 4 * POINTS, 80:84] = 6
    kinds[:, -5:] = -1
    heights = 25000 - 240 * np.arange(125.0)
    plane, points = ("sample", "y", "x"), np.tile(np.linspace(0.5, SIDE - 1.5, POINTS), samples)
    split = _texts(["train"] * (samples - 4) + ["validation"] * 2 + ["test"] * 2)
    days = np.datetime64("2008-01-30", "ns") + np.arange(samples) * np.timedelta64(86400, "s")
    made = xr.Dataset(
        {
            "image": (("sample", "channel", "y", "x"), counts, {"_FillValue": np.int16(-32768)}),
            "known": (plane, np.ones((samples, SIDE, SIDE), bool)),
            "row_size": ("sample", np.full(samples, POINTS)),
            "row": ("point", points),
            "col": ("point", np.tile(np.linspace(6, 5, POINTS), samples)),
            "time_offset": ("point", np.zeros(samples * POINTS)),
            "cloud_type": (("point", "level"), kinds),
            "height": (("point", "level"), np.tile(heights, (len(kinds), 1))),
            "id": ("sample", _texts(f"g{n}" for n in range(samples))),
            "group": ("sample", _texts(f"g{n}" for n in range(samples))),
            "split": ("sample", split),
            "time": ("sample", days),
        },
        {
            "channel": _texts(CHANNELS),
            "scale_factor": ("channel", np.full(len(CHANNELS), 1e-4)),
            "add_offset": ("channel", np.zeros(len(CHANNELS))),
            "latitude": (plane, latitude.astype(np.float32)),
            "longitude": (plane, longitude.astype(np.float32)),
        },
        {
            "samples_id": "0",
            "task": "cloud_type",
            "truth": "points",
            "unit": "granule",
            "wraps": 0,
            "points": "track",
        },
    )  # fmt: skip
    made.to_zarr(path, zarr_format=3, consolidated=False)
    return path
