"""Network over a scene: tiles in parallel, blended, calibrated, handed out band by band."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.apply.cascade import EVERYWHERE, Window
from nephoscope.apply.engine import open_engine
from nephoscope.apply.placing import ASIDE, Placing, place
from nephoscope.apply.strips import Strips, image_of
from nephoscope.apply.tiles import Blend, Tile, cut, lay_tiles, plan_axis
from nephoscope.apply.whole import frame_fields, whole_fields
from nephoscope.arguments import listed
from nephoscope.errors import UsageError
from nephoscope.inputs import COLOURS, ONLY, View, assemble, channels_read, reads_place
from nephoscope.inputs.directional import pixels_per_km
from nephoscope.limits import Limits, limits_at
from nephoscope.networks import WHOLE
from nephoscope.products.held import Filling
from nephoscope.scene import known_of
from nephoscope.tasks import task_named
from nephoscope.workers import cores, in_threads

if TYPE_CHECKING:
    from nephoscope.models import Model
    from nephoscope.recipe import Recipe

FloatArray = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating]
Image = npt.NDArray[np.uint8] | FloatArray
Fields = dict[str, FloatArray]
Kind = TypeVar("Kind", bound=np.generic)
Band = tuple[slice, Fields]
VALID = "valid"
"""Group of a recipe's features: flags that say which views of a pixel are there."""


_PIECE = 1 << 20
"""Numbers of which variables are made at once: pixels, or fewer of them on levels."""


class Predictor:
    """A model made ready to run over many scenes.

    Args:
        model: the loaded model.
        workers: tiles at work at once; by default one per processor.
    """

    whole = False
    """Whether it says one thing of a whole scene."""

    def __init__(self, model: Model, workers: int | None = None) -> None:
        self.model = model
        self._features, self._sparse = model.recipe.inputs.names, model.recipe.inputs.sparse
        # Flags of the views of a pixel: where none is set, nothing was seen.
        self._valid = list(model.recipe.inputs.groups.get(VALID, ()))
        self._names = _names(model.recipe)
        self.task = task_named(model.recipe.task)
        self.whole = model.recipe.network.name in WHOLE
        self.workers = workers or cores()
        self._engine = open_engine(model)
        self._limits = model.limits
        self._places: dict[tuple[bytes, bytes], tuple[Limits | None, str]] = {}

    def predict_image(
        self,
        image: Image,
        latitude: Floats,
        longitude: Floats,
        background: FloatArray | None = None,
        *,
        channels: Sequence[str] | None = None,
    ) -> FloatArray:
        """Probability of cloud in every pixel.

        Args:
            image: (channel, y, x) uint8 with 0 in all channels where missing, or float32 with NaN.
            latitude: (y,) degrees.
            longitude: (x,) degrees; the image wraps if they span the whole planet.
            background: (statistic, y, x) float32 without NaN in the order of the recipe, or None.
            channels: names of the image's channels; by default red, green, blue.

        Returns:
            (y, x) float32, 0..1, NaN where a channel that the model reads is missing.

        Raises:
            UsageError: a channel is not there, or the degrees are no plate carrée grid.
        """
        image, names = self._pictured(image, channels)
        view = View(
            image, known_of(image), latitude, longitude, background,
            channels=names, **self._names,
        )  # fmt: skip
        whole = np.full(image.shape[1:], np.nan, np.float32)
        for rows, band in self.bands(view):
            whole[rows] = band["cloud_probability"]
        # Weights add up to one only to rounding.
        return np.clip(whole, 0.0, 1.0, out=whole)

    def view_of(
        self, scene: xr.Dataset, background: FloatArray | None = None, *, position: bool = True
    ) -> View:
        """A whole Scene as the model looks at it.

        Args:
            scene: the scene. Latitudes and longitudes of each pixel are left aside where no feature
                is made of them.
            background: (statistic, y, x) float32 without NaN in the order of the recipe, or None.
            position: whether longitude, and what was learned of each place, may be used.

        Raises:
            UsageError: a channel that the model reads is not there.
        """
        names = [str(name) for name in scene["channel"].values]
        image, read = self._pictured(image_of(scene), names)
        dims = {"latitude": ("y",), "longitude": ("x",)}
        per_km = None
        if scene["latitude"].ndim > 1:
            if reads_place(self._features):
                latitude, longitude = scene["latitude"].values, scene["longitude"].values
                per_km = pixels_per_km(latitude, longitude)
            else:
                shape = tuple(scene.sizes[dim] for dim in ("y", "x"))
                latitude = longitude = np.broadcast_to(np.zeros((), np.float32), shape)
        else:
            latitude, longitude = (
                scene[name].values if scene[name].dims == own else np.zeros(scene.sizes[own[0]])
                for name, own in dims.items()
            )
        known = scene["known"].values
        return View(
            image, known, latitude, longitude, background, position,
            channels=read, per_km=per_km, **self._names,
        )  # fmt: skip

    def limits_at(self, latitude: Floats, longitude: Floats) -> tuple[Limits | None, str]:
        """What the model learned of a scene's places, and why that is not as usual.

        Args:
            latitude: (y,) degrees.
            longitude: (x,) degrees.

        Raises:
            UsageError: the pixels are of quite another size than those that the model learned on.
        """
        if self._limits is None:
            return None, ""
        key = latitude.tobytes(), longitude.tobytes()
        if key not in self._places:
            self._places = {key: limits_at(self._limits, latitude, longitude)}
        return self._places[key]

    def bands(self, view: View) -> Iterator[Band]:
        """The task's fields of a whole scene, band by band: no more than one is in memory.

        Args:
            view: the whole scene, from `view_of`.

        Yields:
            rows of the scene and the fields there, (..., y, x) float32, NaN where the scene is
            unknown. Each row comes once at most, from the north southwards; before the first and
            behind the last that is known there is nothing to say. There is one band at least.

        Raises:
            UsageError: the degrees are no plate carrée grid.
        """
        if self.model.recipe.inputs.side is not None:
            yield slice(0, view.known.shape[0]), frame_fields(self, view.image, view.channels)
            return
        turned, placing = view, ASIDE
        if view.latitude.ndim == 1:
            placing = place(view.latitude, view.longitude)
            turned = replace(
                view,
                image=placing.turn(view.image),
                known=placing.turn(view.known),
                latitude=placing.latitude,
                longitude=placing.longitude,
                background=None if view.background is None else placing.turn(view.background),
            )
        for rows, band in self._blended(turned, placing):
            unknown = ~turned.known[rows]
            for values in band.values():
                np.copyto(values, np.nan, where=unknown)
            for name in band:
                band[name] = placing.turn_back(band[name])
            yield placing.rows_back(rows), band
            # Not held while the next one is put together.
            del band

    def variables(
        self,
        view: View,
        decision: Any,  # noqa: ANN401 - the task's own
        leave_out: Collection[str] = (),
        tell: Callable[[float], None] | None = None,
    ) -> xr.Dataset:
        """The task's variables of a whole scene, packed: of its fields no more than a band is held.

        Args:
            view: as for `bands`.
            decision: the task's.
            leave_out: names of variables that are not wanted.
            tell: told, before the first band and after each, what share of the pixels is done.

        Returns:
            (..., y, x); of a network that says one thing of a whole scene (...,).
        """
        if self.whole:
            return self.task.variables(whole_fields(self, view), decision)
        whole: Filling | None = None
        height, width = view.known.shape
        known, done = view.known.sum(axis=1), 0
        if tell is not None:
            tell(0.0)
        for rows, found in self.bands(view):
            for part in _pieces(found, rows.stop - rows.start):
                piece = {name: values[..., part, :] for name, values in found.items()}
                made = self.task.variables(piece, decision).drop_vars(leave_out, errors="ignore")
                whole = whole or Filling(made, (height, width))
                whole.put(made, rows.start + part.start, 0)
                del piece, made
            found.clear()
            if tell is not None:
                done += int(known[rows].sum())
                tell(done / max(int(known.sum()), 1))
        if whole is None:
            raise ValueError("a scene without bands")
        return whole.whole()

    def run(self, inputs: FloatArray, wanted: Window = EVERYWHERE) -> FloatArray:
        """The network once: (batch, feature, y, x) float32 → logits (batch, output, y, x).

        Beyond the rows and columns `wanted` they need not be exact.
        """
        return self._engine.run(inputs, wanted)

    def _pictured(
        self, image: Image, channels: Sequence[str] | None
    ) -> tuple[Image, tuple[str, ...]]:
        """The channels that the model reads, and their names.

        Of a float image the others are left out, so that what they miss makes nothing missing; of
        bytes all stay, as a pixel is missing where all of them are 0, and of what is not in memory.

        Raises:
            UsageError: a channel is not there.
        """
        recipe, limited = self.model.recipe.name, self._names.get("limit_channel", "blue")
        names = tuple(channels or (COLOURS if len(image) == len(COLOURS) else ()))
        found = channels_read(self._features, names, limited)
        read = tuple(sorted(name for name in found if name != ONLY))
        if not read:
            if len(image) != 1:
                raise UsageError(f"'{recipe}' reads one channel of counts, not {len(image)}")
            return image, names or ("counts",)
        if lacking := [name for name in read if names.count(name) != 1]:
            remedy = "; open_scene(path, **model.recipe.read) reads them all"
            raise UsageError(
                f"'{recipe}' reads the channels {listed(read)}; the picture has {len(image)} "
                f"({listed(names) or 'without names'}), and not one '{lacking[0]}'"
                f"{remedy if self.model.recipe.read else ''}"
            )
        if isinstance(image, Strips) or image.dtype == np.uint8 or len(names) == len(read):
            return image, names
        kept = [names.index(name) for name in read]
        return image[kept], read

    def _blended(self, whole: View, placing: Placing) -> Iterator[Band]:
        rows = np.flatnonzero(whole.known.any(axis=1))
        wanted = slice(int(rows[0]), int(rows[-1]) + 1) if rows.size else slice(0, 1)
        tiles = self._tiles(wanted, whole.known.shape[1], placing)
        # Of what is unknown nothing is said: a swath fills little of its rows near the poles.
        tiles = [tile for tile in tiles if cut(whole.known, tile, False).any()] or tiles
        limits = self.limits_at(whole.latitude, whole.longitude)[0] if whole.position else None
        blend, line = Blend(wanted, whole.known.shape[1]), wanted.start
        work = partial(self._fields, whole, placing, limits)
        for tile, found in in_threads(work, tiles, self.workers):
            if tile.rows[0] > line:
                line = int(tile.rows[0])
                yield blend.finished(line)
            blend.add(found, tile)
        yield blend.finished(wanted.stop)

    def _tiles(self, wanted: slice, width: int, placing: Placing) -> list[Tile]:
        apply, divisor = self.model.recipe.apply, self.model.divisor
        top, left = placing.start
        period, overlap = width if placing.wraps else None, apply.overlap
        first, stop = top + wanted.start, top + wanted.stop
        axis = partial(plan_axis, overlap=overlap, divisor=divisor, blend=apply.blend)
        beyond = apply.margin
        if apply.blend and placing is ASIDE and self._valid:
            # The end of a scene then looks the same in every tiling: a tile's own end is farther
            # away. To a network not told what is missing, nothing would look like a picture.
            beyond = -(-overlap // 4)
        rows = axis(first - beyond, stop + beyond, apply.tile[0])
        cols = axis(left - beyond, left + width + beyond, apply.tile[1], period=period)
        lines = lay_tiles(rows.counted_from(top), cols.counted_from(left), period)
        return [tile for line in lines for tile in line]

    def _fields(
        self, whole: View, placing: Placing, limits: Limits | None, tile: Tile
    ) -> tuple[Tile, Fields]:
        if whole.latitude.ndim == 1:
            latitude, longitude = placing.latitude_at(tile.rows), placing.longitude_at(tile.cols)
        else:
            latitude, longitude = (cut(each, tile) for each in (whole.latitude, whole.longitude))
        view = replace(
            whole,
            image=cut(whole.image, tile, 0 if whole.image.dtype == np.uint8 else np.nan),
            known=cut(whole.known, tile, False),
            latitude=latitude,
            longitude=longitude,
            background=None if whole.background is None else cut(whole.background, tile),
            per_km=None if whole.per_km is None else cut(whole.per_km, tile),
            limit=None if limits is None else limits.at(latitude, longitude),
        )
        inputs = assemble(view, self._features, sparse=self._sparse)
        inner = tile.inner(self.model.recipe.apply.margin)
        logits = _inner(self.run(inputs[None], tile.weighty)[0], inner)
        fields = self.task.fields(logits, self.model.decision)
        if self._valid:
            unseen = ~_inner(inputs[self._valid], inner).any(axis=0)
            for values in fields.values():
                np.copyto(values, np.nan, where=unseen)
        return inner, fields


def _inner(values: npt.NDArray[Kind], inner: Tile) -> npt.NDArray[Kind]:
    """What lies in a tile (..., y, x) without its margin, or that from the whole of it."""
    sides = zip(values.shape[-2:], (inner.rows.size, inner.cols.size), strict=True)
    rows, cols = (slice((have - want) // 2, (have + want) // 2) for have, want in sides)
    return values[..., rows, cols]


def _names(recipe: Recipe) -> dict[str, Any]:
    """What the recipe calls the background's channels and the limit's, where it has them."""
    inputs, names = recipe.inputs, dict[str, Any]()
    if inputs.background is not None:
        names["statistics"] = inputs.background.channels
    if inputs.limit is not None:
        names["limit_channel"] = inputs.limit.channel
    return names


def _pieces(band: Fields, height: int) -> Iterator[slice]:
    """Rows of pieces of a band, none of more numbers than `_PIECE` if it can be."""
    step = max(_PIECE * height // max(sum(values.size for values in band.values()), 1), 1)
    for first in range(0, height, step):
        yield slice(first, min(first + step, height))
