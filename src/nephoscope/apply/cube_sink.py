"""Cube as a sink: products of scenes that follow at a fixed step, in a Zarr store for each year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.apply.jobs import Job
from nephoscope.apply.journal import latest_entries
from nephoscope.apply.run import Made
from nephoscope.apply.sinks import NetcdfSink
from nephoscope.errors import InputError, shown
from nephoscope.files import short_name
from nephoscope.instruments.scene_file import SceneFile
from nephoscope.products import cf
from nephoscope.products.cube import Cube, finish_cube, open_cube
from nephoscope.scene import source_of

STEP = "slot_seconds"
"""Attribute of a Scene: seconds from one scene of its instrument to the next."""
GRID = "grid_id"
"""Attribute of a product: what tells its grid from the usual one of its instrument, "" of that."""
_PLACE = Path("cube")  # of products in the journal: a slot has no file of its own
_MINUTE = len("2010-06-11T12:00")
_CHUNK = 128  # pixels along the sides of what is compressed and read alone
_OF_ALL = (
    "Conventions", "summary", "references", "comment", "instrument", "threshold", GRID,
    "column_geometry",
)  # fmt: skip
_KEY = ("model", "weights_sha256", "background_sha256")


@dataclass
class CubeSink(NetcdfSink):
    """A store for each year, a slot for each time; a `nephoscope.apply.run.Sink`.

    Products on another grid than the usual one of their instrument have a store of their own.

    Args:
        out: folder of the stores, `cube_<year>[_<grid>].zarr`.
        part: what of the scenes is predicted, as a folder's name, "" for all: their products lie in
            another store then, and so do pictures and entries of the journal.
    """

    ending: str = ""
    part: str = field(default="", kw_only=True)
    _cubes: dict[Path, Cube] = field(default_factory=dict, init=False, repr=False)

    def names(self, scenes: Sequence[SceneFile]) -> dict[Path, SceneFile]:
        """What each product is called in the journal, and its scene."""
        named = super().names(scenes)
        return {_PLACE / self.part / name: scene for name, scene in named.items()}

    def picture(self, target: Path) -> Path:
        """The quick-look of a product, in a tree beside the stores."""
        name = target.relative_to(self.out / _PLACE)
        return self.out / "pictures" / name.with_name(short_name(name.name, ".png"))

    def write(self, job: Job, made: Made) -> dict[str, object]:
        """Write the slot of a product.

        Returns:
            its store, its time and the step, for the journal.

        Raises:
            InputError: the scene has no time, or its instrument no fixed step.
            OutputError: the slot cannot be written, or the store is of other products.
        """
        time, step = slot_of(made.scene)
        path = self.out / f"{_stem(time)}{_grid(made.product)}.zarr"
        if path not in self._cubes:
            self._cubes[path] = _open(path, made.product, time, step)
        self._cubes[path].write(time, _growing(made.product), last=True)
        sha256 = self._cubes[path].sha256_of(time)
        return {"store": path.name, "time": str(time), "step": step, "sha256": sha256}

    def files(self, job: Job, facts: Mapping[str, Any]) -> list[Path]:
        """The files of a slot, its status last."""
        del job
        return self._cubes[self.out / str(facts["store"])].files(np.datetime64(facts["time"], "s"))

    def done(self, job: Job) -> bool:
        """Whether the slot is there, and the quick-look."""
        entry = self._entries.get(job.target.relative_to(self.out).as_posix(), {})
        if "step" not in entry or not (job.picture is None or self.held(job.picture)):
            return False
        time = np.datetime64(entry["time"], "s")
        path = self.out / str(entry["store"])
        if path not in self._cubes and path.is_dir():
            self._cubes[path] = Cube(path, _epoch(time), entry["step"])
        return path in self._cubes and all(map(self.held, self._cubes[path].files(time)))

    def place(self, job: Job, facts: Mapping[str, object]) -> tuple[str, str]:
        """The store of a slot and its time; as long as none is made the folder and the scene."""
        told = facts or self._entries.get(job.target.relative_to(self.out).as_posix(), {})
        if "store" not in told:
            return shown(self.out), job.scene.id
        return shown(self.out / str(told["store"])), str(told["time"])[:_MINUTE]

    def close(self) -> None:
        """See that the axis of each store holds all slots that are made.

        Each worker lengthens it for its own slot, one at a time; on a disk that is shared without
        locks one could have put back what another wrote.
        """
        for path in sorted(self.out.glob("cube_*.zarr")):
            finish_cube(path)

    def __getstate__(self) -> dict[str, Any]:
        """Workers open the stores themselves, and need no entries of journals."""
        asked = {"out": self.out, "ending": self.ending, "part": self.part}
        return asked | {"held": Path.is_file, "_cubes": {}}

    @cached_property
    def _entries(self) -> Mapping[str, Mapping[str, Any]]:
        return latest_entries(self.out, ("store", "time", "step"))


def slot_of(scene: xr.Dataset) -> tuple[np.datetime64, int]:
    """Start of the slot in which a scene was begun, UTC, and seconds from slot to slot.

    Raises:
        InputError: it has no time, or its instrument no fixed step.
    """
    if STEP not in scene.attrs:
        problem = f"of {scene.attrs['instrument']} follows no other at a fixed step: no cube"
        raise InputError(source_of(scene), problem, field=STEP, remedy="write netcdf")
    times = scene["time"].values if "time" in scene.variables else np.datetime64("NaT")
    if np.isnat(times).all():
        raise InputError(source_of(scene), "is not known", field="time")
    step = int(scene.attrs[STEP])
    begin = np.nanmin(times).astype("datetime64[s]")
    return begin - (begin - _epoch(begin)) % np.timedelta64(step, "s"), step


def _stem(time: np.datetime64) -> str:
    return f"cube_{time.astype('datetime64[Y]')}"


def _grid(product: xr.Dataset) -> str:
    """What the name of a store says of its grid."""
    name = str(product.attrs.get(GRID, ""))
    return f"_{name}" if name else ""


def _epoch(time: np.datetime64) -> np.datetime64:
    """Time of slot 0 of the store that holds a time: the year's begin."""
    begin: np.datetime64 = time.astype("datetime64[Y]").astype("datetime64[s]")
    return begin


def _open(path: Path, product: xr.Dataset, time: np.datetime64, step: int) -> Cube:
    """The store of products like this one; it is made if it is not there."""
    growing = _growing(product)
    rows, cols = product["quality_flag"].dims
    fixed = [name for name, data in product.variables.items() if _is_fixed(name, data, growing)]
    template = product.drop_vars(product.variables.keys() - {*fixed})
    template = template.assign({name: _of_no_slot(each) for name, each in growing.items()})
    template["quality_flag"].encoding["fill_value"] = cf.MISSING
    template.attrs = {name: product.attrs[name] for name in _OF_ALL if name in product.attrs}
    key = {name: str(product.attrs[name]) for name in _KEY}
    chunks = {str(rows): _CHUNK, str(cols): _CHUNK}
    return open_cube(path, template, _epoch(time), step, chunks=chunks, key=key)


def _growing(product: xr.Dataset) -> xr.Dataset:
    """The variables of a slot: those with rows, and numbers of the whole scene."""
    rows = product["quality_flag"].dims[0]
    names = [
        name
        for name, data in product.data_vars.items()
        if rows in data.dims or (not data.ndim and name != "crs")
    ]
    return product[names].drop_vars(product.coords, errors="ignore")


def _of_no_slot(variable: xr.DataArray) -> xr.Variable:
    """A variable along time, of which only its form matters: one number in memory."""
    shape, nothing = (1, *variable.shape), np.zeros((), variable.dtype)
    return xr.Variable(("time", *variable.dims), np.broadcast_to(nothing, shape), variable.attrs)


def _is_fixed(name: object, variable: xr.Variable, growing: xr.Dataset) -> bool:
    """Whether a variable is the same in all slots: places, bounds and the grid mapping."""
    if name in growing.variables or name == "time":
        return False
    return name == "crs" or variable.ndim > 0
