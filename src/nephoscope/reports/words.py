"""What scores and figures are called, what they mean, and which of them head a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nephoscope.evaluation.items import BAND_DEGREES
from nephoscope.track import CLOUD_TYPES

if TYPE_CHECKING:
    # A leaderboard reads reports and predicts nothing.
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
    "log_mae": "error of log10 IWC",
    "log_mae_p50": "error of log10 IWC, clear or cloud",
    "log_mae_all": "error of log10 IWC of all cloud",
    "number_log_mae": "error of log10 number",
    "mae": "error of IWC, g m-3",
    "mae_in_cloud": "error of IWC in cloud, g m-3",
    "r2_linear": "R² of IWC",
    "r_linear": "r of IWC",
    "r2_log": "R² of scaled log10 IWC",
    "r_log": "r of scaled log10 IWC",
    "r2_in_cloud": "R² of log10 IWC in cloud",
    "r_in_cloud": "r of log10 IWC in cloud",
    "crps": "CRPS of IWC, g m-3",
    "crps_log": "CRPS of scaled log10 IWC",
    "coverage": "coverage of 90 % intervals",
    "coverage_all": "coverage, of every voxel",
    "held": "truth within 90 % intervals",
    "held_all": "truth within, of every voxel",
    "held_in_cloud": "truth within, in cloud",
    "iwp_coverage": "coverage of 90 % intervals of IWP",
    "iwp_held": "truth within 90 % intervals of IWP",
    "iwp_bias": "bias of IWP",
    "number_bias": "bias of the number of crystals",
    "f1_2d": "F1 of columns",
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
    "balanced_accuracy": "mean of the shares of clear and of cloudy frames that are told right",
    "clear_found": "of the clear frames that are not unknown, how many are called clear",
    "cloudy_found": "of the cloudy frames that are not unknown, how many are called cloudy",
    "unknown_share": "frames of which nothing is said",
    "cloudy_called_clear": "cloudy frames called clear",
    "clear_called_cloudy": "clear frames called cloudy",
    "log_mae": "mean error of the median in cloud, where cloud is true and said",
    "log_mae_p50": "mean error of the median, where that and the truth are cloud",
    "log_mae_all": "the same of all true cloud; a median that is clear counts as 1e-7 kg m-3",
    "number_log_mae": "mean error of the median in cloud of the number of crystals",
    "mae": "mean error of the mean, of every voxel",
    "mae_in_cloud": "the same, where there is cloud",
    "r2_linear": "of the mean, of every voxel: 1 less squared error over variance",
    "r_linear": "correlation of the mean with the truth",
    "r2_log": "of log10(1 + IWC / 1e-7 kg m-3) of the median, of every voxel",
    "r2_in_cloud": "of the median in cloud, where cloud is true and said",
    "crps": "score of the quantiles of 5, 50 and 95 %: 0 is perfect",
    "crps_log": "the same of log10(1 + IWC / 1e-7 kg m-3)",
    "coverage_all": "the same of voxels that are surely clear too",
    "held": "plain share; above 90 %, as an interval with clear sky holds all of it",
    "iwp_coverage": "truth within the intervals of the path; 90 % is right",
    "iwp_bias": "mean of the path over the true mean, less 1",
    "number_bias": "the same of the number of crystals",
}
_OF_ICE = {
    "coverage": "truth within the intervals that are more than clear, clear truth by its ranks; "
    "90 % is right",
    "cloud_share": "voxels that are cloud",
    "accuracy": "voxels right; flattering where most are clear",
    "precision": "of the voxels called cloudy, how many are",
    "recall": "of the cloudy voxels, how many are found",
    "top_mae": "mean error of the top of cloudy profiles that are called cloudy",
}
"""What scores mean that other tasks have by the same name."""
_OF_PATHS = "iwp_bias_"
"""Before the least of the paths, kg m-2, that a bias is of."""
_OF_METRES = ("top_", "base_")
_METRES = ("_mae", "_bias", "_mae_found", "_bias_found")
"""Beginnings and endings of scores that are in metres."""
STRATA = {
    "surface": "land and sea",
    "views": "number of views",
    "daylight": "light",
    "ground": "ground",
    "satellite_zenith": "zenith angle of the satellite",
    "latitude": "latitude, north positive",
    "optical_depth": "visible optical depth of cloud",
    "distance": "distance from the track",
    "view_zenith": "zenith angle of the view nearest to nadir",
    "solar_zenith": "zenith angle of the Sun",
    "glint": "angle of that view from the Sun's mirror image",
}
_DEGREES = {"satellite_zenith", "view_zenith", "solar_zenith", "glint"}
"""Strata that are bins of ten degrees."""
CAPTIONS = {
    "curves": "What other thresholds would give; the dot is the model's own.",
    "reliability": "On the dotted line a stated probability means what it says.",
    "days": "Skill from map to map.",
    "latitude": "Skill from north to south, with 95 % intervals.",
    "altitude": "Skill at each altitude.",
    "types": "What is said of each cloud type.",
    "heights": "Errors and correlation at each altitude.",
    "columns": "Ice in cloud at each altitude: median, and the middle half and four fifths.",
    "amounts": "What is said beside what is true, and how often each amount is there.",
    "paths": "The ice water path that is said over the true one, from thin columns to thick ones.",
    "intervals": "Intervals of 90 % should hold 90 %, however likely cloud is and at any altitude.",
    "overpasses": "Share of each overpass that is cloud, at each altitude.",
    "zones": "Mean ice from south to north.",
    "regions": "Mean ice water path, and crystals from 10 to 12 km.",
    "curtains": "The overpass where cloud is told best, and the one where it is told worst.",
    "certainty": "On the dotted line a stated probability of cloud means what it says.",
    "off_track": "Skill over the swath: the model was taught along the track, at 0.",
    "confusion": "What is said of each kind.",
    "roc": "Cloudy frames found over clear frames called cloudy, for every threshold.",
    "features": "Do clear and cloudy frames lie apart?",
    "features_umap": "The same by UMAP.",
    "cover": "Cloud cover of each frame.",
    "baselines": "The model beside what it must beat: scores with their 95 % intervals.",
    "best_case": "The sample where cloud is told best.",
    "worst_case": "The sample where cloud is told worst.",
    "best": "Windows with cloud, with the fewest wrong pixels.",
    "failures": "The windows with the most wrong pixels.",
    "surest": "Frames of which the model was surest: those it got wrong, and those it got right.",
    "samples": "Frames from little cloud to much; connected clouds are counted from a least size.",
    "training": "How the training went.",
}
"""Of the figures."""


@dataclass(frozen=True)
class Focus:
    """Which scores of a task are told first.

    Attributes:
        main: the one that heads a report.
        short: those of its tables.
        said: those that the command says below the main one; all, line by line, where none is
            named.
        items: what is scored.
        off_track: what is told besides of whole simulated scenes.
    """

    main: str
    short: tuple[str, ...]
    said: tuple[str, ...] = ()
    items: str = "items"
    off_track: tuple[str, ...] = ()


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
    "cloud_ice": Focus(
        "f1",
        ("f1", "precision", "recall", "log_mae", "iwp_bias", "r2_log", "crps_log", "coverage"),
        (
            "precision",
            "recall",
            "log_mae",
            "log_mae_p50",
            "number_log_mae",
            "r2_log",
            "r_linear",
            "iwp_bias",
            "crps_log",
            "coverage",
            "iwp_coverage",
            "top_mae",
            "ece",
        ),
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
    """How a score is written: metres whole, shares of paths in percent, else three decimals."""
    if name.startswith(_OF_METRES):
        return ",.0f" if name.endswith(_METRES) else ".3f"
    return "+.1%" if name.endswith("bias") or name.startswith(_OF_PATHS) else ".3f"


def meaning_of(name: str, task: str) -> str:
    """What a score of a task says, in words; "" where its title says it."""
    return (_OF_ICE if task == "cloud_ice" else {}).get(name) or MEANINGS.get(name, "")


def label_in_words(stratum: str, label: int | str) -> str:
    """A label of a stratum: of angles a bin of degrees."""
    if stratum not in {*_DEGREES, "latitude"} or isinstance(label, str):
        return str(label)
    return "unknown" if label < 0 and stratum in _DEGREES else f"{label} to {label + 10}°"


def band_name(band: int) -> str:
    """A latitude band in words: "10 to 20° N"."""
    low, high = band, band + BAND_DEGREES
    if low >= 0:
        return f"{low} to {high}° N"
    return f"{-high} to {-low}° S"


def nouns_of(unit: str) -> str:
    """What several of a unit are called."""
    return "maps" if unit == "day" else f"{unit}s"


def is_of_a_kind(name: str) -> bool:
    """Whether it is the score of one cloud type: a table of their own has these."""
    return name.partition("_")[2] in CLOUD_TYPES


def stratum_title(name: str) -> str:
    """What scores are told apart by."""
    return STRATA.get(name, name.replace("_", " "))


def title_of(name: str) -> str:
    """What a score is called."""
    if name.startswith(_OF_PATHS):
        return f"bias of IWP from {float(name.removeprefix(_OF_PATHS)):g} kg m-2"
    return TITLES.get(name, name.replace("_", " "))
