"""A model over a scene: tiles in parallel, blended, calibrated."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from nephoscope.apply.engine import open_engine
from nephoscope.apply.frames import predict_frame
from nephoscope.apply.tiles import Tile, add_tile, cut, lay_tiles, plan_axis
from nephoscope.background import PREFIX, interpolate_cells
from nephoscope.errors import UsageError
from nephoscope.inputs import View, assemble, is_missing
from nephoscope.limits import STATISTICS
from nephoscope.tasks.mask import probability
from nephoscope.workers import cores

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.models import Model

FloatArray = npt.NDArray[np.float32]
Image = npt.NDArray[np.uint8] | FloatArray
Item = TypeVar("Item")
Result = TypeVar("Result")


class Predictor:
    """A model made ready to run over many scenes.

    Args:
        model: the loaded model.
        engine: `onnx` or `torch`.
        workers: tiles at work at once; by default one per processor.
    """

    def __init__(self, model: Model, engine: str = "onnx", workers: int | None = None) -> None:
        self.model = model
        self.workers = workers or cores()
        if engine == "torch":
            self.workers = 1
        threads = 1 if engine == "onnx" else cores()
        self._engine = open_engine(model, engine, threads)
        self._limits = model.limits

    def predict_image(
        self,
        image: Image,
        latitude: npt.NDArray[np.floating],
        longitude: npt.NDArray[np.floating],
        background: FloatArray | None = None,
        *,
        position: bool = True,
    ) -> FloatArray:
        """Probability of cloud in every pixel.

        Args:
            image: (channel, y, x) uint8 with 0 in all channels where missing, or float32 with NaN.
            latitude: (y,) degrees.
            longitude: (x,) degrees; the image wraps if they span the whole planet.
            background: (statistic, y, x) float32 without NaN, or None.
            position: whether the network may know the longitude.

        Returns:
            (y, x) float32, 0..1, NaN where the image is missing.
        """
        if self.model.recipe.inputs.side is not None:
            return predict_frame(self, image)
        missing = is_missing(image)
        total = np.zeros(image.shape[1:], np.float32)
        rows = np.flatnonzero(~missing.all(axis=1))
        if rows.size:
            whole = View(image, latitude, longitude, background, position)
            for tile, logits in self._run(whole, int(rows[0]), int(rows[-1]) + 1):
                add_tile(total, probability(logits, self.model.calibration), tile)
        # Weights add up to one only to rounding.
        np.clip(total, 0.0, 1.0, out=total)
        total[missing] = np.nan
        return total

    def run(self, inputs: FloatArray) -> FloatArray:
        """The network once: (batch, feature, y, x) float32 → logits (batch, output, y, x)."""
        return self._engine.run(inputs)

    def _run(self, whole: View, first: int, stop: int) -> Iterator[tuple[Tile, FloatArray]]:
        apply, width = self.model.recipe.apply, whole.image.shape[2]
        divisor = self.model.divisor
        rows = plan_axis(first, stop, apply.tile[0], apply.overlap, divisor)
        period = width if _wraps(whole.longitude) else None
        cols = plan_axis(0, width, apply.tile[1], apply.overlap, divisor, period=period)
        tiles = [tile for line in lay_tiles(rows, cols, width) for tile in line]
        yield from _in_order(lambda tile: (tile, self._logits(whole, tile)), tiles, self.workers)

    def _logits(self, whole: View, tile: Tile) -> FloatArray:
        view = View(
            cut(whole.image, tile, 0 if whole.image.dtype == np.uint8 else np.nan),
            _latitude_of(whole.latitude, tile),
            whole.longitude[tile.cols],
            None if whole.background is None else cut(whole.background, tile),
            whole.position,
            self._limit(whole, tile),
        )
        recipe = self.model.recipe
        context = recipe.network.options.get("image_features")
        inputs = assemble(view, recipe.inputs.features, context_from=context)
        logits: FloatArray = self.run(inputs[None])[0, 0]
        return logits

    def _limit(self, whole: View, tile: Tile) -> FloatArray | None:
        """What was learned of a tile's places; nothing on another grid than it was learned on."""
        limits = self._limits
        if limits is None or list(limits.attrs["shape"]) != list(whole.image.shape[1:]):
            return None
        cells = np.stack([limits[f"{PREFIX}{name}"].values for name in STATISTICS])
        return interpolate_cells(cells, int(limits.attrs["cell"]), tile.rows, tile.cols)


def predict_scene(
    predictor: Predictor, scene: xr.Dataset, background: FloatArray | None = None
) -> FloatArray:
    """Probability of cloud of a Scene: (y, x) float32, NaN where missing."""
    return predictor.predict_image(
        scene["image"].values,
        scene["latitude"].values,
        scene["longitude"].values,
        background,
    )


def _wraps(longitude: npt.NDArray[np.floating]) -> bool:
    if longitude.size < 2:
        return False
    step = abs(float(longitude[1] - longitude[0]))
    return abs(longitude.size * step - 360.0) < step / 2


def _latitude_of(latitude: npt.NDArray[np.floating], tile: Tile) -> npt.NDArray[np.floating]:
    """Latitudes of the tile's rows, carried on in a straight line beyond the scene."""
    if latitude.size < 2:
        raise UsageError("a scene needs at least two rows")
    step = latitude[1] - latitude[0]
    return np.asarray(latitude[0] + step * tile.rows)


def _in_order(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    """Map in threads, in order, with no more than `workers` + 1 results held; errors re-raise."""
    if workers == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
