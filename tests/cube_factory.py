"""A small cube of ice in three variables, whose slots are known; as a script it writes some.

python cube_factory.py CUBE SLOT...: CUBE is a store, or the pickle of an open one.
"""

import pickle
import sys
from pathlib import Path

import numpy as np
import xarray as xr

from nephoscope.instruments.coordinates import LATITUDE, LONGITUDE
from nephoscope.products import cf
from nephoscope.products.cube import Cube, open_cube
from nephoscope.products.pack import pack, unfilled

EPOCH = np.datetime64("2010-06-01T00:00:00", "s")
STEP = np.timedelta64(15, "m")
SHAPE = (3, 21, 18)
CHUNKS = {"y": 8, "x": 8}
KEY = {"weights_sha256": "ab" * 32, "recipe": "tiny"}
ICE = {
    "long_name": "ice water content",
    "units": "kg m-3",
    "quantization_nsb": 7,
    "grid_mapping": "crs",
}
PATH_OF_ICE = {
    "standard_name": "atmosphere_mass_content_of_cloud_ice",
    "long_name": "ice water path",
    "units": "kg m-2",
    "scale_factor": 0.001,
    "_FillValue": np.int16(-1),
    "valid_range": np.array([0, 30000], np.int16),
    "grid_mapping": "crs",
}
MASK = {
    "standard_name": "cloud_binary_mask",
    "long_name": "ice cloud mask",
    "units": "1",
    "_FillValue": np.uint8(255),
    "flag_values": np.array([0, 1], np.uint8),
    "flag_meanings": "clear cloudy",
    "grid_mapping": "crs",
}
CRS = {
    "grid_mapping_name": "geostationary",
    "perspective_point_height": 35785831.0,
    "semi_major_axis": 6378169.0,
    "semi_minor_axis": 6356583.8,
    "latitude_of_projection_origin": 0.0,
    "longitude_of_projection_origin": 0.0,
    "sweep_angle_axis": "y",
}


def made_template() -> xr.Dataset:
    levels, rows, cols = SHAPE
    height = np.arange(levels) * 240.0 + 1800
    y, x = (np.arange(n) * 3000.4 for n in (rows, cols))
    projected = {"units": "m", "long_name": "distance from the sub-satellite point"}
    lat, lon = np.meshgrid(np.arange(rows) / 36, np.arange(cols) / 36, indexing="ij")
    return xr.Dataset(
        {
            "iwc": unfilled(("time", "altitude", "y", "x"), (1, *SHAPE), "f4", ICE),
            "iwp": unfilled(("time", "y", "x"), (1, rows, cols), "i2", PATH_OF_ICE),
            "cloud_mask": unfilled(("time", "y", "x"), (1, rows, cols), "u1", MASK),
            "crs": ((), np.int32(0), CRS),
            "altitude_bnds": (("altitude", "bnds"), np.stack([height - 120, height + 120], 1)),
        },
        coords={
            "altitude": (
                "altitude",
                height,
                {
                    "standard_name": "altitude",
                    "long_name": "height above the geoid",
                    "units": "m",
                    "positive": "up",
                    "axis": "Z",
                    "bounds": "altitude_bnds",
                },
            ),
            "y": ("y", y, projected | {"standard_name": "projection_y_coordinate", "axis": "Y"}),
            "x": ("x", x, projected | {"standard_name": "projection_x_coordinate", "axis": "X"}),
            "latitude": (("y", "x"), lat, LATITUDE),
            "longitude": (("y", "x"), lon, LONGITUDE),
        },
        attrs={
            "Conventions": cf.CONVENTIONS,
            "title": "Ice in clouds",
            "history": "made by a test",
            "institution": "none",
            "source": "nephoscope",
            "references": "none",
            "comment": "none",
        },
    )


TEMPLATE = made_template()


def numbers_of(slot: int) -> dict[str, np.ndarray]:
    """The values of a slot, unpacked: a pure function of its number."""
    random = np.random.default_rng(slot)
    ice = random.random(SHAPE, np.float32) * 1e-3
    ice[random.random(SHAPE) < 0.6] = 0
    ice[:, 5:7, 3:] = np.nan
    path = ice.sum(0) * 240
    return {"iwc": ice, "iwp": path, "cloud_mask": np.where(np.isnan(path), np.nan, path > 0.05)}


def packed(slot: int) -> xr.Dataset:
    return xr.Dataset(
        {
            name: (
                TEMPLATE[name].dims[1:],
                pack(values, TEMPLATE[name].dtype, TEMPLATE[name].attrs),
            )
            for name, values in numbers_of(slot).items()
        }
    )


def opened(path: Path, **changes: object) -> Cube:
    arguments = {"template": TEMPLATE, "epoch": EPOCH, "step": 900, "chunks": CHUNKS, "key": KEY}
    return open_cube(path, **(arguments | changes))


def write(cube: Cube, number: int) -> None:
    cube.write(EPOCH + number * STEP, packed(number))


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def made_of(path: Path, slots: list[int]) -> dict[str, bytes]:
    cube = opened(path)
    for number in slots:
        write(cube, number)
    return files_below(path)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    shared = pickle.loads(place.read_bytes()) if place.is_file() else opened(place)  # noqa: S301
    for argument in sys.argv[2:]:
        write(shared, int(argument))
