"""Study: how much a recipe's network loses without some of what it sees.

Each variant is trained and scored like any other model, in a folder of its own, on the same samples
and with the same seed; then it stands beside the whole recipe, unit by unit.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from nephoscope.errors import InputError, UsageError
from nephoscope.evaluation.intervals import Score
from nephoscope.evaluation.paired import paired_scores
from nephoscope.evaluation.protocol import run_evaluation, spec_of
from nephoscope.files import write_bytes, write_text
from nephoscope.learn.checks import RUN, check_same, checked_identity
from nephoscope.learn.fit import fit
from nephoscope.learn.trainer import Report
from nephoscope.models import Model, load_model
from nephoscope.plots.differences import plot_differences
from nephoscope.recipe import Recipe, with_values
from nephoscope.recipe.variants import Variant
from nephoscope.reports.report import Run, write_report
from nephoscope.reports.seal import read_counts, read_scores, spec_hash
from nephoscope.reports.words import title_of
from nephoscope.samples.store import open_samples
from nephoscope.tasks import Counts, Task, task_named

WHOLE = "everything"
"""The variant that lacks nothing."""
FILES = ("study.json", "study.md", "study.png")


@dataclass(frozen=True)
class Outcome:
    """What came of a variant.

    Attributes:
        scores: name of a metric → its score.
        lost: name of a metric → difference to the whole recipe, paired by unit; {} of itself.
        features: how many numbers of each pixel the network saw.
        seconds: of its training.
    """

    scores: Mapping[str, Score]
    lost: Mapping[str, Score]
    features: int
    seconds: float


@dataclass(frozen=True)
class _Scored:
    """What a report says of a variant: its scores, what was counted of each unit, and by what."""

    scores: Mapping[str, Score]
    counts: Mapping[str, Counts]
    decision: Any
    spec: Mapping[str, Any]
    unit: str


def run_study(
    recipe: Recipe,
    samples: str | Path,
    out: str | Path,
    variants: Mapping[str, Variant] | None = None,
    split: str | None = None,
    report: Report | None = None,
) -> dict[str, Outcome]:
    """Train and score each variant, and write table and figure.

    A study that was stopped goes on where it was: what is trained and scored stays.

    Args:
        recipe: what lacks nothing; its network is that of every variant.
        samples: a split samples store.
        out: the folder: one of each variant, `study.json`, `study.md` and `study.png`.
        variants: name → what is withheld; by default the recipe's `study`, or each feature once.
        split: what is scored; see `nephoscope.evaluation.protocol.choose_samples`.
        report: is given a plain line at each validation.

    Returns:
        name → what came of it, that of the whole recipe first.

    Raises:
        UsageError: a variant drops what the recipe has not, or is called as the whole is.
        InputError: the samples cannot be used, or `out` holds a study of something else.
    """
    out, chosen = Path(out), dict(recipe.study or {} if variants is None else variants)
    chosen = chosen or _each_feature(recipe)
    recipes = {WHOLE: with_values(recipe, {"study": None})}
    recipes |= {name: _varied(recipe, name, each) for name, each in chosen.items()}
    store, done = open_samples(samples), dict[str, _Scored]()
    for each in recipes.values():
        checked_identity(each, store, None)
    seconds: dict[str, float] = {}
    for name, each in recipes.items():
        if report:
            report(f"{name}: {len(each.inputs.names)} features")
        folder = out / _folder_of(name)
        model, seconds[name] = _trained(each, samples, folder, report)
        done[name] = _scored(model, samples, folder, split)
    outcomes = _outcomes(recipes, done, seconds)
    _write(out, recipe, done[WHOLE], outcomes)
    return outcomes


def _varied(recipe: Recipe, name: str, variant: Variant) -> Recipe:
    if name == WHOLE or not _folder_of(name).strip("_"):
        raise UsageError(f"a variant cannot be called '{name}'")
    changed = variant.values(recipe.inputs.features)
    if not changed:
        raise UsageError(f"variant '{name}' withholds nothing")
    return with_values(recipe, changed | {"study": None})


def _each_feature(recipe: Recipe) -> dict[str, Variant]:
    names = dict.fromkeys(name for group in recipe.inputs.features.values() for name in group)
    if len(names) < 2:
        raise UsageError(f"recipe '{recipe.name}' has one feature: there is nothing to withhold")
    return {f"without {name.removesuffix('_*')}": Variant(drop=(name,)) for name in names}


def _folder_of(name: str) -> str:
    """A folder's name, of each variant another: what letters and spaces do not tell, digits do."""
    folder = "".join(letter if letter.isalnum() else "_" for letter in name)
    if name == folder.replace("_", " "):
        return folder
    return f"{folder}~{sha256(name.encode()).hexdigest()[:8]}"


def _trained(
    recipe: Recipe, samples: str | Path, folder: Path, report: Report | None
) -> tuple[Path, float]:
    """The model of a variant, trained unless it is there, and how long that took."""
    model, run = folder / "model", folder / RUN
    if model.is_dir():
        check_same(run, checked_identity(recipe, open_samples(samples), None), "study")
    else:
        fit(recipe, samples, folder, resume=run.exists(), report=report)
    return model, float(load_model(model).info.get("seconds", 0.0))


def _scored(model: Path, samples: str | Path, folder: Path, split: str | None) -> _Scored:
    """The scores of a variant, measured unless its report is there."""
    opened, report = load_model(model), folder / "report"
    if not _stands(report, opened, samples, split):
        began = time.perf_counter()
        found = run_evaluation(opened, samples, split=split)
        run = Run(f"study, {folder.name}", {"predict": time.perf_counter() - began})
        write_report(found, report, run, counts=True)
    content = read_scores(report)
    scores = {name: Score(**each) for name, each in content["metrics"].items()}
    unit = str(open_samples(samples).attrs["unit"])
    return _Scored(scores, read_counts(report), opened.decision, content["spec"], unit)


def _stands(report: Path, model: Model, samples: str | Path, split: str | None) -> bool:
    """Whether a report is whole and of this model on these samples."""
    try:
        content = read_scores(report)
        read_counts(report)
    except InputError:
        return False
    mine = model.weights_sha256, spec_hash(spec_of(model, samples, split))
    return (content["model"]["weights_sha256"], content["spec_hash"]) == mine


def _outcomes(
    recipes: Mapping[str, Recipe], done: Mapping[str, _Scored], seconds: Mapping[str, float]
) -> dict[str, Outcome]:
    task, whole = task_named(recipes[WHOLE].task), done[WHOLE]
    outcomes = {}
    for name, each in done.items():
        decisions = each.decision, whole.decision
        pair = each.counts, whole.counts
        lost = {} if name == WHOLE else paired_scores(*pair, task, decisions)
        features = len(recipes[name].inputs.names)
        outcomes[name] = Outcome(each.scores, lost, features, seconds[name])
    return outcomes


def _write(out: Path, recipe: Recipe, whole: _Scored, outcomes: Mapping[str, Outcome]) -> None:
    """The table, for machines and for people, and the figure."""
    task = task_named(recipe.task)
    document = {
        "recipe": recipe.name,
        "spec": whole.spec,
        "main": task.objective,
        "variants": {name: asdict(each) for name, each in outcomes.items()},
    }
    data, words, picture = (out / name for name in FILES)
    write_text(data, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    write_text(words, _words(recipe, task, whole, outcomes))
    lost = {name: each.lost[task.objective] for name, each in outcomes.items() if each.lost}
    title = f"{recipe.name}: {title_of(task.objective)} lost or won, with 95 % intervals"
    write_bytes(picture, plot_differences(lost, title_of(task.objective), title))


def _words(recipe: Recipe, task: Task, whole: _Scored, outcomes: Mapping[str, Outcome]) -> str:
    main, units = task.objective, len(whole.counts)
    names = [name for name in (main, *task.kept) if name in whole.scores]
    names = list(dict.fromkeys(names))[:4]
    head = ["variant", "features", *map(title_of, names), f"{title_of(main)}, difference", "s"]
    rows = [head, ["---"] * len(head)]
    for name, each in outcomes.items():
        values = [_said(each.scores[n]) for n in names]
        gap = _gap(each.lost[main]) if each.lost else ""
        rows.append([name, str(each.features), *values, gap, f"{each.seconds:.0f}"])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return (
        f"# What recipe {recipe.name} needs\n\nThe same network (`{recipe.network.name}`) and "
        f"seed, trained on the same samples, some of its inputs withheld. Scored on {units} "
        f"{whole.unit}s ({whole.spec['split']}). Differences are to `{WHOLE}`, paired by "
        f"{whole.unit}, with 95 % intervals.\n\n{table}\n\n![differences]({FILES[2]})\n"
    )


def _said(score: Score) -> str:
    return "" if score.value is None else f"{score.value:.3f}"


def _gap(score: Any) -> str:  # noqa: ANN401 - a Score
    if score.value is None:
        return ""
    interval = "" if score.low is None else f" ({score.low:+.3f} to {score.high:+.3f})"
    return f"{score.value:+.3f}{interval}"
