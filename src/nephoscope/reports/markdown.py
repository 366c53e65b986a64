"""The words and tables of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nephoscope.evaluation.intervals import Score
from nephoscope.evaluation.items import BAND_DEGREES
from nephoscope.evaluation.protocol import Evaluation
from nephoscope.reports.words import (
    CAPTIONS,
    focus_of,
    form_of,
    is_of_a_kind,
    label_in_words,
    meaning_of,
    stratum_title,
    title_of,
)

MOST_ROWS = 40
"""More days or frames than this are not shown one by one: `scores.json` has them all."""
_OF_WAYS = {"f1", "precision", "recall", "auc", "ece"}
"""Scores that tell what a model leans on."""
_UNITS = {"day": ("maps", "season"), "frame": ("frames", "camera")}
"""Unit → what the samples are called, and of what they tell; of others the unit itself."""
UNDEFINED = "undefined"
_SPEC = {"task", "samples", "split", "maps"}
"""What of a spec is no rule of the task."""


def band_name(band: int) -> str:
    """A latitude band in words: "10 to 20° N"."""
    low, high = band, band + BAND_DEGREES
    if low >= 0:
        return f"{low} to {high}° N"
    return f"{-high} to {-low}° S"


def report(
    evaluation: Evaluation, command: str, figures: Sequence[str], sections: Sequence[str] = ()
) -> str:
    """The whole report as Markdown.

    Args:
        evaluation: what is reported.
        command: that made it.
        figures: names of PNG files beside it.
        sections: of the task, with their headings.
    """
    unit = evaluation.unit
    parts = [
        _headline(evaluation),
        "## All scores\n\n" + _overall_table(evaluation),
        _baselines(evaluation),
        _ways(evaluation),
        "" if evaluation.truth == "frame" else f"## By {unit}\n\n" + _by_day(evaluation),
        "## By latitude\n\n" + _bands_table(evaluation) if evaluation.placed else "",
        *(_stratum(evaluation, name) for name in evaluation.strata),
        _paired(evaluation),
        *sections,
        "## Figures\n\n" + "\n\n".join(_figure(name) for name in figures),
        _method(evaluation, command),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def lines_of(evaluation: Evaluation) -> list[str]:
    """What a command says of an evaluation."""
    scores, focus = evaluation.scores.overall, focus_of(evaluation)
    main = scores[focus.main]
    if not focus.said:
        every = ((title_of(name), _number(score, "", UNDEFINED)) for name, score in scores.items())
        return [*map(" ".join, every), f"{evaluation.task.counted} {main.n}"]
    title = title_of(focus.main)
    interval = "" if main.low is None else f" (95 % interval {main.low:.3f} to {main.high:.3f})"
    return [
        f"{title} {_exact(main)}{interval} over {main.n:,} {focus.items}",
        *(f"  {name:10} {_exact(scores[name], name)}" for name in focus.said if name in scores),
        *(
            f"  {way.replace('_', ' ')}: {title} {_exact(each.overall[focus.main])}"
            for way, each in list(evaluation.ways.items())[1:]
        ),
        *(
            f"  baseline {title} {_exact(each.overall[focus.main])}  {name}"
            for name, each in evaluation.baselines.items()
        ),
    ]


def _headline(evaluation: Evaluation) -> str:
    spec, focus = evaluation.spec, focus_of(evaluation)
    main, maps = evaluation.scores.overall[focus.main], spec["maps"]
    units = evaluation.units or maps
    samples = f"{len(maps)} samples; " if len(maps) > len(units) else ""
    number = _number_of(evaluation, len(units))
    text = f"Scored on {number} ({samples}{spec['split']}: {_span(units)}), "
    lines = [
        f"# {evaluation.model['name']}: {title_of(focus.main)} {with_interval(main)}",
        f"{text}{main.n:,} {focus.items}{_cloud_in_words(evaluation)}",
        _seen(evaluation),
        _copies(evaluation),
        _best_baseline(evaluation),
    ]
    return "\n\n".join(line for line in lines if line)


def _cloud_in_words(evaluation: Evaluation) -> str:
    scores = evaluation.scores.overall
    shares = ("cloud_share", "precision", "recall", "coverage")
    if evaluation.truth == "points" or not {*shares, "ece"} <= {*scores}:
        return "."
    cloudy, right, found, predicted = (_number(scores[name], ".1%") for name in shares)
    return (
        f", of which {cloudy} are cloudy.\n\n"
        f"Of what the model calls cloud, {right} is cloud in the label; of "
        f"the label's cloud it finds {found}. A stated probability is off by "
        f"{_number(scores['ece'])} on average. "
        f"{predicted} of the labelled pixels have a prediction."
    )


def _number_of(evaluation: Evaluation, number: int) -> str:
    nouns, _ = _UNITS.get(evaluation.unit, (f"{evaluation.unit}s", ""))
    return f"1 {nouns[:-1]}" if number == 1 else f"{number} {nouns}"


def _seen(evaluation: Evaluation) -> str:
    """Whether the model knows the scored maps, by its own record."""
    began = evaluation.model.get("began_from")
    model = f"The model, or {began} from which it began," if began else "The model"
    noun = "maps" if evaluation.unit in _UNITS else "samples"
    if evaluation.seen is None:
        return f"{model} does not say whether it was fitted to these: they may be among its own."
    train, validation = evaluation.seen["train"], evaluation.seen["validation"]
    if train:
        return f"**{model} was fitted to {train} of these {noun}, so the scores flatter it.**"
    if validation:
        return (
            f"{model} was not fitted to these {noun}, but {validation} of them chose its "
            "checkpoint, calibration and threshold, so the scores flatter it a little."
        )
    if began:
        return f"Neither the model nor {began}, from which it began, has seen any of these {noun}."
    return f"The model has seen none of these {noun}."


def _copies(evaluation: Evaluation) -> str:
    """Whether scored samples are copies of what the model was fitted to."""
    if evaluation.copies is None:
        return ""
    if evaluation.copies:
        return (
            f"**{evaluation.copies} of these samples are copies of pictures that the model was "
            "fitted to (turned, mirrored or saved again), so the scores flatter it.**"
        )
    return (
        "Some samples of the store are copies of others (turned, mirrored or saved again): none "
        "of these is a copy of a picture that the model was fitted to."
    )


def _ways(evaluation: Evaluation) -> str:
    if len(evaluation.ways) < 2:
        return ""
    scored = evaluation.scores.overall
    names = [name for name in focus_of(evaluation).short if name in _OF_WAYS & {*scored}]
    rows = [
        (way.replace("_", " "), *(with_interval(each.overall[name], name) for name in names))
        for way, each in evaluation.ways.items()
    ]
    return (
        "## What it leans on\n\n"
        "The same maps, with the clear-scene background or the position (longitude) withheld. "
        "Without position the model cannot know places by heart; without background it has only "
        "the one map.\n\n" + table_of(("inputs", *map(title_of, names)), rows)
    )


def _best_baseline(evaluation: Evaluation) -> str:
    main = focus_of(evaluation).main
    known = {
        name: each.overall[main].value
        for name, each in evaluation.baselines.items()
        if each.overall[main].value is not None
    }
    mine = evaluation.scores.overall[main].value
    if not known or mine is None:
        return ""
    name = max(known, key=lambda each: known[each] or 0.0)
    gain = mine - (known[name] or 0.0)
    verb = "beats" if gain > 0 else "does not beat"
    return f"It {verb} the best baseline, {name} ({title_of(main)} {known[name]:.3f}): {gain:+.3f}."


def _overall_table(evaluation: Evaluation) -> str:
    rows = [
        (title_of(name), with_interval(score, name), meaning_of(name, evaluation.task.name))
        for name, score in evaluation.scores.overall.items()
        if not is_of_a_kind(name)
    ]
    return table_of(("score", "value (95 % interval)", "what it means"), rows)


def _baselines(evaluation: Evaluation) -> str:
    if not evaluation.baselines:
        return ""
    own, focus = evaluation.model["name"], focus_of(evaluation)
    cells = _cells(evaluation.scores.overall, focus.short)
    rows = [(f"**{own}**", *cells, _threshold(evaluation, own))]
    for name, each in reversed(evaluation.baselines.items()):
        rows.append((name, *_cells(each.overall, focus.short), _threshold(evaluation, name)))
    n = next(iter(evaluation.baselines.values())).overall[focus.main].n
    scored = f"on a seeded sample of {n:,} of the same pixels"
    if evaluation.truth == "points":
        scored = f"on the same {n:,} {focus.items}"
    return (
        "## Beside the baselines\n\n"
        "What needs a fit is fitted on the training samples; regression and trees choose their "
        f"threshold on the validation samples. Scored {scored}.\n\n"
        + table_of(("", *map(title_of, focus.short), "threshold"), rows)
    )


def _threshold(evaluation: Evaluation, name: str) -> str:
    scores = evaluation.baselines.get(name, evaluation.scores)
    return evaluation.details.get(name) or f"{scores.decision.threshold:.3f}"


def _by_day(evaluation: Evaluation) -> str:
    days, unit = evaluation.scores.by_day, evaluation.unit
    if len(days) <= MOST_ROWS:
        return _table(evaluation, unit, days.items())
    by, rising = _worst_by(evaluation)
    worst = sorted(days, key=lambda day: rising * (days[day][by].value or 0.0))[: MOST_ROWS // 2]
    what = "most wrong pixels" if by == "error_rate" else f"worst {title_of(by)}"
    text = f"The {len(worst)} {unit}s with the {what}; `scores.json` has all.\n\n"
    return text + _table(evaluation, unit, ((day, days[day]) for day in worst))


def _worst_by(evaluation: Evaluation) -> tuple[str, int]:
    """The score by which the worst units are found, and 1 where the lowest are the worst."""
    if "error_rate" in evaluation.scores.overall:
        return "error_rate", -1
    return focus_of(evaluation).main, 1


def _bands_table(evaluation: Evaluation) -> str:
    bands = evaluation.scores.by_band
    named = ((band_name(band), bands[band]) for band in sorted(bands)[::-1])
    return _table(evaluation, "latitude", named)


def _stratum(evaluation: Evaluation, name: str) -> str:
    scores = evaluation.strata[name]
    rows = [(label_in_words(name, label), scores[label]) for label in sorted(scores)]
    return f"## By {stratum_title(name)}\n\n" + _table(evaluation, stratum_title(name), rows)


def _paired(evaluation: Evaluation) -> str:
    if not evaluation.paired:
        return ""
    names = [n for n in focus_of(evaluation).short if n in next(iter(evaluation.paired.values()))]
    rows = [
        (name, *(with_interval(each[metric], metric, "+") for metric in names))
        for name, each in reversed(evaluation.paired.items())
    ]
    return (
        "## Better than the baselines?\n\n"
        f"{evaluation.model['name']} less each baseline, over the same {evaluation.unit}s: an "
        f"interval that does not hold 0 tells them apart.\n\n"
        + table_of(("less", *map(title_of, names)), rows)
    )


def _table(
    evaluation: Evaluation, first: str, scores: Iterable[tuple[str, dict[str, Score]]]
) -> str:
    focus = focus_of(evaluation)
    rows = [(name, *_cells(each, focus.short), f"{each[focus.main].n:,}") for name, each in scores]
    head = (first, *map(title_of, focus.short), evaluation.task.counted)
    return table_of(head, rows)


def _cells(scores: dict[str, Score], names: Iterable[str]) -> list[str]:
    return [_number(scores[name], form_of(name)) for name in names]


def table_of(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _figure(name: str) -> str:
    return f"![{CAPTIONS[name]}]({name}.png)\n\n*{CAPTIONS[name]}*"


def _method(evaluation: Evaluation, command: str) -> str:
    spec = evaluation.spec
    rules = {name: value for name, value in spec.items() if name not in _SPEC}
    words = [f"Rule: {value}." for value in rules.values() if isinstance(value, str)]
    numbers = [
        f"{name.replace('_', ' ')} {value:.3f}"
        for name, value in rules.items()
        if isinstance(value, float)
    ]
    if numbers:
        said = ", ".join(numbers)
        words.append(f"{said[0].upper()}{said[1:]}, stored in the model.")
    return (
        "## How this was measured\n\n"
        f"{' '.join(words)} {_intervals(evaluation)}\n\n"
        f"Weights sha256 `{evaluation.model['weights_sha256']}`; samples `{spec['samples']}`.\n\n"
        f"    {command}"
    )


def _intervals(evaluation: Evaluation) -> str:
    unit, items = evaluation.unit, evaluation.task.counted
    _, of = _UNITS.get(unit, ("", "kind"))
    because = f"{items} of one {unit} are not independent"
    if evaluation.truth == "frame":
        because = f"neighbouring {unit}s are not independent"
    return (
        f"Intervals: 95 % percentiles of a bootstrap that resamples whole {unit}s (runs of three "
        f"neighbours from 12 {unit}s on), because {because}. They say how the score varies between "
        f"{unit}s of this {of}, and nothing about other {of}s."
    )


def _span(maps: Sequence[str]) -> str:
    return maps[0] if len(maps) == 1 else f"{min(maps)} to {max(maps)}"


def _number(score: Score, form: str = ".3f", none: str = "-") -> str:
    return none if score.value is None else format(score.value, form)


def with_interval(score: Score, name: str = "", sign: str = "") -> str:
    """A score with its interval, as its name wants it written; `sign` "+" shows one always."""
    form = sign + form_of(name).removeprefix(sign)
    if score.low is None or score.high is None:
        return _number(score, form)
    return f"{_number(score, form)} ({score.low:{form}} to {score.high:{form}})"


def _exact(score: Score, name: str = "") -> str:
    form = form_of(name)
    return _number(score, ".4f" if form == ".3f" else f"{form}", UNDEFINED)
