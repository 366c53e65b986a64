"""Network over a scene: tiles in parallel, blended, calibrated; and the product it makes."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from nephoscope.apply.bounds import blank, outside_season
from nephoscope.apply.clear import SeriesBackgrounds, background_at
from nephoscope.apply.engine import open_engine
from nephoscope.apply.jobs import Job, Options
from nephoscope.apply.placing import Placing, place
from nephoscope.apply.run import Made
from nephoscope.apply.tiles import Tile, add_tile, cut, lay_tiles, plan_axis
from nephoscope.apply.whole import predict_frame
from nephoscope.background import channels_of
from nephoscope.errors import UsageError
from nephoscope.files import sha256_of
from nephoscope.inputs import COLOURS, ONLY, View, assemble, channels_read
from nephoscope.instruments import open_scene
from nephoscope.limits import Limits, limits_at
from nephoscope.models import load_model
from nephoscope.models.lookup import FACTS
from nephoscope.products.mask import mask_product, mask_step
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
        limits = limits_at(self.model.limits, whole.latitude, whole.longitude)[0]
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


@dataclass(frozen=True)
class NetworkMaker:
    """A model and what its products say; a `nephoscope.apply.run.Maker`.

    Args:
        source: the model, its shipped name or its folder.
        options: how to predict.
        background: "auto": built for each series with enough scenes among all inputs, stored
            beside the products; "none"; or the file of one.
        command: what the user typed, for the history of the products.
        workers: processes at work at once, which share the processors.
    """

    source: Model | str | Path
    options: Options = field(default_factory=Options)
    background: str | Path = "auto"
    command: str = ""
    workers: int = 1
    default_workers = 1
    """Tiles keep all processors busy."""
    in_order = False

    def __post_init__(self) -> None:
        """Check the threshold."""
        mask_step(self.options.threshold or 0.0)

    def __getstate__(self) -> dict[str, Any]:
        """Other processes open their own models."""
        return {each.name: getattr(self, each.name) for each in fields(self)} | {
            "source": self.model.folder
        }

    @cached_property
    def model(self) -> Model:
        """The model.

        Raises:
            UsageError: no such model.
            InputError: it cannot be read.
        """
        source = self.source
        return load_model(source) if isinstance(source, str | Path) else source

    @cached_property
    def predictor(self) -> Predictor:
        """The model made ready to run."""
        return Predictor(self.model, workers=max(1, cores() // self.workers))

    @property
    def instrument(self) -> str:
        """Whose scenes."""
        return self.model.recipe.instrument

    @cached_property
    def key(self) -> str:
        """The sha256 of options and of all that the model's predictions depend on.

        A change of any of it (calibration, threshold, recipe) makes finished scenes be done again.
        """
        facts = [sha256_of(self.model.folder / FACTS), self.options.said]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def open(self) -> None:
        """Open the network.

        Raises:
            UsageError: the threshold is not within 0..1.
            InputError: it cannot be read.
        """
        self.predictor  # noqa: B018 - kept from here on

    def shared(self, jobs: Sequence[Job], out: Path) -> Callable[[Job], Job]:
        """Each job with the background of its series.

        Raises:
            InputError: the background that is named is none.
        """
        return SeriesBackgrounds(self.model.recipe, out, jobs, self.background).given_to

    def read(self, job: Job) -> xr.Dataset:
        """The scene of a job.

        Raises:
            InputError: it cannot be read.
        """
        return open_scene(job.scene.path, self.instrument)

    def make(self, job: Job, scene: xr.Dataset) -> Made:
        """The product of a scene.

        Raises:
            InputError: the bounds need a label, and there is none.
        """
        background = None
        if job.background is not None:
            channels = channels_of(self.model.recipe) or None
            places = (scene[name].values.tobytes() for name in ("latitude", "longitude"))
            background = background_at(job.background, job.background_sha256, channels, *places)
        source = str(job.scene.relative / job.scene.path.name)
        return Made(scene, self.product(scene, background, job.background_sha256, source))

    def product(
        self,
        scene: xr.Dataset,
        background: FloatArray | None = None,
        background_sha256: str | None = None,
        source: str | None = None,
    ) -> xr.Dataset:
        """The product of a scene, packed as it is stored.

        Args:
            scene: the scene.
            background: (channel, y, x) at its places, in the order of the recipe, or None.
            background_sha256: of the whole background.
            source: path of the scene's file below the input folder; by default its name.
        """
        own, offset = self.options.own, self.options.own.get("offset", 3.0)
        return mask_product(
            self.predict(scene, background),
            scene,
            self.model,
            outside_season=outside_season(scene, offset),
            blank=blank(scene, own.get("bounds", "data"), offset, own.get("box")),
            background_sha256=background_sha256,
            threshold=self.options.threshold,
            command=self.command,
            source=source,
            doubt=self.doubt(scene),
        )

    def predict(self, scene: xr.Dataset, background: FloatArray | None) -> FloatArray:
        """Probability (y, x) float32, 0..1, NaN where missing."""
        return predict_scene(self.predictor, scene, background)

    def doubt(self, scene: xr.Dataset) -> str:
        """Why the scene's grid is unlike what the model learned on, if it is."""
        return limits_at(self.model.limits, scene["latitude"].values, scene["longitude"].values)[1]
