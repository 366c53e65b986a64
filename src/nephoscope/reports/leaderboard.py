"""Leaderboard: reports that may be compared, side by side, as tables and a static page.

One table for each `spec_hash`: same task, same samples, same rules. A report that was altered, or
whose model was fitted to what it is scored on, is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nephoscope.errors import InputError, UsageError
from nephoscope.evaluation.intervals import Score
from nephoscope.evaluation.paired import paired_scores
from nephoscope.files import atomic_path
from nephoscope.reports.page import page_of
from nephoscope.reports.seal import SCORES, read_counts, read_scores
from nephoscope.tasks import Task, task_named

PAGE, DATA = "index.html", "leaderboard.json"


@dataclass(frozen=True)
class Entry:
    """One row: a model, or a baseline that was fitted beside one.

    Attributes:
        name: of the model or baseline.
        metrics: name → value with its 95 % interval.
        kind: "model" or "baseline".
        weights: sha256 of the weights; "" of a baseline.
        parameters: numbers in the weights, where the report says.
        command: that made the report.
        report: its folder, as given; "" once it is on the page.
        decision: of the model, where the report says it.
        behind: difference of the main score to the first row's, paired by unit.
        note: what a reader must know.
    """

    name: str
    metrics: Mapping[str, Score]
    kind: str = "model"
    weights: str = ""
    parameters: int | None = None
    command: str = ""
    report: str = ""
    decision: Mapping[str, Any] | None = None
    behind: Score | None = None
    note: str = ""


@dataclass(frozen=True)
class Table:
    """All entries of one spec, the best first.

    Attributes:
        spec: what was scored.
        spec_hash: of the spec.
        main: the score that ranks.
        rows: the entries.
    """

    spec: Mapping[str, Any]
    spec_hash: str
    main: str
    rows: Sequence[Entry] = field(default_factory=tuple)

    @property
    def task(self) -> Task:
        """What is predicted."""
        return task_named(str(self.spec["task"]))


def write_leaderboard(
    reports: Iterable[str | Path], out: str | Path
) -> tuple[list[Table], list[InputError]]:
    """Write `index.html`, which needs nothing else, and `leaderboard.json` into a folder.

    Args:
        reports: folders of reports, or their `scores.json`.
        out: the folder; a leaderboard that is there is replaced, anything else is not.

    Returns:
        the tables, and why each report that was refused was.

    Raises:
        UsageError: no report can be used, or `out` holds something that is no leaderboard.
        OutputError: the folder cannot be written.
    """
    out, refused = Path(out), list[InputError]()
    _check_folder(out)
    found: dict[str, list[tuple[dict[str, Any], Path]]] = {}
    for report in reports:
        try:
            folder, content = _readable(Path(report))
            found.setdefault(content["spec_hash"], []).append((content, folder))
        except InputError as error:
            refused.append(error)
    if not found:
        reason = f": {refused[0]}" if refused else ""
        raise UsageError(f"there is no report to compare{reason}")
    tables = [_table(each) for _, each in sorted(found.items())]
    with atomic_path(out) as part:
        part.mkdir(parents=True)
        (part / PAGE).write_text(page_of(tables), encoding="utf-8")
        text = json.dumps([_document(table) for table in tables], indent=1, ensure_ascii=False)
        (part / DATA).write_text(text + "\n", encoding="utf-8")
    return tables, refused


def _check_folder(out: Path) -> None:
    empty = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not empty and not (out / DATA).is_file():
        raise UsageError(f"{out}: is there and holds no leaderboard: name another folder")


def _readable(report: Path) -> tuple[Path, dict[str, Any]]:
    """Folder and content of a report that may stand in a table.

    Raises:
        InputError: it may not.
    """
    folder = report.parent if report.name == SCORES else report
    content = read_scores(folder)
    for name in ("metrics", "model"):
        if not isinstance(content.get(name), dict) or not content[name]:
            raise InputError(folder / SCORES, "is missing", field=name)
    known = _known_task(folder, content)
    if known.objective not in content["metrics"] and not content["metrics"].keys() & {*known.kept}:
        raise InputError(folder / SCORES, f"holds no score of {known.name}", field="metrics")
    if (content.get("seen") or {}).get("train"):
        number = content["seen"]["train"]
        problem = f"the model was fitted to {number} of the samples that it is scored on"
        remedy = "score it on samples that it has not seen"
        raise InputError(folder / SCORES, problem, field="seen", remedy=remedy)
    if number := content.get("copies"):
        problem = f"{number} of the samples are copies of pictures that the model was fitted to"
        remedy = "split the samples by picture: nephoscope split --by group"
        raise InputError(folder / SCORES, problem, field="copies", remedy=remedy)
    return folder, content


def _known_task(folder: Path, content: Mapping[str, Any]) -> Task:
    try:
        return task_named(str(content["spec"].get("task")))
    except UsageError as error:
        raise InputError(folder / SCORES, str(error), field="spec.task") from error


def _table(reports: Sequence[tuple[dict[str, Any], Path]]) -> Table:
    first = reports[0][0]
    table = Table(first["spec"], first["spec_hash"], _main_of(first))
    rows: dict[tuple[str, str], Entry] = {}
    for content, folder in reports:
        for entry in _entries(content, folder):
            rows.setdefault((entry.kind, entry.weights or entry.name), entry)
    ranked = sorted(rows.values(), key=lambda entry: _rank(entry, table.main))
    best = next((each for each in ranked if each.kind == "model"), None)
    placed = [_beside(entry, best, table) for entry in ranked]
    return Table(table.spec, table.spec_hash, table.main, placed)


def _main_of(content: Mapping[str, Any]) -> str:
    task = task_named(str(content["spec"]["task"]))
    names = (task.objective, *task.kept)
    return next(name for name in names if name in content["metrics"])


def _rank(entry: Entry, main: str) -> tuple[bool, float, str]:
    value = entry.metrics[main].value if main in entry.metrics else None
    return value is None, -(value or 0.0), entry.name


def _entries(content: Mapping[str, Any], folder: Path) -> list[Entry]:
    model, command = content["model"], str(content.get("command", ""))
    notes = []
    if content.get("seen") is None:
        notes.append("does not say what it was fitted to")
    if began := model.get("began_from"):
        notes.append(f"began from {began}")
    own = Entry(
        name=str(model.get("name", "")),
        metrics=_scores(content["metrics"]),
        weights=str(model.get("weights_sha256", "")),
        parameters=model.get("parameters"),
        command=command,
        report=str(folder),
        decision=model.get("decision"),
        note="; ".join(notes),
    )
    others = [
        Entry(str(name), _scores(each["metrics"]), kind="baseline", command=command)
        for name, each in (content.get("baselines") or {}).items()
    ]
    return [own, *others]


def _scores(metrics: Mapping[str, Any]) -> dict[str, Score]:
    fields = ("value", "low", "high", "n")
    return {str(name): Score(*(each.get(key) for key in fields)) for name, each in metrics.items()}


def _beside(entry: Entry, best: Entry | None, table: Table) -> Entry:
    """The entry with its paired difference to the best model, where both reports hold counts."""
    content = {**entry.__dict__}
    if best is not None and entry is not best and entry.report and best.report:
        content["behind"] = _difference(entry, best, table)
    return Entry(**content)


def _difference(entry: Entry, best: Entry, table: Table) -> Score | None:
    if entry.decision is None or best.decision is None:
        return None
    read = table.task.Decision.model_validate
    decisions = read(entry.decision), read(best.decision)
    try:
        mine, its = read_counts(entry.report), read_counts(best.report)
    except InputError:  # a report from before counts were kept
        return None
    return paired_scores(mine, its, table.task, decisions).get(table.main)


def _document(table: Table) -> dict[str, Any]:
    return {
        "spec": table.spec,
        "spec_hash": table.spec_hash,
        "ranked_by": table.main,
        "rows": [
            {key: value for key, value in asdict(row).items() if key not in ("report", "decision")}
            for row in table.rows
        ],
    }
