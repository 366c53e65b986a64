"""What is done for one map: read, predict, write. The same in a thread and in a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.apply.bounds import blank, outside_season
from nephoscope.apply.plan import Job, Options
from nephoscope.apply.predict import limits_at
from nephoscope.background import read_background, sample_background
from nephoscope.errors import InputError
from nephoscope.files import copy_file, short_name
from nephoscope.instruments import open_scene
from nephoscope.models import Model
from nephoscope.products.mask import ModelInfo, mask_product
from nephoscope.products.netcdf import write_legacy, write_netcdf

FloatArray = npt.NDArray[np.float32]
# (scene, background (channel, y, x) or None) -> probability (y, x), 0..1, NaN where missing.
PredictMap = Callable[[xr.Dataset, FloatArray | None], FloatArray]


@dataclass(frozen=True)
class Work:
    """Everything that the work on one map needs, but for the network.

    Attributes:
        model: name, weights' sha256 and threshold.
        instrument: whose reader opens the maps.
        options: how to predict and write.
        command: what the user typed, for the history of the products.
        channels: of the background, in the model's order; by default all, in the background's.
    """

    model: ModelInfo
    instrument: str
    options: Options
    command: str = ""
    channels: tuple[str, ...] | None = None

    def read(self, job: Job) -> xr.Dataset:
        """Read the map of a job.

        Raises:
            InputError: it cannot be read.
        """
        return open_scene(job.scene.path, self.instrument)

    def predict(self, predict_map: PredictMap, job: Job, scene: xr.Dataset) -> FloatArray:
        """Probability (y, x) float32, NaN where missing."""
        background = None
        if job.background is not None:
            places = (scene[name].values.tobytes() for name in ("latitude", "longitude"))
            background = _background(job.background, job.background_sha256, self.channels, *places)
        return predict_map(scene, background)

    def write(self, job: Job, scene: xr.Dataset, probability: FloatArray) -> None:
        """Write the product of a job, and what goes with it; the product comes last.

        Raises:
            OutputError: something could not be written.
            InputError: the bounds need a label, and there is none.
        """
        options = self.options
        product = mask_product(
            probability,
            scene,
            self.model,
            outside_season=outside_season(scene, options.offset),
            blank=blank(scene, options.bounds, options.offset, options.box),
            background_sha256=job.background_sha256,
            threshold=options.threshold,
            command=self.command,
            source=str(job.scene.relative / job.scene.path.name),
            doubt=self._doubt(scene),
        )
        if job.picture is not None:
            _write_picture(product, scene, job.picture)
        if options.layout == "cf":
            write_netcdf(product, job.target)
        else:
            _copy_inputs(job)
            write_legacy(product, job.target)

    def _doubt(self, scene: xr.Dataset) -> str:
        """Why the scene's grid is unlike what the model learned on, if it is."""
        model = self.model
        if not isinstance(model, Model):
            return ""
        return limits_at(model, scene["latitude"].values, scene["longitude"].values)[1]


@lru_cache(maxsize=1)
def _background(
    path: Path,
    sha256: str | None,
    channels: tuple[str, ...] | None,
    latitude: bytes,
    longitude: bytes,
) -> FloatArray:
    """The background that the product will name: the file may have been built again since."""
    background = read_background(path)
    if sha256 not in (None, background.attrs["sha256"]):
        problem = "is not the background that was chosen: it was built again meanwhile"
        raise InputError(path, problem, field="sha256", remedy="run again")
    north, east = (np.frombuffer(axis, np.float64) for axis in (latitude, longitude))
    return sample_background(background, north, east, channels)


def _write_picture(product: xr.Dataset, scene: xr.Dataset, path: Path) -> None:
    from nephoscope.plots.quicklook import quicklook, save_picture

    save_picture(quicklook(product, scene), path)


def _copy_inputs(job: Job) -> None:
    """Copies of the map and of its Ls table, where the original's tools look for them."""
    folder, source = job.target.parent.parent, job.scene.path
    copy_file(source, folder / "mdgms" / short_name(job.scene.id, ".jpg"))
    names = (f"{job.scene.series}_ls.txt", "list_ls.txt")
    here = source.absolute().parent
    for table in (place / name for place in (here, here.parent) for name in names):
        if table.is_file():
            copy_file(table, folder / f"{job.scene.series}_ls.txt")
            return
