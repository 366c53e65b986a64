"""What scores and figures are called, what they mean, and which of them head a report."""

from __future__ import annotations

from dataclasses import dataclass

from nephoscope.evaluation.protocol import Evaluation
from nephoscope.track import CLOUD_TYPES

TITLES = {
    "f1": "F1",
    "iou": "IoU",
    "iou_clear": "IoU of clear sky",
    "mean_iou": "mean IoU",
    "mcc": "MCC",
    "auc": "AUC",
    "ece": "calibration error",
    "brier": "Brier",
    "bce": "cross-entropy",
    "dice": "Dice",
    "dice_2d": "Dice of columns",
    "iou_2d": "IoU of columns",
    "miou_2d": "mean IoU of columns",
    "ece_2d": "calibration error of columns",
    "precision_2d": "precision of columns",
    "recall_2d": "recall of columns",
    "accuracy_2d": "accuracy of columns",
    "micro_precision": "precision of types",
    "micro_recall": "recall of types",
    "micro_iou": "IoU of types",
    "macro_precision": "mean precision of types",
    "macro_recall": "mean recall of types",
    "macro_iou": "mean IoU of types",
    "multilayer_dice": "Dice of several layers",
    "multilayer_precision": "precision of several layers",
    "multilayer_recall": "recall of several layers",
    "multilayer_iou": "IoU of several layers",
    "micro_dice": "Dice of types",
    "macro_dice": "mean Dice of types",
    "top_mae": "error of the top, m",
    "top_mae_found": "error of the top where found, m",
    "top_bias": "bias of the top, m",
    "top_bias_found": "bias of the top where found, m",
    "top_found": "tops found",
    "top_bin_accuracy": "top at the right level",
    "top_within": "top within its bounds",
    "base_mae": "error of the base, m",
    "base_bias": "bias of the base, m",
}
MEANINGS = {
    "f1": "harmonic mean of precision and recall; 1 is perfect",
    "iou": "cloud both agree on, as a share of cloud either sees",
    "iou_clear": "the same of clear sky",
    "mean_iou": "mean of both",
    "precision": "of the pixels called cloudy, how many are",
    "recall": "of the cloudy pixels, how many are found",
    "mcc": "correlation of prediction and label; 0 is chance",
    "accuracy": "pixels right; flattering where most are clear",
    "error_rate": "pixels wrong",
    "auc": "chance that a cloudy pixel outranks a clear one",
    "average_precision": "mean precision over all thresholds",
    "ece": "mean gap between stated probability and what happens; 0 is perfect",
    "brier": "mean squared error of the probability",
    "bce": "mean surprise at the label, nats; probabilities count as multiples of 1/250",
    "cloud_share": "labelled pixels that are cloudy",
    "coverage": "labelled pixels that have a prediction",
    "dice": "cloud both agree on, as a share of the mean of what either sees",
    "miou_2d": "mean of the IoU of cloudy and of clear columns",
    "micro_dice": "the same of levels of which the type is right",
    "macro_dice": "mean over the types of the Dice of each",
    "type_accuracy": "of the levels that both call cloud, how many have the right type",
    "accuracy_2d": "columns right",
    "top_mae": "mean error of the top of every truly cloudy profile",
    "top_mae_found": "the same of those that are called cloudy",
    "top_found": "of the truly cloudy profiles, how many are called cloudy",
    "top_bin_accuracy": "profiles whose top, or clear column, is at the right level",
    "top_within": "true tops within the bounds of 5 and 95 %",
    "base_mae": "mean error of the base of cloudy profiles",
    "multilayer_dice": "profiles of two layers or more, both agree on",
    "layers_right": "cloudy profiles whose number of layers is right",
    "balanced_accuracy": "mean of the two shares below",
    "clear_found": "of the clear frames that are not unknown, how many are called clear",
    "cloudy_found": "of the cloudy frames that are not unknown, how many are called cloudy",
    "unknown_share": "frames of which nothing is said",
    "cloudy_called_clear": "cloudy frames called clear",
    "clear_called_cloudy": "clear frames called cloudy",
}
_METRES = ("_mae", "_bias", "_mae_found", "_bias_found")
"""Endings of scores that are in metres."""
STRATA = {
    "surface": "land and sea",
    "views": "number of views",
    "distance": "distance from the track",
    "view_zenith": "zenith angle of the view nearest to nadir",
    "solar_zenith": "zenith angle of the Sun",
    "glint": "angle of that view from the Sun's mirror image",
}
CAPTIONS = {
    "curves": "What other thresholds would give; the dot is the model's own.",
    "reliability": "On the dotted line a stated probability means what it says.",
    "days": "Skill from map to map.",
    "latitude": "Skill from south to north, with 95 % intervals.",
    "altitude": "Skill at each altitude.",
    "types": "What is said of each cloud type.",
    "certainty": "On the dotted line a stated probability of cloud means what it says.",
    "off_track": "Skill over the swath: the model was taught along the track, at 0.",
    "confusion": "What is said of each kind.",
    "roc": "Cloudy frames found over clear frames called cloudy, for every threshold.",
    "features": "Do clear and cloudy frames lie apart?",
    "features_umap": "The same by UMAP.",
    "cover": "Cloud cover of each frame.",
    "baselines": "The model beside what it must beat.",
    "failures": "The windows with the most wrong pixels.",
    "samples": "Frames from little cloud to much; connected clouds are counted from a least size.",
    "training": "How the training went.",
}
"""Of the figures, in the order of a report."""


@dataclass(frozen=True)
class Focus:
    """Which scores of a task are told first.

    Attributes:
        main: the one that heads a report.
        short: those of its tables.
        said: those that the command says below the main one; all, line by line, where none is
            named.
        items: what is scored.
    """

    main: str
    short: tuple[str, ...]
    said: tuple[str, ...] = ()
    items: str = "items"


_PROFILES = Focus(
    "dice",
    ("dice", "precision", "recall", "miou_2d", "top_mae", "top_found", "top_mae_found", "ece"),
    ("precision", "recall", "micro_dice", "macro_dice", "miou_2d", "top_mae", "top_found",
     "top_mae_found", "ece"),
    "profiles",
)  # fmt: skip
_FOCUS = {
    "mask": Focus(
        "f1",
        ("f1", "iou", "mean_iou", "precision", "recall", "auc", "ece", "cloud_share"),
        ("iou", "precision", "recall", "mcc", "auc", "ece"),
        "labelled pixels",
    ),
    "cloud_type": _PROFILES,
    "cloud_mask_3d": _PROFILES,
    "cloud_mask_2d": Focus(
        "miou_2d",
        ("miou_2d", "dice_2d", "precision_2d", "recall_2d", "ece_2d"),
        ("dice_2d", "precision_2d", "recall_2d", "ece_2d"),
        "profiles",
    ),
    "sky_state": Focus(
        "balanced_accuracy",
        ("balanced_accuracy", "clear_found", "cloudy_found", "unknown_share"),
        items="frames",
    ),
}


def focus_of(evaluation: Evaluation) -> Focus:
    """Of a task that is not known here: its first score, and its first ones."""
    names = tuple(evaluation.scores.overall)
    return _FOCUS.get(evaluation.task.name) or Focus(names[0], names[:8])


def form_of(name: str) -> str:
    """How a score is written: metres whole, all else with three decimals."""
    return ",.0f" if name.endswith(_METRES) else ".3f"


def is_of_a_kind(name: str) -> bool:
    """Whether it is the score of one cloud type: a table of their own has these."""
    return name.partition("_")[2] in CLOUD_TYPES


def stratum_title(name: str) -> str:
    """What scores are told apart by."""
    return STRATA.get(name, name.replace("_", " "))


def title_of(name: str) -> str:
    """What a score is called."""
    return TITLES.get(name, name.replace("_", " "))
