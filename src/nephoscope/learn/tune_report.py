"""What a study found: a table, two pictures, and the best recipe."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from nephoscope.files import atomic_path, write_text
from nephoscope.learn.search import values_of
from nephoscope.plots.training import plot_history, plot_importance
from nephoscope.recipe import Recipe, dump_recipe, with_values
from nephoscope.tasks import task_named

if TYPE_CHECKING:
    import optuna
    from matplotlib.figure import Figure

_SHOWN = 10  # best trials in the table


def write_report(study: optuna.Study, recipe: Recipe, out: Path) -> None:
    """Write `trials.csv`, the pictures, `report.md`, and `best.yaml` once a trial is complete.

    Raises:
        OutputError: something cannot be written.
    """
    from optuna.trial import TrialState

    trials = study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED))
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    keys = sorted({key for trial in trials for key in trial.params})
    task = task_named(recipe.task)
    _write_trials(trials, keys, task.objective_title, out / "trials.csv")
    if not complete:
        return
    best = study.best_trial
    importance = importance_of(study, complete)
    write_text(
        out / "best.yaml", dump_recipe(with_values(recipe, {**values_of(best), "search": None}))
    )
    scores = {trial.number: trial.value or 0.0 for trial in complete}
    pruned = {
        trial.number: max(trial.intermediate_values.values(), default=0.0)
        for trial in trials
        if trial.state == TrialState.PRUNED
    }
    _save(plot_history(scores, pruned, task.objective_title), out / "history.png")
    _save(plot_importance(importance), out / "importance.png")
    write_text(out / "report.md", _markdown(recipe, complete, len(pruned), importance))


def importance_of(
    study: optuna.Study, complete: list[optuna.trial.FrozenTrial]
) -> dict[str, float]:
    """Share of the scores' variance that each setting explains; empty if it cannot be told.

    Functional ANOVA of a random forest (Hutter et al., ICML 2014), as Optuna does it.
    """
    import optuna

    if len({trial.value for trial in complete}) < 2:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    try:
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    except (RuntimeError, ValueError):  # every setting took one value only
        return {}
    return {key: float(value) for key, value in found.items()}


def _markdown(
    recipe: Recipe,
    complete: list[optuna.trial.FrozenTrial],
    pruned: int,
    importance: dict[str, float],
) -> str:
    task = task_named(recipe.task)
    title = task.objective_title
    order = sorted(complete, key=lambda trial: -(trial.value or 0.0))
    keys = sorted(order[0].params)
    lines = [
        f"# Settings of `{recipe.name}`",
        "",
        f"{len(complete)} trials were trained to the end, {pruned} were pruned. The score is the",
        f"{task.objective_meaning}.",
        "These samples also chose among the trials: it is optimistic.",
        "",
        f"Best: trial {order[0].number}, {title} {order[0].value:.4f}; `best.yaml` trains it",
        f"again, `trials/{int(order[0].user_attrs['run']):04d}/model` is its model.",
        "",
        f"| trial | {title} | {' | '.join(keys)} |",
        f"|---|---|{'---|' * len(keys)}",
    ]
    for trial in order[:_SHOWN]:
        values = values_of(trial)
        cells = [f"{v:.4g}" if isinstance(v := values.get(k), float) else str(v) for k in keys]
        lines.append(f"| {trial.number} | {trial.value:.4f} | {' | '.join(cells)} |")
    lines += ["", "![score of each trial](history.png)", ""]
    if importance:
        lines += ["Share of the scores' variance that each setting explains:", ""]
        lines += [f"- {key}: {share:.2f}" for key, share in importance.items()]
        lines += ["", "![importance of each setting](importance.png)", ""]
    else:
        lines += ["Too few trials to tell which setting matters.", ""]
    return "\n".join(lines)


def _write_trials(
    trials: list[optuna.trial.FrozenTrial], keys: list[str], score: str, path: Path
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", "state", score.lower(), "seconds", *keys])
    for trial in trials:
        values = values_of(trial)
        seconds = f"{trial.duration.total_seconds():.1f}" if trial.duration else ""
        value = "" if trial.value is None else f"{trial.value:.6f}"
        writer.writerow([trial.number, trial.state.name.lower(), value, seconds,
                         *(values.get(key) for key in keys)])  # fmt: skip
    write_text(path, text.getvalue())


def _save(figure: Figure, path: Path) -> None:
    with atomic_path(path) as part:
        figure.savefig(part, format="png", dpi=120)
