"""The words and tables of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nephoscope.evaluation.protocol import Evaluation
from nephoscope.evaluation.scores import Score
from nephoscope.evaluation.sums import BAND_DEGREES

COLUMNS = {
    "f1": "F1",
    "iou": "IoU",
    "iou_clear": "IoU of clear sky",
    "mean_iou": "mean IoU",
    "precision": "precision",
    "recall": "recall",
    "mcc": "MCC",
    "accuracy": "accuracy",
    "error_rate": "error rate",
    "auc": "AUC",
    "average_precision": "average precision",
    "ece": "calibration error",
    "brier": "Brier",
    "bce": "cross-entropy",
    "cloud_share": "cloud share",
    "coverage": "coverage",
}
MEANING = {
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
}
MOST_ROWS = 40
"""More days or frames than this are not shown one by one: `scores.json` has them all."""
SHORT = ("f1", "iou", "mean_iou", "precision", "recall", "auc", "ece", "cloud_share")
CAPTIONS = {
    "baselines": "The model beside what it must beat.",
    "curves": "What other thresholds would give; the dot is the model's own.",
    "reliability": "On the dotted line a stated probability means what it says.",
    "days": "Skill from map to map.",
    "latitude": "Skill from south to north, with 95 % intervals.",
    "confusion": "The four kinds of pixel.",
    "failures": "The windows with the most wrong pixels.",
    "cover": "Cloud cover of each frame.",
    "samples": "Frames from little cloud to much; connected clouds are counted from a least size.",
    "training": "How the training went.",
}


_INTERVALS = {
    "days": "Intervals: 95 % percentiles of a bootstrap that resamples whole days (runs of three "
    "days from 12 days on), because pixels of one day are not independent. They say how the score "
    "varies between days of this season, and nothing about other seasons.",
    "frames": "Intervals: 95 % percentiles of a bootstrap that resamples whole frames (runs of "
    "three neighbours from 12 frames on), because pixels of one frame are not independent. They "
    "say how the score varies between frames of this camera, and nothing about other cameras. "
    "The points of the ROC are in `roc.csv`.",
}


def band_name(band: int) -> str:
    """A latitude band in words: "10 to 20° N"."""
    low, high = band, band + BAND_DEGREES
    if low >= 0:
        return f"{low} to {high}° N"
    return f"{-high} to {-low}° S"


def report(evaluation: Evaluation, command: str, figures: Sequence[str]) -> str:
    """The whole report as Markdown; `figures` are names of PNG files beside it."""
    unit = "day" if evaluation.gridded else "frame"
    parts = [
        _headline(evaluation),
        "## All scores\n\n" + _overall_table(evaluation),
        _baselines(evaluation),
        _ways(evaluation),
        f"## By {unit}\n\n" + _by_day(evaluation, unit),
        "## By latitude\n\n" + _bands_table(evaluation) if evaluation.gridded else "",
        "## Figures\n\n" + "\n\n".join(_figure(name) for name in figures),
        _method(evaluation, command),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(evaluation: Evaluation) -> str:
    scores, spec = evaluation.scores.overall, evaluation.spec
    f1, maps = scores["f1"], spec["maps"]
    lines = [
        f"# {evaluation.model['name']}: F1 {_with_interval(f1)}",
        f"Scored on {_number_of(evaluation, len(maps))} ({spec['split']}: {_span(maps)}), "
        f"{f1.n:,} labelled pixels, of which {_percent(scores['cloud_share'])} are cloudy.",
        f"Of what the model calls cloud, {_percent(scores['precision'])} is cloud in the label; of "
        f"the label's cloud it finds {_percent(scores['recall'])}. A stated probability is off by "
        f"{_number(scores['ece'])} on average. "
        f"{_percent(scores['coverage'])} of the labelled pixels have a prediction.",
    ]
    lines += [_seen(evaluation), _best_baseline(evaluation)]
    return "\n\n".join(line for line in lines if line)


def _number_of(evaluation: Evaluation, number: int) -> str:
    noun = "map" if evaluation.gridded else "frame"
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"


def _seen(evaluation: Evaluation) -> str:
    """Whether the model knows the scored maps, by its own record."""
    began = evaluation.model.get("began_from")
    model = f"The model, or {began} from which it began," if began else "The model"
    if evaluation.seen is None:
        return f"{model} does not say whether it was fitted to these: they may be among its own."
    train, validation = evaluation.seen["train"], evaluation.seen["validation"]
    if train:
        return f"**{model} was fitted to {train} of these maps, so the scores flatter it.**"
    if validation:
        return (
            f"{model} was not fitted to these maps, but {validation} of them chose its "
            "checkpoint, calibration and threshold, so the scores flatter it a little."
        )
    if began:
        return f"Neither the model nor {began}, from which it began, has seen any of these maps."
    return "The model has seen none of these maps."


def _ways(evaluation: Evaluation) -> str:
    if len(evaluation.ways) < 2:
        return ""
    names = ("f1", "precision", "recall", "auc", "ece")
    rows = [
        (way.replace("_", " "), *(_with_interval(each.overall[name]) for name in names))
        for way, each in evaluation.ways.items()
    ]
    return (
        "## What it leans on\n\n"
        "The same maps, with the clear-scene background or the position (longitude) withheld. "
        "Without position the model cannot know places by heart; without background it has only "
        "the one map.\n\n" + table_of(("inputs", *(COLUMNS[name] for name in names)), rows)
    )


def _best_baseline(evaluation: Evaluation) -> str:
    known = {
        name: each.overall["f1"].value
        for name, each in evaluation.baselines.items()
        if each.overall["f1"].value is not None
    }
    mine = evaluation.scores.overall["f1"].value
    if not known or mine is None:
        return ""
    name = max(known, key=lambda each: known[each] or 0.0)
    gain = mine - (known[name] or 0.0)
    verb = "beats" if gain > 0 else "does not beat"
    return f"It {verb} the best baseline, {name} (F1 {known[name]:.3f}): {gain:+.3f}."


def _overall_table(evaluation: Evaluation) -> str:
    rows = [
        (COLUMNS[name], _with_interval(score), MEANING[name])
        for name, score in evaluation.scores.overall.items()
    ]
    return table_of(("score", "value (95 % interval)", "what it means"), rows)


def _baselines(evaluation: Evaluation) -> str:
    if not evaluation.baselines:
        return ""
    own = evaluation.model["name"]
    rows = [(f"**{own}**", *_cells(evaluation.scores.overall), _threshold(evaluation, own))]
    for name, each in reversed(evaluation.baselines.items()):
        rows.append((name, *_cells(each.overall), _threshold(evaluation, name)))
    n = next(iter(evaluation.baselines.values())).overall["f1"].n
    return (
        "## Beside the baselines\n\n"
        "What needs a fit is fitted on the training samples; regression and trees choose their "
        f"threshold on the validation samples. Scored on a seeded sample of {n:,} of the same "
        "pixels.\n\n" + table_of(("", *(COLUMNS[name] for name in SHORT), "threshold"), rows)
    )


def _threshold(evaluation: Evaluation, name: str) -> str:
    scores = evaluation.baselines.get(name, evaluation.scores)
    return evaluation.details.get(name) or f"{scores.threshold:.3f}"


def _by_day(evaluation: Evaluation, unit: str) -> str:
    days = evaluation.scores.by_day
    if len(days) <= MOST_ROWS:
        return _table(unit, days.items())
    worst = sorted(days, key=lambda day: -(days[day]["error_rate"].value or 0.0))[: MOST_ROWS // 2]
    text = f"The {len(worst)} {unit}s with the most wrong pixels; `scores.json` has all.\n\n"
    return text + _table(unit, ((day, days[day]) for day in worst))


def _bands_table(evaluation: Evaluation) -> str:
    bands = evaluation.scores.by_band
    return _table("latitude", ((band_name(band), bands[band]) for band in sorted(bands)[::-1]))


def _table(first: str, scores: Iterable[tuple[str, dict[str, Score]]]) -> str:
    rows = [(name, *_cells(each), f"{each['f1'].n:,}") for name, each in scores]
    return table_of((first, *(COLUMNS[name] for name in SHORT), "pixels"), rows)


def _cells(scores: dict[str, Score]) -> list[str]:
    return [_number(scores[name]) for name in SHORT]


def table_of(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _figure(name: str) -> str:
    return f"![{CAPTIONS[name]}]({name}.png)\n\n*{CAPTIONS[name]}*"


def _method(evaluation: Evaluation, command: str) -> str:
    spec = evaluation.spec
    return (
        "## How this was measured\n\n"
        f"Rule: {spec['mask_rule']}. Threshold {spec['threshold']:.3f}, stored in the model. "
        f"{_INTERVALS['days' if evaluation.gridded else 'frames']}\n\n"
        f"Weights sha256 `{evaluation.model['weights_sha256']}`; samples `{spec['samples']}`.\n\n"
        f"    {command}"
    )


def _span(maps: Sequence[str]) -> str:
    return maps[0] if len(maps) == 1 else f"{min(maps)} to {max(maps)}"


def _number(score: Score) -> str:
    return "-" if score.value is None else f"{score.value:.3f}"


def _percent(score: Score) -> str:
    return "-" if score.value is None else f"{score.value:.1%}"


def _with_interval(score: Score) -> str:
    if score.low is None or score.high is None:
        return _number(score)
    return f"{_number(score)} ({score.low:.3f} to {score.high:.3f})"
