"""A model over a scene: tiles in parallel, blended, calibrated."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from nephoscope.apply.engine import open_engine
from nephoscope.apply.frames import predict_frame
from nephoscope.apply.placing import Placing, place
from nephoscope.apply.tiles import Tile, add_tile, cut, lay_tiles, plan_axis
from nephoscope.background import PREFIX, grid_of
from nephoscope.errors import UsageError
from nephoscope.grids.cells import CellGrid
from nephoscope.inputs import COLOURS, ONLY, View, assemble, channels_read
from nephoscope.limits import STATISTICS
from nephoscope.scene import known_of
from nephoscope.tasks.mask import probability
from nephoscope.workers import cores

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.models import Model
    from nephoscope.recipe import Recipe

FloatArray = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating]
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

    def predict_image(
        self,
        image: Image,
        latitude: Floats,
        longitude: Floats,
        background: FloatArray | None = None,
        *,
        position: bool = True,
        channels: Sequence[str] | None = None,
    ) -> FloatArray:
        """Probability of cloud in every pixel.

        Args:
            image: (channel, y, x) uint8 with 0 in all channels where missing, or float32 with NaN.
            latitude: (y,) degrees.
            longitude: (x,) degrees; the image wraps if they span the whole planet.
            background: (statistic, y, x) float32 without NaN in the order of the recipe, or None.
            position: whether the network may know the longitude.
            channels: names of the image's channels; by default red, green, blue.

        Returns:
            (y, x) float32, 0..1, NaN where a channel that the model reads is missing.

        Raises:
            UsageError: a channel is not there, or the degrees are no plate carrée grid.
        """
        recipe = self.model.recipe
        image, names = pictured(image, channels, recipe)
        if recipe.inputs.side is not None:
            return predict_frame(self, image, names)
        placing = place(latitude, longitude)
        image = placing.turn(image)
        clear = None if background is None else placing.turn(background)
        known = known_of(image)
        whole = View(
            image, known, placing.latitude, placing.longitude, clear, position,
            channels=names, **_names(recipe),
        )  # fmt: skip
        total = np.zeros(image.shape[1:], np.float32)
        rows = np.flatnonzero(known.any(axis=1))
        if rows.size:
            for tile, logits in self._run(whole, placing, int(rows[0]), int(rows[-1]) + 1):
                add_tile(total, probability(logits, self.model.decision), tile)
        # Weights add up to one only to rounding.
        np.clip(total, 0.0, 1.0, out=total)
        total[~known] = np.nan
        return placing.turn_back(total)

    def run(self, inputs: FloatArray) -> FloatArray:
        """The network once: (batch, feature, y, x) float32 → logits (batch, output, y, x)."""
        return self._engine.run(inputs)

    def _run(
        self, whole: View, placing: Placing, first: int, stop: int
    ) -> Iterator[tuple[Tile, FloatArray]]:
        apply, divisor = self.model.recipe.apply, self.model.divisor
        (top, left), width = placing.start, whole.image.shape[2]
        period = width if placing.wraps else None
        rows = plan_axis(top + first, top + stop, apply.tile[0], apply.overlap, divisor)
        cols = plan_axis(left, left + width, apply.tile[1], apply.overlap, divisor, period=period)
        lines = lay_tiles(rows.counted_from(top), cols.counted_from(left), period)
        limits = limits_at(self.model, whole.latitude, whole.longitude)[0]
        tiles = [tile for line in lines for tile in line]
        yield from _in_order(
            lambda tile: (tile, self._logits(whole, placing, limits, tile)), tiles, self.workers
        )

    def _logits(
        self, whole: View, placing: Placing, limits: Limits | None, tile: Tile
    ) -> FloatArray:
        latitude, longitude = placing.latitude_at(tile.rows), placing.longitude_at(tile.cols)
        view = replace(
            whole,
            image=cut(whole.image, tile, 0 if whole.image.dtype == np.uint8 else np.nan),
            known=cut(whole.known, tile, False),
            latitude=latitude,
            longitude=longitude,
            background=None if whole.background is None else cut(whole.background, tile),
            limit=None if limits is None else limits.grid.sample(limits.cells, latitude, longitude),
        )
        settings = self.model.recipe.inputs
        inputs = assemble(view, settings.names, sparse=settings.sparse)
        logits: FloatArray = self.run(inputs[None])[0, 0]
        return logits


def predict_scene(
    predictor: Predictor, scene: xr.Dataset, background: FloatArray | None = None
) -> FloatArray:
    """Probability of cloud of a Scene: (y, x) float32, NaN where missing."""
    return predictor.predict_image(
        scene["image"].values,
        scene["latitude"].values,
        scene["longitude"].values,
        background,
        channels=[str(name) for name in scene["channel"].values],
    )


def pictured(
    image: Image, channels: Sequence[str] | None, recipe: Recipe
) -> tuple[Image, tuple[str, ...]]:
    """The channels that a recipe reads, and their names.

    Of a float image the others are left out, so that what they miss makes nothing missing; of
    bytes all stay, as a pixel is missing where all of them are 0.

    Raises:
        UsageError: a channel is not there.
    """
    limit = recipe.inputs.limit
    names = tuple(channels or (COLOURS if len(image) == len(COLOURS) else ()))
    found = channels_read(recipe.inputs.names, names, limit.channel if limit else "blue")
    read = tuple(sorted(name for name in found if name != ONLY))
    if not read:
        if len(image) != 1:
            raise UsageError(f"'{recipe.name}' reads one channel of counts, not {len(image)}")
        return image, names or ("counts",)
    if lacking := [name for name in read if names.count(name) != 1]:
        raise UsageError(
            f"'{recipe.name}' reads the channels {', '.join(read)}; the picture has "
            f"{len(image)} ({', '.join(names) or 'without names'}), and not one '{lacking[0]}'"
        )
    if image.dtype == np.uint8 or len(names) == len(read):
        return image, names
    kept = [names.index(name) for name in read]
    return image[kept], read


_COARSEST = 4.0
"""Times the pixel that a model learned on, and its inverse: of others it knows nothing."""


@dataclass(frozen=True)
class Limits:
    """What a model learned of each place: cells (2, cell row, cell column) and where they lie."""

    cells: FloatArray
    grid: CellGrid


def limits_at(model: Model, latitude: Floats, longitude: Floats) -> tuple[Limits | None, str]:
    """What a model learned of a scene's places, and why that cannot be used or trusted as usual.

    Raises:
        UsageError: the pixels are of quite another size than those that the model learned on.
    """
    limits = model.limits
    if limits is None:
        return None, ""
    grid = grid_of(limits, latitude, longitude)
    if grid is None or not grid.covers(latitude, longitude):
        return None, "what the model learned of each place does not cover this scene: not used"
    cells = np.stack([limits[f"{PREFIX}{name}"].values for name in STATISTICS])
    steps = [
        (abs(float(degrees[1] - degrees[0])), abs(learned.step))
        for degrees, learned in ((latitude, grid.latitude), (longitude, grid.longitude))
    ]
    for here, learned in steps:
        if not 1 / _COARSEST <= here / learned <= _COARSEST:
            raise UsageError(
                f"the scene has pixels of {here:g} degrees, the model learned on {learned:g}: it "
                "knows nothing of such (latitude and longitude are in degrees)"
            )
    other = [f"{here:g}, not {learned:g}" for here, learned in steps if not _alike(here, learned)]
    doubt = f"pixels of {other[0]} degrees: the model learned on others" if other else ""
    return Limits(cells, grid), doubt


def _alike(one: float, other: float) -> bool:
    """Whether two steps of a grid are the same but for rounding."""
    return abs(one - other) < 0.01 * abs(other)


def _names(recipe: Recipe) -> dict[str, Any]:
    """What the recipe calls the background's channels and the limit's, where it has them."""
    inputs, names = recipe.inputs, dict[str, Any]()
    if inputs.background is not None:
        names["statistics"] = inputs.background.channels
    if inputs.limit is not None:
        names["limit_channel"] = inputs.limit.channel
    return names


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
