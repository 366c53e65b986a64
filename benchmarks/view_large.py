"""The explorer on a cube that no memory needs to hold: seconds to open and of a step, peak memory.

python -m benchmarks.view_large [--slots 27 --side 1200] [--folder FOLDER]

The cube is noise, which no codec makes smaller, and is deleted in the end.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import xarray as xr

from nephoscope.products.cube import open_cube

EPOCH, STEP = np.datetime64("2010-06-01T00:00", "s"), np.timedelta64(15, "m")
LEVELS = 64
_ICE = {"units": "kg m-3", "scale_factor": 1e-9, "_FillValue": np.int16(-1)}


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, default=27)
    parser.add_argument("--side", type=int, default=1200)
    parser.add_argument("--folder", type=Path, help="Where there is room for it.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path = Path(folder) / "cube.zarr"
        make_cube(path, given.slots, given.side)
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        found = measure(path, given.slots, given.side)
    print(f"{size / 1e9:.2f} GB, {given.slots} slots")  # noqa: T201
    for what, number in found.items():
        print(f"{what}: {number:.2f}")  # noqa: T201


def make_cube(path: Path, slots: int, side: int) -> None:
    """A cube of ice that is noise, slot by slot."""
    random = np.random.default_rng(0)
    axis = np.linspace(-20, 20, side, dtype=np.float32)
    places = dict(zip(("longitude", "latitude"), np.meshgrid(axis, -axis), strict=True))
    template, cube = None, None
    for number in range(slots):
        ice = random.integers(0, 2**15, (LEVELS, side, side), np.int16)
        flag = np.zeros((side, side), np.uint16)
        slot = xr.Dataset(
            {
                "iwc": (("altitude", "y", "x"), ice, _ICE),
                "quality_flag": (("y", "x"), flag, {"_FillValue": np.uint16(2**16 - 1)}),
            },
            {
                "altitude": ("altitude", np.arange(LEVELS) * 240.0 + 1680, {"units": "m"}),
                **{name: (("y", "x"), each) for name, each in places.items()},
            },
        )
        if cube is None:
            template = slot.expand_dims("time").assign_coords(slot.coords)
            cube = open_cube(path, template, EPOCH, 900)
        cube.write(EPOCH + number * STEP, slot)


def measure(path: Path, slots: int, side: int) -> dict[str, float]:
    """Seconds of what a visitor does, and the peak memory of the server, MB."""
    command = [sys.executable, "-m", "nephoscope", "view", str(path), "--no-browser"]
    found, start = {}, time.perf_counter()
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    try:
        address = server.stdout.readline().split()[-1] if server.stdout else ""
        found["open, s"] = time.perf_counter() - start
        root, _, token = address.partition("?token=")
        plane = "plane?variable=iwc&level={}&slot={}".format
        asks = {
            "the page, s": "?",
            "first plane, s": "api/" + plane(0, 0),
            "a step in time, s": "api/" + plane(0, slots - 1),
            "a step in height, s": "api/" + plane(9, slots - 1),
            "a profile, s": f"api/profile?slot=1&row={side // 2}&col={side // 3}",
            "a curtain across, s": "api/curtain?variable=iwc&slot=1"
            f"&line=0,0,{side - 1},{side - 1}",
        }
        for what, ask in asks.items():
            start = time.perf_counter()
            asked = f"{root}{ask}&token={token}"
            with urllib.request.urlopen(asked) as answer:  # noqa: S310 - our own server
                answer.read()
            found[what] = time.perf_counter() - start
        status = Path(f"/proc/{server.pid}/status").read_text()
        found["peak memory, MB"] = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()
    return found


if __name__ == "__main__":
    main()
