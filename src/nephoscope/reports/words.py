"""What scores and figures are called, what they mean, and which of them head a report."""

from __future__ import annotations

from dataclasses import dataclass

from nephoscope.evaluation.protocol import Evaluation

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
    "balanced_accuracy": "mean of the two shares below",
    "clear_found": "of the clear frames that are not unknown, how many are called clear",
    "cloudy_found": "of the cloudy frames that are not unknown, how many are called cloudy",
    "unknown_share": "frames of which nothing is said",
    "cloudy_called_clear": "cloudy frames called clear",
    "clear_called_cloudy": "clear frames called cloudy",
}
_METRES = ("_mae", "_bias", "_mae_found", "_bias_found")
"""Endings of scores that are in metres."""
STRATA = {"surface": "land and sea", "views": "number of views"}
CAPTIONS = {
    "curves": "What other thresholds would give; the dot is the model's own.",
    "reliability": "On the dotted line a stated probability means what it says.",
    "days": "Skill from map to map.",
    "latitude": "Skill from south to north, with 95 % intervals.",
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


_FOCUS = {
    "mask": Focus(
        "f1",
        ("f1", "iou", "mean_iou", "precision", "recall", "auc", "ece", "cloud_share"),
        ("iou", "precision", "recall", "mcc", "auc", "ece"),
        "labelled pixels",
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


def stratum_title(name: str) -> str:
    """What scores are told apart by."""
    return STRATA.get(name, name.replace("_", " "))


def title_of(name: str) -> str:
    """What a score is called."""
    return TITLES.get(name, name.replace("_", " "))
