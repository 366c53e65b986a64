"""What is done for one map: read, predict, write. The same in a thread and in a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.apply.plan import Job, Options
from nephoscope.apply.predict import limits_at
from nephoscope.background import read_background, sample_background
from nephoscope.errors import InputError
from nephoscope.instruments import instrument_named, open_scene
from nephoscope.models import Model
from nephoscope.products.netcdf import write_netcdf
from nephoscope.products.product import ProductFacts, make_product, mask_variables

FloatArray = npt.NDArray[np.float32]
# (scene, background (channel, y, x) or None) -> probability (y, x), 0..1, NaN where missing.
PredictMap = Callable[[xr.Dataset, FloatArray | None], FloatArray]


class ModelInfo(Protocol):
    """What a product says about the model that made it."""

    @property
    def name(self) -> str:
        """The model's name."""

    @property
    def weights_sha256(self) -> str:
        """The sha256 of its weights, hexadecimal."""

    @property
    def threshold(self) -> float:
        """The probability from which a pixel is called cloudy."""


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
        model, instrument = self.model, instrument_named(self.instrument)
        threshold = model.threshold if options.threshold is None else options.threshold
        facts = ProductFacts(
            model.name,
            model.weights_sha256,
            job.background_sha256,
            self.command,
            str(job.scene.relative / job.scene.path.name),
            self._doubt(scene),
        )
        variables = mask_variables(probability, threshold)
        product = make_product(variables, scene, instrument, facts, options.own)
        if job.picture is not None:
            _write_picture(product, scene, job.picture)
        layout = instrument.layout(options.own)
        if layout is None:
            write_netcdf(product, job.target)
        else:
            layout.write(product, job.scene, job.target)

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
