"""Maker of a network's products: the task's variables, filled band by band, dressed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from nephoscope.apply.cascade import sure_of
from nephoscope.apply.clear import SeriesBackgrounds, background_at
from nephoscope.apply.jobs import Job, Options
from nephoscope.apply.network import Predictor
from nephoscope.apply.run import Card, Made, Tell
from nephoscope.background import channels_of
from nephoscope.errors import UsageError
from nephoscope.files import sha256_of
from nephoscope.instruments import instrument_named, open_scene
from nephoscope.models import load_model
from nephoscope.models.lookup import FACTS, sent_as
from nephoscope.models.pixel_guard import Judged, PixelGuard
from nephoscope.products.fits import card_text
from nephoscope.products.product import ProductFacts, make_product
from nephoscope.scene import COLUMNS
from nephoscope.workers import cores

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.instruments.protocol import Instrument
    from nephoscope.models import Model

FloatArray = npt.NDArray[np.float32]
_ROWS = 256
"""Of a scene that is read on demand, at a time."""


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

    def __getstate__(self) -> dict[str, Any]:
        """Other processes open their own models."""
        return {each.name: getattr(self, each.name) for each in fields(self)} | {
            "source": sent_as(self.model.folder)
        }

    @cached_property
    def model(self) -> Model:
        """The model.

        Raises:
            UsageError: no such model, or there is a threshold or a choice of levels and its task
                has none.
            InputError: it cannot be read.
        """
        source = self.source
        model = load_model(source) if isinstance(source, str | Path) else source
        for name in self.options.decided:
            if not hasattr(model.decision, name):
                raise UsageError(f"{_option(name)}: the task {model.recipe.task} has none")
        return model

    @cached_property
    def decision(self) -> Any:  # noqa: ANN401 - the task's own
        """The model's decision, with what the options change of it.

        Raises:
            UsageError: it may not be changed so.
        """
        found, changes = self.model.decision, self.options.decided
        try:
            return type(found).model_validate(found.model_dump() | changes)
        except ValidationError as error:
            said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise UsageError(f"{' '.join(map(_option, changes))}: {said}") from error

    @cached_property
    def predictor(self) -> Predictor:
        """The model made ready to run."""
        return Predictor(self.model, workers=max(1, cores() // self.workers))

    @property
    def instrument(self) -> str:
        """Whose scenes."""
        return self.model.recipe.instrument

    @cached_property
    def _module(self) -> Instrument:
        return instrument_named(self.instrument)

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
            InputError: it cannot be read.
        """
        self.predictor, self._module  # noqa: B018 - kept from here on

    def among(self, workers: int) -> NetworkMaker:
        """The same, where so many processes share the processors of a machine."""
        return replace(self, workers=workers)

    def shared(self, jobs: Sequence[Job], out: Path, make: bool = True) -> Callable[[Job], Job]:
        """Each job with the background of its series.

        Raises:
            InputError: the background that is named is none.
        """
        return SeriesBackgrounds(self.model.recipe, out, jobs, self.background, make).given_to

    def read(self, job: Job) -> xr.Dataset:
        """The scene of a job.

        Raises:
            InputError: it cannot be read.
        """
        return self.scene_of(job.scene.path)

    def scene_of(self, path: Path) -> xr.Dataset:
        """The scene of a file, with what the model reads of it.

        Raises:
            InputError: it cannot be read.
        """
        options = {**self.model.recipe.read, **self._module.reading(self.options.own)}
        return open_scene(path, self.instrument, **options)

    def make(self, job: Job, scene: xr.Dataset, tell: Tell | None = None) -> Made:
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
        product = self.product(scene, background, job.background_sha256, source, tell)
        lacking = list(scene.attrs.get("lacking", ()))
        as_fits = (self.options.format or self._module.FORMAT) == "fits"
        return Made(
            scene,
            product,
            self._cards(job, product) if as_fits else {},
            ({"lacking": lacking} if lacking else {}) | self._flagged(product),
            "; ".join(lacking),
        )

    def _flagged(self, product: xr.Dataset) -> dict[str, object]:
        """Share of the pixels with each bit of the instrument's own, for the journal."""
        names = {each.flag for each in self._module.CONDITIONS.values()}
        flag = product["quality_flag"] if names else None
        if flag is None:
            return {}
        bits = zip(flag.attrs["flag_meanings"].split(), flag.attrs["flag_masks"], strict=True)
        shares = {n: round(float((flag.values & b > 0).mean()), 4) for n, b in bits if n in names}
        return {"flagged": {name: share for name, share in shares.items() if share}}

    def _cards(self, job: Job, product: xr.Dataset) -> dict[str, Card]:
        """What a FITS says of how it was made, in the words of the chain's."""
        cards: dict[str, Card] = {
            "ORIGFILE": (card_text(job.scene.path.name, 60), ""),
            "MASKMOD": (card_text(self.model.name), "model of the mask"),
            "MASKSHA": (self.model.weights_sha256, ""),
        }
        if "threshold" in product.attrs:
            text = "cloud is a probability at or above it"
            cards["THRESH"] = (float(product.attrs["threshold"]), text)
        return cards

    def product(
        self,
        scene: xr.Dataset,
        background: FloatArray | None = None,
        background_sha256: str | None = None,
        source: str | None = None,
        tell: Tell | None = None,
    ) -> xr.Dataset:
        """The product of a scene, packed as it is stored.

        Args:
            scene: the scene.
            background: (channel, y, x) at its places, in the order of the recipe, or None.
            background_sha256: of the whole background.
            source: path of the scene's file below the input folder; by default its name.
            tell: told now and then what share is done.
        """
        judged = self._judged(scene)
        if judged is not None:
            scene = scene.assign(known=scene["known"] & ~judged.unknown)
        learned = self.model.seasons
        season = "" if learned is None else self._module.out_of_season(scene, learned)
        unpublished = self.predictor.task.unpublished
        variables = self.variables(scene, background, unpublished, position=not season, tell=tell)
        facts = ProductFacts(
            self.model.name,
            self.model.weights_sha256,
            background_sha256,
            self.command,
            source,
            self.predictor.limits_at(scene["latitude"].values, scene["longitude"].values)[1],
            None if judged is None else judged.flags,
            {} if judged is None else judged.reasons,
            self.model.recipe.inputs.background is not None,
            str(self.model.info.get(COLUMNS, "")),
            season,
            sure_of(self.model.recipe),
        )
        return make_product(variables, scene, self._module, facts, self.options.own)

    def _judged(self, scene: xr.Dataset) -> Judged | None:
        """What the conditions of its pixels say of a scene; None where its instrument has none."""
        if not (conditions := self._module.CONDITIONS):
            return None
        known = self.model.guard
        guard = known if isinstance(known, PixelGuard) else PixelGuard({}, conditions)
        height = scene.sizes["y"]
        strips = (slice(row, row + _ROWS) for row in range(0, height, _ROWS))
        found = [self._module.conditions(scene.isel(y=rows)) for rows in strips]
        return guard.judge(
            {name: np.concatenate([each[name] for each in found]) for name in found[0]}
        )

    def variables(
        self,
        scene: xr.Dataset,
        background: FloatArray | None,
        leave_out: Collection[str] = (),
        *,
        position: bool = True,
        tell: Tell | None = None,
    ) -> xr.Dataset:
        """The task's variables of a scene, packed: of its fields no more than a band is held.

        Args:
            scene: the scene.
            background: (channel, y, x) at its places, in the order of the recipe, or None.
            leave_out: names of variables that are not wanted.
            position: whether longitude, and what was learned of each place, may be used.
            tell: told now and then what share is done.
        """
        view = self.predictor.view_of(scene, background, position=position)
        return self.predictor.variables(view, self.decision, leave_out, tell)


def _option(name: str) -> str:
    """The option of the command line that changes a fact of a decision."""
    return f"--{'levels' if name == 'published' else name}"
