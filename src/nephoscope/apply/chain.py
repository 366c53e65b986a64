"""One frame: classify, then segment.

| frame | state from | mask from |
|---|---|---|
| thermal | the classifier of whole frames (`nephoscope.tasks.sky_state`) | the thermal model |
| colour | the share of cloud in its mask | the colour model |
| with its own clear-sky model (IRCCAM) | the share of cloud in its mask | formula `clear-excess` |
| one channel of a camera not known to be thermal | nothing: unknown | nothing: unknown |

A colour frame unlike those that its model was trained on (`nephoscope.models.colour_guard`) is
unknown, whoever asks; in the chain one that is only too small gets its mask from formula
`blue-red-hybrid`, which judges each pixel by its colour alone.

What lies beyond the horizon (`nephoscope.instruments.skycam.rim`) is no sky: nothing is said of it,
and no number counts it. A colour model sees it all the same, as in training; all others take it for
missing.

In the chain (`sky`) the state decides about the mask. Cloudy: as segmented. Clear: the probability
of a pixel is that of the frame being cloudy at all times what the segmentation says, so that a
clear frame has none above it. Unknown: no pixel is known. A model or formula that is named segments
every frame, whatever its state.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import xarray as xr

from nephoscope.apply.classify import FrameClassifier
from nephoscope.apply.frame_models import CHAIN, ChainModels, chain_models, fingerprint
from nephoscope.apply.jobs import Job, Options
from nephoscope.apply.network import Predictor
from nephoscope.apply.run import Made, Tell
from nephoscope.apply.segmented import (
    Segmented,
    cut_at,
    first_step,
    gated,
    nothing,
    of_formula,
    of_the_seen,
    state_of_mask,
)
from nephoscope.apply.whole import guarded_frame, only_too_small
from nephoscope.errors import InputError, UsageError, shown
from nephoscope.files import sha256_of
from nephoscope.formulas import (
    FORMULAS,
    HYBRID,
    OF_COLOUR,
    ClearReference,
    clear_excess,
    excess,
    read_camera_background,
)
from nephoscope.inputs.texture import SHAPE
from nephoscope.instruments import open_scene
from nephoscope.instruments.skycam.frames import FLAVOURS, Flavour
from nephoscope.instruments.skycam.rim import run_horizon, sky_alone
from nephoscope.models import load_model
from nephoscope.models.lookup import sent_as
from nephoscope.products.fits import Facts
from nephoscope.products.frames import (
    INSTRUMENT,
    FrameResult,
    blob_rows,
    fits_facts,
    frame_cards,
    frame_dataset,
    frame_result,
    frame_row,
)
from nephoscope.scene import source_of
from nephoscope.tasks.mask import published
from nephoscope.tasks.sky_state import Verdict, temperatures_of
from nephoscope.workers import cores

_NOT_THERMAL = "the header does not say that it is thermal; if it is: --flavour thermal"
_PHYSICAL = "clear-excess"
_LEAST_SCATTER = 1.0  # counts; no clear sky is known better than to one


@dataclass(frozen=True)
class JudgedFrame(Made):
    """What was made of a frame, with its numbers.

    Attributes:
        result: everything that is said about it.
    """

    result: FrameResult = field(kw_only=True)


class SkyChain:
    """The models of one run, opened when a frame first needs them; a `nephoscope.apply.run.Maker`.

    Args:
        model: what `nephoscope.apply.frame_models.chain_models` understands.
        options: how to predict; of its own `flavour`, what the frames are where the user knows
            better than their headers, and `min_blob`, pixels of the smallest blob (by default a
            5000th of the frame, at least 4); and `horizon`, what
            `nephoscope.instruments.skycam.horizon.horizon_of` understands.
        background: file of what is known of the camera: its clear reference, where its sky is.

    Raises:
        UsageError: the model or formula is not there, or has no threshold to change; or an option
            makes no sense.
        InputError: a model, the background or the mask of the horizon cannot be read.
    """

    instrument = INSTRUMENT
    in_order = True

    def __init__(
        self, model: str = CHAIN, options: Options | None = None, background: Path | None = None
    ) -> None:
        self.options = options or Options()
        self.background = background
        self.flavour, self.minimum_blob = _checked(self.options)
        self.models: ChainModels = chain_models(model)
        if self.models.formula not in {"", _PHYSICAL} and self.options.threshold is not None:
            raise UsageError(f"--threshold: formula '{self.models.formula}' sets its own")
        known = None if background is None else read_camera_background(background)
        self.reference: ClearReference | None = None if known is None else known.clear
        self.horizon = run_horizon(
            self.options.own.get("horizon"), None if known is None else known.horizon
        )
        self._predictors = lru_cache(maxsize=None)(_open)

    def __reduce__(self) -> tuple[type[SkyChain], tuple[str, Options, Path | None]]:
        """Other processes open their own models."""
        background = None if self.background is None else self.background.absolute()
        return SkyChain, (sent_as(self.models.name), self.options, background)

    @property
    def default_workers(self) -> int:
        """A frame is small: one process for each processor."""
        return cores()

    @cached_property
    def key(self) -> str:
        """The sha256 of models, options and clear reference."""
        background = None if self.background is None else sha256_of(self.background)
        facts = [fingerprint(self.models), self.options.said, background, self.horizon.key]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def open(self) -> None:
        """Models are opened when a frame first needs them."""

    def among(self, workers: int) -> SkyChain:
        """The same: a frame takes one processor."""
        return self

    def shared(self, jobs: Sequence[Job], out: Path, make: bool = True) -> Callable[[Job], Job]:
        """Frames share nothing."""
        return lambda job: job

    def read(self, job: Job) -> xr.Dataset:
        """The frame of a job.

        Raises:
            InputError: it cannot be read.
        """
        return open_scene(job.scene.path, INSTRUMENT, flavour=self.flavour)

    def make(self, job: Job, scene: xr.Dataset, tell: Tell | None = None) -> JudgedFrame:
        """Everything about the frame of a job.

        Raises:
            InputError: the frame cannot be used, or there is no model for it.
        """
        result, facts = self.judge(scene)
        name = shown(job.scene.relative / job.scene.path.name)
        row = frame_row(result, name)
        return JudgedFrame(
            scene,
            frame_dataset(result),
            frame_cards(scene, result, job.scene.path.name, facts),
            {"row": row, "blobs": blob_rows(result, name)},
            _said(row, result.note),
            result=result,
        )

    @cached_property
    def classifier(self) -> FrameClassifier:
        """The classifier of whole frames."""
        return FrameClassifier(load_model(self.models.state))

    def judge(self, scene: xr.Dataset) -> tuple[FrameResult, Facts]:
        """Say everything about a frame, and what it was said by.

        Raises:
            InputError: the frame cannot be used, or there is no model for it.
        """
        check_usable(scene)
        self._check_kind(scene)
        rim, odd = self.horizon.of(scene)
        beyond = None if rim is None else rim.beyond
        sky = sky_alone(scene, rim)
        warmer, doubt = self._excess(sky)
        verdict = self._classify(sky, warmer, doubt)
        found = self._segment(scene, sky, verdict, warmer is not None)
        found = of_the_seen(found, scene, beyond if rim and rim.hides else None)
        if found.doubt:
            verdict = Verdict("unknown", math.nan, found.doubt)
        elif verdict is None:
            verdict = state_of_mask(found.probability, found.threshold, beyond)
        elif self.models.gated:
            found = gated(found, verdict)
        result = frame_result(
            scene,
            found.mask,
            found.probability,
            verdict.state,
            verdict.p_cloudy,
            self.minimum_blob,
            "; ".join(note for note in (verdict.note, found.note, odd) if note),
            rim,
        )
        return result, {**fits_facts(result), **self._facts(found)}

    def _classify(self, scene: xr.Dataset, warmer: float | None, doubt: str) -> Verdict | None:
        """The state of a frame; None where its mask will tell."""
        if scene.attrs["flavour"] == "colour" or "clear_reference" in scene:
            return None
        if scene.attrs["flavour"] != "thermal":
            return Verdict("unknown", math.nan, _NOT_THERMAL)
        image = scene["image"].values[0]
        if image.shape[0] < SHAPE[0] or image.shape[1] < SHAPE[1]:
            small = "smaller than {} x {} pixels: its texture cannot be judged".format(*SHAPE)
            return Verdict("unknown", math.nan, small)
        verdict = self.classifier.judge(image, temperatures_of(scene.attrs), warmer)
        return replace(verdict, note=f"{verdict.note}; {doubt}") if doubt else verdict

    def _excess(self, scene: xr.Dataset) -> tuple[float | None, str]:
        """Median excess over the clear reference in scatters of clear frames; why there is none."""
        if self.reference is None or scene.attrs["flavour"] == "colour":
            return None, ""
        try:
            warmer = float(np.nanmedian(excess(scene, self.reference)))
            scatter = self.reference.level(scene)[1]
        except InputError as error:
            return None, f"clear reference not used: {error.field} {error.problem}"
        return warmer / max(scatter, _LEAST_SCATTER), ""

    def _segment(
        self, scene: xr.Dataset, sky: xr.Dataset, verdict: Verdict | None, compared: bool
    ) -> Segmented:
        flavour, models = str(scene.attrs["flavour"]), self.models
        if models.formula:
            return self._by_formula(sky, models.formula)
        if not models.masks or (models.gated and verdict and verdict.state == "unknown"):
            return nothing(scene)
        if models.gated and (compared or "clear_reference" in scene):
            return self._by_formula(sky, _PHYSICAL)
        return self._by_model(scene if flavour == "colour" else sky, models.masks[flavour])

    def _check_kind(self, scene: xr.Dataset) -> None:
        """Refuse frames that a named model or formula is not for."""
        flavour, models = str(scene.attrs["flavour"]), self.models
        colour = "colour" in models.masks or models.formula in OF_COLOUR
        if not models.gated and (flavour == "colour") != colour:
            problem = f"is a {flavour} frame, and '{models.name}' is not for these"
            remedy = "predict with 'sky', which takes each frame's own model"
            raise InputError(source_of(scene), problem, field="image", remedy=remedy)

    def _by_model(self, scene: xr.Dataset, name: str) -> Segmented:
        flavour = scene.attrs["flavour"]
        try:
            predictor = self._predictors(name)
        except UsageError as error:
            problem = f"is a {flavour} frame, and its model is missing: {error}"
            remedy = "train it, or name a model folder or formula in place of 'sky'"
            raise InputError(source_of(scene), problem, field="image", remedy=remedy) from error
        model, names = predictor.model, tuple(str(name) for name in scene["channel"].values)
        image = scene["image"].values
        probability, doubt = guarded_frame(predictor, image, names)
        if doubt and self.models.gated and flavour == "colour" and only_too_small(predictor, image):
            return replace(self._by_formula(scene, HYBRID), note=f"{doubt}; mask by {HYBRID}")
        probability = published(probability)
        cut = first_step(
            model.threshold if self.options.threshold is None else self.options.threshold
        )
        mask = cut_at(probability, cut)
        made_by = model.name, model.weights_sha256
        return Segmented(probability, mask, cut, *made_by, doubt=doubt or "")

    def _by_formula(self, scene: xr.Dataset, name: str) -> Segmented:
        if name == _PHYSICAL:
            found = clear_excess(scene, self.reference)
        else:
            image = scene["image"].values
            found = FORMULAS[name](image if name in OF_COLOUR else image[0])  # type: ignore[operator]
        return of_formula(found, self.options.threshold)

    def _facts(self, found: Segmented) -> Facts:
        """What made the result, as FITS keywords."""
        state = self.classifier.model.name if "classifier" in self.__dict__ else ""
        cut = found.threshold if math.isfinite(found.threshold) else ""
        facts: Facts = {
            "STATEMOD": (state, "model of the state"),
            "MASKMOD": (found.name, "model or formula of the mask"),
            "MASKSHA": (found.sha256, ""),
            "THRESH": (cut, "cloud is a probability at or above it"),
        }
        return {key: said for key, said in facts.items() if said[0] != ""}


def _checked(options: Options) -> tuple[Flavour | None, int | None]:
    """The flavour and the smallest blob, if they make sense."""
    flavour, least = options.own.get("flavour"), options.own.get("min_blob")
    if least is not None and least < 1:
        raise UsageError(f"smallest blob {least}: must be at least 1 pixel")
    if flavour is not None and flavour not in FLAVOURS:
        raise UsageError(f"no flavour '{flavour}'; known are: {', '.join(FLAVOURS)}")
    return flavour, least


def _said(row: Mapping[str, str], note: str) -> str:
    """The state in one line, with the reason."""
    cover = row["cloud_fraction"]
    words = [row["state"], f"cloud {float(cover):.0%}" if cover else "", note]
    return ", ".join(word for word in words if word)


def check_usable(scene: xr.Dataset) -> None:
    """Refuse frames of which nothing should be said, though they can be read.

    Raises:
        InputError: a hundredth of the pixels or more is saturated, or whole rows hold no number.
    """
    attrs = scene.attrs
    if attrs.get("saturated"):
        problem = f"is saturated: {attrs['saturated_share']:.1%} of the pixels"
        raise InputError(source_of(scene), problem, field="image", remedy="shorten the exposure")
    if "circle" in attrs or scene["image"].attrs["units"] != "adu":
        return  # what lies outside of the sky is missing
    rows = np.flatnonzero(np.isnan(scene["image"].values[0]).all(axis=1))
    if rows.size:
        problem = f"holds no number in {rows.size} rows, the first of them {rows[0]}"
        raise InputError(source_of(scene), problem, field="image", remedy="leave it out")


def _open(name: str) -> Predictor:
    return Predictor(load_model(name), workers=1)
