"""What a report tells of any task: its head, and its sections in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from nephoscope.evaluation.intervals import Score
from nephoscope.evaluation.protocol import Evaluation
from nephoscope.reports.numbers import UNDEFINED, exact, number
from nephoscope.reports.provenance import method_of
from nephoscope.reports.reading import READINGS
from nephoscope.reports.sections import (
    Block,
    Blocks,
    Cell,
    Document,
    Picture,
    Scored,
    Section,
    Table,
)
from nephoscope.reports.words import (
    CAPTIONS,
    band_name,
    focus_of,
    is_of_a_kind,
    label_in_words,
    meaning_of,
    nouns_of,
    stratum_title,
    title_of,
)

MOST_ROWS = 40
"""More days or frames than this are not shown one by one: `scores.json` has them all."""
_OF_WAYS = {"f1", "precision", "recall", "auc", "ece"}
"""Scores that tell what a model leans on."""


def document_of(
    evaluation: Evaluation,
    content: Mapping[str, Any],
    figures: Sequence[str] = (),
    blocks: Blocks | None = None,
) -> Document:
    """The whole report.

    Args:
        evaluation: what is reported.
        content: of `scores.json`: how the report was made.
        figures: names of PNG files beside it.
        blocks: what the task puts into sections, below their figures.
    """
    focus, own = focus_of(evaluation), dict(blocks or {})
    found = _common(evaluation)
    sections = []
    for key, each in READINGS.items():
        if key == "strata":
            sections += list(_strata(evaluation))
            continue
        shown = [Picture(name, CAPTIONS[name]) for name in each.figures if name in figures]
        held = [*shown, *found.get(key, ()), *own.get(key, ())]
        if key == "method":
            held = method_of(evaluation, content)
        title = each.title or f"By {evaluation.unit}"
        if held:
            sections.append(Section(key, title, each.how, held))
    main = Scored(evaluation.scores.overall[focus.main], focus.main)
    name = str(evaluation.model["name"])
    title = title_of(focus.main)
    meaning = meaning_of(focus.main, evaluation.task.name)
    return Document(name, evaluation.task.name, main, title, meaning, _lead(evaluation), sections)


def lines_of(evaluation: Evaluation) -> list[str]:
    """What a command says of an evaluation."""
    scores, focus = evaluation.scores.overall, focus_of(evaluation)
    main = scores[focus.main]
    if not focus.said:
        every = ((title_of(name), number(score, "", UNDEFINED)) for name, score in scores.items())
        counted = f"{evaluation.task.counted} {main.n}"
        return [*map(" ".join, every), counted, *_doubts(evaluation)]
    title = title_of(focus.main)
    interval = "" if main.low is None else f" (95 % interval {main.low:.3f} to {main.high:.3f})"
    return [
        f"{title} {exact(main)}{interval} over {main.n:,} {focus.items}",
        *_doubts(evaluation),
        *(f"  {name:10} {exact(scores[name], name)}" for name in focus.said if name in scores),
        *(
            f"  {way.replace('_', ' ')}: {title} {exact(each.overall[focus.main])}"
            for way, each in list(evaluation.ways.items())[1:]
        ),
        *(
            f"  baseline {title} {exact(each.overall[focus.main])}  {name}"
            for name, each in evaluation.baselines.items()
        ),
    ]


def _lead(evaluation: Evaluation) -> list[str]:
    spec, focus = evaluation.spec, focus_of(evaluation)
    main, maps = evaluation.scores.overall[focus.main], spec["maps"]
    units = evaluation.units or maps
    samples = f"{len(maps)} samples; " if len(maps) > len(units) else ""
    many = _number_of(evaluation, len(units))
    text = f"Scored on {many} ({samples}{spec['split']}: {_span(units)})"
    if evaluation.truth != "frame":
        text += f", {main.n:,} {focus.items}"
    lines = [
        f"{text}{_cloud_in_words(evaluation)}",
        _seen(evaluation),
        _copies(evaluation),
        _best_baseline(evaluation),
    ]
    return [line for line in lines if line]


def _cloud_in_words(evaluation: Evaluation) -> str:
    scores = evaluation.scores.overall
    shares = ("cloud_share", "precision", "recall", "coverage")
    if evaluation.truth == "points" or not {*shares, "ece"} <= {*scores}:
        return "."
    cloudy, right, found, predicted = (number(scores[name], ".1%") for name in shares)
    return (
        f", of which {cloudy} are cloudy.\n\n"
        f"Of what the model calls cloud, {right} is cloud in the label; of "
        f"the label's cloud it finds {found}. A stated probability is off by "
        f"{number(scores['ece'])} on average. "
        f"{predicted} of the labelled pixels have a prediction."
    )


def _number_of(evaluation: Evaluation, many: int) -> str:
    nouns = nouns_of(evaluation.unit)
    return f"1 {nouns[:-1]}" if many == 1 else f"{many} {nouns}"


def _doubts(evaluation: Evaluation) -> list[str]:
    """Why the scores may flatter the model, as plain text."""
    known = evaluation.seen is not None and not any(evaluation.seen.values())
    found = ([] if known else [_seen(evaluation)]) + [_copies(evaluation)] * bool(evaluation.copies)
    return [line.strip("*") for line in found]


def _seen(evaluation: Evaluation) -> str:
    """Whether the model knows the scored maps, by its own record."""
    began = evaluation.model.get("began_from")
    model = f"The model, or {began} from which it began," if began else "The model"
    noun = "maps" if evaluation.unit in ("day", "frame") else "samples"
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
    best = f"the best baseline, {name} ({title_of(main)} {known[name]:.3f})"
    gain = f"{mine - (known[name] or 0.0):+.3f}"
    paired = evaluation.paired.get(name, {}).get(main)
    units = _number_of(evaluation, len(evaluation.units or evaluation.spec["maps"]))
    if paired is None or paired.low is None or paired.high is None:
        problem = f"cannot be told from {units}: {gain}, without an interval"
        return f"Whether it beats {best}, {problem}."
    interval = f"{gain} (95 % interval {paired.low:+.3f} to {paired.high:+.3f})"
    if paired.low <= 0 <= paired.high:
        return f"Whether it beats {best}, cannot be told from {units}: {interval}."
    return f"It {'beats' if paired.low > 0 else 'is worse than'} {best}: {interval}."


def _common(evaluation: Evaluation) -> dict[str, list[Block]]:
    """What every task has to tell, by section."""
    found: dict[str, list[Block]] = {"scores": [_overall_table(evaluation)]}
    if evaluation.baselines:
        found["baselines"] = _baselines(evaluation)
    if evaluation.paired:
        found["paired"] = _paired(evaluation)
    if len(evaluation.ways) > 1:
        found["ways"] = _ways(evaluation)
    if evaluation.truth != "frame":
        found["unit"] = _by_day(evaluation)
    if evaluation.placed:
        bands = evaluation.scores.by_band
        named = ((band_name(band), bands[band]) for band in sorted(bands)[::-1])
        found["latitude"] = [_table(evaluation, "latitude", named, drawn=False)]
    return found


def _overall_table(evaluation: Evaluation) -> Table:
    rows = [
        (title_of(name), Scored(score, name, drawn=True), meaning_of(name, evaluation.task.name))
        for name, score in evaluation.scores.overall.items()
        if not is_of_a_kind(name)
    ]
    return Table(("score", "value (95 % interval)", "what it means"), rows, mixed=True)


def _baselines(evaluation: Evaluation) -> list[Block]:
    own, focus = evaluation.model["name"], focus_of(evaluation)
    cells = _cells(evaluation.scores.overall, focus.short, drawn=False)
    rows = [(f"**{own}**", *cells, _threshold(evaluation, own))]
    for name, each in reversed(evaluation.baselines.items()):
        rows.append(
            (name, *_cells(each.overall, focus.short, drawn=False), _threshold(evaluation, name))
        )
    n = next(iter(evaluation.baselines.values())).overall[focus.main].n
    scored = f"on a seeded sample of {n:,} of the same pixels"
    if evaluation.truth == "points":
        scored = f"on the same {n:,} {focus.items}"
    text = (
        "What needs a fit is fitted on the training samples; regression and trees choose their "
        f"threshold on the validation samples. Scored {scored}."
    )
    return [text, Table(("", *map(title_of, focus.short), "threshold"), rows)]


def _threshold(evaluation: Evaluation, name: str) -> str:
    scores = evaluation.baselines.get(name, evaluation.scores)
    return evaluation.details.get(name) or f"{scores.decision.threshold:.3f}"


def _paired(evaluation: Evaluation) -> list[Block]:
    names = [n for n in focus_of(evaluation).short if n in next(iter(evaluation.paired.values()))]
    rows: list[tuple[Cell, ...]] = [
        (name, *(Scored(each[metric], metric, "+", drawn=True) for metric in names))
        for name, each in reversed(evaluation.paired.items())
    ]
    text = f"{evaluation.model['name']} less each baseline, over the same {evaluation.unit}s."
    return [text, Table(("less", *map(title_of, names)), rows)]


def _ways(evaluation: Evaluation) -> list[Block]:
    scored = evaluation.scores.overall
    names = [name for name in focus_of(evaluation).short if name in _OF_WAYS & {*scored}]
    rows: list[tuple[Cell, ...]] = [
        (way.replace("_", " "), *(Scored(each.overall[name], name, drawn=True) for name in names))
        for way, each in evaluation.ways.items()
    ]
    text = (
        "Without position (longitude) the model cannot know places by heart; without the "
        "background of clear scenes it has only the one map."
    )
    return [text, Table(("inputs", *map(title_of, names)), rows)]


def _by_day(evaluation: Evaluation) -> list[Block]:
    days, unit = evaluation.scores.by_day, evaluation.unit
    if len(days) <= MOST_ROWS:
        return [_table(evaluation, unit, days.items(), drawn=False)]
    by, rising = _worst_by(evaluation)
    worst = sorted(days, key=lambda day: rising * (days[day][by].value or 0.0))[: MOST_ROWS // 2]
    what = "most wrong pixels" if by == "error_rate" else f"worst {title_of(by)}"
    text = f"The {len(worst)} {unit}s with the {what}; `scores.json` has all."
    return [text, _table(evaluation, unit, ((day, days[day]) for day in worst))]


def _worst_by(evaluation: Evaluation) -> tuple[str, int]:
    """The score by which the worst units are found, and 1 where the lowest are the worst."""
    if "error_rate" in evaluation.scores.overall:
        return "error_rate", -1
    return focus_of(evaluation).main, 1


def _strata(evaluation: Evaluation) -> Iterator[Section]:
    for name, scores in evaluation.strata.items():
        title = stratum_title(name)
        rows = ((label_in_words(name, label), scores[label]) for label in sorted(scores))
        table = _table(evaluation, title, rows)
        yield Section(f"by_{name}", f"By {title}", READINGS["strata"].how, [table])


def _table(
    evaluation: Evaluation,
    first: str,
    scores: Iterable[tuple[str, dict[str, Score]]],
    *,
    drawn: bool = True,
) -> Table:
    """Scores of parts of the samples; where no figure does, a page draws those of the main one."""
    focus = focus_of(evaluation)
    rows = [
        (name, *_cells(each, focus.short, drawn=drawn), f"{each[focus.main].n:,}")
        for name, each in scores
    ]
    return Table((first, *map(title_of, focus.short), evaluation.task.counted), rows)


def _cells(scores: dict[str, Score], names: Iterable[str], *, drawn: bool) -> list[Cell]:
    """Plain numbers, of the first with its interval drawn, if any are."""
    return [
        Scored(scores[name], name, plain=True, drawn=drawn and place == 0)
        for place, name in enumerate(names)
    ]


def _span(maps: Sequence[str]) -> str:
    return maps[0] if len(maps) == 1 else f"{min(maps)} to {max(maps)}"
