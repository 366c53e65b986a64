"""One frame: classify, then segment.

| frame | state from | mask from |
|---|---|---|
| thermal | the classifier of whole frames (`nephoscope.tasks.sky_state`) | the thermal model |
| colour | the share of cloud in its mask | the colour model |
| with its own clear-sky model (IRCCAM) | the share of cloud in its mask | formula `clear-excess` |
| one channel of a camera not known to be thermal | nothing: unknown | nothing: unknown |

A colour frame unlike those that its model was trained on (`nephoscope.tasks.sky_guard`) is unknown,
whoever asks.

In the chain (`sky`) the state decides about the mask. Cloudy: as segmented. Clear: the probability
of a pixel is that of the frame being cloudy at all times what the segmentation says, so that a
clear frame has none above it. Unknown: no pixel is known. A model or formula that is named segments
every frame, whatever its state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.apply.frames import guarded_frame
from nephoscope.apply.predict import Predictor
from nephoscope.apply.sky.choice import Choice, choose
from nephoscope.errors import InputError, UsageError
from nephoscope.formulas import (
    FORMULAS,
    ClearReference,
    FormulaResult,
    clear_excess,
    excess,
    read_clear_reference,
)
from nephoscope.inputs.texture import SHAPE
from nephoscope.instruments.skycam.frames import FLAVOURS, Flavour
from nephoscope.models import StateModel, load_model, load_state_model
from nephoscope.products.fits import Facts
from nephoscope.products.sky import FrameResult, fits_facts, frame_result
from nephoscope.tasks.mask import as_floats, is_cloud, published, threshold_step
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS
from nephoscope.tasks.sky_state import Verdict, temperatures_of

CLOUDY_SHARE = 0.05
"""Share of the known pixels from which on the mask of a frame makes it cloudy."""
_NOT_THERMAL = "the header does not say that it is thermal; if it is: --flavour thermal"
_PHYSICAL = "clear-excess"
_LEAST_SCATTER = 1.0  # counts; no clear sky is known better than to one


@dataclass(frozen=True)
class SkyOptions:
    """How frames are predicted and written.

    Attributes:
        model: what `nephoscope.apply.sky.choice.choose` understands.
        threshold: in place of the models'.
        minimum_blob: pixels of the smallest blob; by default a 5000th of the frame, at least 4.
        background: file of the camera's clear reference, if there is one.
        picture: draw an overlay beside each product.
        flavour: what the frames are, where the user knows better than their headers.
    """

    model: str = "sky"
    threshold: float | None = None
    minimum_blob: int | None = None
    background: Path | None = None
    picture: bool = True
    flavour: Flavour | None = None

    def __post_init__(self) -> None:
        """Check the numbers and names."""
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise UsageError(f"threshold {self.threshold}: must be within 0 and 1")
        if self.minimum_blob is not None and self.minimum_blob < 1:
            raise UsageError(f"smallest blob {self.minimum_blob}: must be at least 1 pixel")
        if self.flavour is not None and self.flavour not in FLAVOURS:
            raise UsageError(f"no flavour '{self.flavour}'; known are: {', '.join(FLAVOURS)}")


@dataclass(frozen=True)
class _Segmented:
    """A probability map, where it is cut, and what made it."""

    probability: NDArray[np.float32]  # (y, x), NaN where unknown
    mask: NDArray[np.int8]  # (y, x)
    threshold: float
    name: str
    sha256: str = ""
    note: str = ""
    doubt: str = ""  # why the model that was asked knows no pixel


class SkyChain:
    """The models of one run, opened when a frame first needs them.

    Args:
        options: how to predict.

    Raises:
        UsageError: the model or formula is not there, or has no threshold to change.
        InputError: a model or the clear reference cannot be read.
    """

    def __init__(self, options: SkyOptions) -> None:
        self.options = options
        self.choice: Choice = choose(options.model)
        if self.choice.formula not in {"", _PHYSICAL} and options.threshold is not None:
            raise UsageError(f"--threshold: formula '{self.choice.formula}' sets its own")
        self.reference: ClearReference | None = (
            None if options.background is None else read_clear_reference(options.background)
        )
        self._predictors = lru_cache(maxsize=None)(_open)

    @cached_property
    def state_model(self) -> StateModel:
        """The classifier of whole frames."""
        return load_state_model(self.choice.state)

    def judge(self, scene: xr.Dataset) -> tuple[FrameResult, Facts]:
        """Say everything about a frame, and what it was said by.

        Raises:
            InputError: the frame cannot be used, or there is no model for it.
        """
        check_usable(scene)
        self._check_kind(scene)
        warmer, doubt = self._excess(scene)
        verdict = self._classify(scene, warmer, doubt)
        found = self._segment(scene, verdict, warmer is not None)
        if found.doubt:
            verdict = Verdict("unknown", math.nan, found.doubt)
        elif verdict is None:
            verdict = state_of_mask(found.probability, found.threshold)
        elif self.choice.gated:
            found = _gated(found, verdict)
        result = frame_result(
            scene,
            found.mask,
            found.probability,
            verdict.state,
            verdict.p_cloudy,
            self.options.minimum_blob,
            "; ".join(note for note in (verdict.note, found.note) if note),
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
        verdict = self.state_model.judge(image, temperatures_of(scene.attrs), warmer)
        note = f"{verdict.note}; {doubt}" if doubt else verdict.note
        return Verdict(verdict.state, verdict.p_cloudy, note)

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

    def _segment(self, scene: xr.Dataset, verdict: Verdict | None, compared: bool) -> _Segmented:
        flavour, choice = str(scene.attrs["flavour"]), self.choice
        if choice.formula:
            return self._by_formula(scene, choice.formula)
        if not choice.masks or (choice.gated and verdict and verdict.state == "unknown"):
            return _nothing(scene)
        if choice.gated and (compared or "clear_reference" in scene):
            return self._by_formula(scene, _PHYSICAL)
        return _of_the_seen(self._by_model(scene, choice.masks[flavour]), scene)

    def _check_kind(self, scene: xr.Dataset) -> None:
        """Refuse frames that a named model or formula is not for."""
        flavour, choice = str(scene.attrs["flavour"]), self.choice
        if choice.gated:
            return
        for_colour = "colour" in choice.masks
        if (flavour == "colour") != for_colour:
            raise InputError(
                _source(scene),
                f"is a {flavour} frame, and '{choice.name}' is not for these",
                field="image",
                remedy="predict with 'sky', which takes each frame's own model",
            )

    def _by_model(self, scene: xr.Dataset, name: str) -> _Segmented:
        flavour = scene.attrs["flavour"]
        try:
            predictor = self._predictors(name)
        except UsageError as error:
            problem = f"is a {flavour} frame, and its model is missing: {error}"
            remedy = "train it, or name a model folder or formula in place of 'sky'"
            raise InputError(_source(scene), problem, field="image", remedy=remedy) from error
        image, model = scene["image"].values, predictor.model
        names = tuple(str(name) for name in scene["channel"].values)
        doubt: str | None = None
        in_tiles = model.recipe.inputs.side is None
        if in_tiles or (model.guard is None and flavour == "colour"):
            place = np.zeros(image.shape[1]), np.zeros(image.shape[2])
            probability = predictor.predict_image(image, *place, channels=names)
        else:
            probability, doubt = guarded_frame(predictor, image, names)
        probability = published(probability)
        cut = _step(model.threshold if self.options.threshold is None else self.options.threshold)
        mask = cut_at(probability, cut)
        made_by = model.name, model.weights_sha256
        return _Segmented(probability, mask, cut, *made_by, doubt=doubt or "")

    def _by_formula(self, scene: xr.Dataset, name: str) -> _Segmented:
        if name == _PHYSICAL:
            found = clear_excess(scene, self.reference)
        else:
            found = FORMULAS[name](scene["image"].values[0])  # type: ignore[operator]
        return _of_formula(found, self.options.threshold)

    def _facts(self, found: _Segmented) -> Facts:
        """What made the result, as FITS keywords."""
        state = self.state_model.name if "state_model" in self.__dict__ else ""
        texts = {
            "STATEMOD": (state, "model of the state"),
            "MASKMOD": (found.name, "model or formula of the mask"),
            "MASKSHA": (found.sha256, ""),
        }
        facts: dict[str, tuple[str | bool | int | float, str]] = {
            key: text for key, text in texts.items() if text[0]
        }
        if math.isfinite(found.threshold):
            facts["THRESH"] = (found.threshold, "cloud is a probability at or above it")
        return facts


def check_usable(scene: xr.Dataset) -> None:
    """Refuse frames of which nothing should be said, though they can be read.

    Raises:
        InputError: a hundredth of the pixels or more is saturated, or whole rows hold no number.
    """
    attrs = scene.attrs
    if attrs.get("saturated"):
        problem = f"is saturated: {attrs['saturated_share']:.1%} of the pixels"
        raise InputError(_source(scene), problem, field="image", remedy="shorten the exposure")
    if "circle" in attrs or scene["image"].attrs["units"] != "adu":
        return  # what lies outside of the sky is missing
    rows = np.flatnonzero(np.isnan(scene["image"].values[0]).all(axis=1))
    if rows.size:
        problem = f"holds no number in {rows.size} rows, the first of them {rows[0]}"
        raise InputError(_source(scene), problem, field="image", remedy="leave it out")


def state_of_mask(probability: NDArray[np.float32], threshold: float) -> Verdict:
    """The state of a frame from its probability map.

    `p_cloudy` is the probability that a twentieth of the known pixels reaches, so that a frame is
    cloudy exactly where a twentieth of it or more is cloud.

    Args:
        probability: (y, x) float32, NaN where unknown.
        threshold: cloud is at or above it.
    """
    known = probability[np.isfinite(probability)]
    if not known.size:
        return Verdict("unknown", math.nan, "no pixel is known")
    place = max(math.ceil(CLOUDY_SHARE * known.size), 1)
    known.partition(known.size - place)
    reached = float(known[known.size - place])
    if is_cloud(np.array([reached]), threshold).all():
        return Verdict("cloudy", reached, "")
    return Verdict("clear", reached, f"less than {CLOUDY_SHARE:.0%} of the known pixels is cloud")


def cut_at(probability: NDArray[np.float32], threshold: float) -> NDArray[np.int8]:
    """(y, x) int8: 1 where `is_cloud`, 0 where not, -1 where unknown."""
    mask = is_cloud(probability, threshold).view(np.int8)
    mask[np.isnan(probability)] = -1
    return mask


def _gated(found: _Segmented, verdict: Verdict) -> _Segmented:
    if verdict.state != "clear":
        return found
    likely = published(found.probability * np.float32(verdict.p_cloudy))
    mask = np.minimum(found.mask, cut_at(likely, found.threshold))
    return _Segmented(likely, mask, found.threshold, found.name, found.sha256, found.note)


def _nothing(scene: xr.Dataset) -> _Segmented:
    shape = scene["image"].shape[1:]
    mask = np.full(shape, -1, np.int8)
    return _Segmented(np.full(shape, np.nan, np.float32), mask, math.nan, "")


def _of_the_seen(found: _Segmented, scene: xr.Dataset) -> _Segmented:
    """Without what the file says is not seen, though it is black for the model's sake."""
    if "unseen" in scene:
        unseen = scene["unseen"].values
        found.probability[unseen] = np.nan
        found.mask[unseen] = -1
    return found


def _of_formula(found: FormulaResult, threshold: float | None) -> _Segmented:
    note = f"{found.formula}: {found.note}" if found.note else ""
    probability = found.probability
    if probability is None:
        return _Segmented(as_floats(found.mask), found.mask, 0.5, found.formula, note=note)
    probability, cut = published(probability), _step(0.5 if threshold is None else threshold)
    return _Segmented(probability, cut_at(probability, cut), cut, found.formula, note=note)


def _step(threshold: float) -> float:
    """The threshold as it is published: the first step that is cloud."""
    return threshold_step(threshold) / PROBABILITY_STEPS


def _open(name: str) -> Predictor:
    return Predictor(load_model(name), workers=1)


def _source(scene: xr.Dataset) -> str:
    return str(next(iter(scene.attrs.get("source_files", [])), "scene"))
