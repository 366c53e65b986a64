"""Leaderboard: reports that may be compared, side by side, as tables and a static page.

One table for each `spec_hash`: same task, same samples, same rules. The pages of the reports are
copied beside it, so that the folder can be moved and published as it is.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nephoscope.errors import InputError, UsageError
from nephoscope.evaluation.intervals import Score
from nephoscope.evaluation.paired import Drawn, differences, drawn_scores
from nephoscope.files import atomic_path
from nephoscope.reports.leaderboard_page import board_of
from nephoscope.reports.page import PAGE
from nephoscope.reports.seal import read_counts
from nephoscope.reports.submission import Submission, read_submission
from nephoscope.tasks import Task

DATA, PAGES = "leaderboard.json", "reports"
_SAME = 6
"""Decimals to which scores of one name and weights are one and the same."""


@dataclass(frozen=True)
class Entry:
    """One row: a model, or a baseline that was fitted beside one.

    Attributes:
        name: of the model or baseline.
        metrics: name → value with its 95 % interval.
        kind: "model" or "baseline".
        mark: what tells it from another row of that name; "" where there is none.
        weights: sha256 of the weights; "" of a baseline.
        parameters: numbers in the weights, where the report says.
        command: that made the report.
        page: of the report, from the leaderboard's folder; "" where it has none.
        behind: difference of the main score to the first row's, paired by unit.
        note: what a reader must know.
        of: the report that it is from.
    """

    name: str
    metrics: Mapping[str, Score]
    kind: str = "model"
    mark: str = ""
    weights: str = ""
    parameters: int | None = None
    command: str = ""
    page: str = ""
    behind: Score | None = None
    note: str = ""
    of: Submission | None = None


@dataclass(frozen=True)
class Table:
    """All entries of one spec, the best first.

    Attributes:
        spec: what was scored.
        spec_hash: of the spec.
        task: what is predicted.
        main: the score that ranks.
        rows: the entries.
    """

    spec: Mapping[str, Any]
    spec_hash: str
    task: Task
    main: str
    rows: Sequence[Entry] = ()


def write_leaderboard(
    reports: Iterable[str | Path], out: str | Path
) -> tuple[list[Table], list[InputError]]:
    """Write `index.html`, the pages of the reports and `leaderboard.json` into a folder.

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
    found: dict[str, list[Submission]] = {}
    for report in reports:
        try:
            one = read_submission(report)
            found.setdefault(one.content["spec_hash"], []).append(one)
        except InputError as error:
            refused.append(error)
    if not found:
        reason = f": {refused[0]}" if refused else ""
        raise UsageError(f"there is no report to compare{reason}")
    tables = [_table(each) for _, each in sorted(found.items())]
    tables.sort(key=lambda table: table.task.name)
    with atomic_path(out) as part:
        (part / PAGES).mkdir(parents=True)
        for row in (row for table in tables for row in table.rows):
            if row.page and row.of:
                shutil.copyfile(row.of.folder / PAGE, part / row.page)
        (part / PAGE).write_text("".join(board_of(tables)), encoding="utf-8")
        text = json.dumps([_document(table) for table in tables], indent=1, ensure_ascii=False)
        (part / DATA).write_text(text + "\n", encoding="utf-8")
    return tables, refused


def _check_folder(out: Path) -> None:
    empty = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not empty and not (out / DATA).is_file():
        raise UsageError(f"{out}: is there and holds no leaderboard: name another folder")


def _table(reports: Sequence[Submission]) -> Table:
    first = reports[0]
    content, main = first.content, first.main
    rows: dict[Any, Entry] = {}
    for report in reports:
        for entry in _entries(report):
            rows.setdefault(_identity(entry), entry)
    ranked = sorted(_marked([*rows.values()]), key=lambda entry: _rank(entry, main))
    placed = _behind(ranked, main)
    return Table(content["spec"], content["spec_hash"], first.task, main, placed)


def _entries(report: Submission) -> list[Entry]:
    """The model of a report, and the baselines beside it."""
    content, model = report.content, report.content["model"]
    notes = []
    if content.get("seen") is None:
        notes.append("does not say what it was fitted to")
    if began := model.get("began_from"):
        notes.append(f"began from {began}")
    own = Entry(
        name=str(model["name"]),
        metrics=_scores(content["metrics"]),
        weights=str(model["weights_sha256"]),
        parameters=model.get("parameters"),
        command=str(content["command"]),
        page=_page_of(report),
        note="; ".join(notes),
        of=report,
    )
    others = [
        Entry(str(name), _scores(each["metrics"]), kind="baseline", of=report)
        for name, each in (content.get("baselines") or {}).items()
    ]
    return [own, *others]


def _page_of(report: Submission) -> str:
    if "page_sha256" not in report.content:
        return ""
    name = re.sub(r"[^a-z0-9]+", "-", str(report.content["model"]["name"]).lower()).strip("-")
    return f"{PAGES}/{name[:40] or 'report'}-{report.content['digest'][:12]}.html"


def _scores(metrics: Mapping[str, Any]) -> dict[str, Score]:
    fields = ("value", "low", "high", "n")
    return {str(name): Score(*(each.get(key) for key in fields)) for name, each in metrics.items()}


def _identity(entry: Entry) -> tuple[object, ...]:
    """Equal for rows that say the same of the same."""
    values = {
        name: None if score.value is None else round(score.value, _SAME)
        for name, score in entry.metrics.items()
    }
    return entry.kind, entry.name, entry.weights, tuple(sorted(values.items()))


def _marked(rows: Sequence[Entry]) -> list[Entry]:
    """The rows, each of several of one name with what tells it apart."""
    names = Counter((row.kind, row.name) for row in rows)
    told = Counter((row.kind, row.name, _beside(row)) for row in rows)
    found = []
    for row in rows:
        mark = ""
        if names[row.kind, row.name] > 1:
            mark = _beside(row)
            if told[row.kind, row.name, mark] > 1 and row.of is not None:
                mark = f"{mark}, report {row.of.content['digest'][:8]}"
        found.append(replace(row, mark=mark))
    return found


def _beside(row: Entry) -> str:
    if row.kind == "model" or row.of is None:
        return f"weights {row.weights[:8]}"
    return f"beside {row.of.content['model']['name']}"


def _rank(entry: Entry, main: str) -> tuple[bool, float, str, str]:
    value = entry.metrics[main].value if main in entry.metrics else None
    return value is None, -(value or 0.0), entry.name, entry.mark


def _behind(rows: Sequence[Entry], main: str) -> list[Entry]:
    """The rows with their paired differences to the best model, where reports hold counts."""
    models = [row for row in rows if row.kind == "model"]
    best = _drawn(models[0]) if models else None
    found = []
    for row in rows:
        mine = None
        if best is not None and row.kind == "model" and row is not models[0]:
            mine = _drawn(row)
        behind = differences(mine, best).get(main) if mine and best else None
        found.append(replace(row, behind=behind))
    return found


def _drawn(row: Entry) -> Drawn | None:
    if row.of is None:
        return None
    content, decision = row.of.content, row.of.content["model"].get("decision")
    if decision is None or "counts_sha256" not in content:
        return None
    counts = read_counts(row.of.folder, content)
    if not counts:
        return None
    return drawn_scores(counts, row.of.task, row.of.task.Decision.model_validate(decision))


def _document(table: Table) -> dict[str, Any]:
    return {
        "spec": table.spec,
        "spec_hash": table.spec_hash,
        "ranked_by": table.main,
        "rows": [
            {key: value for key, value in asdict(replace(row, of=None)).items() if key != "of"}
            for row in table.rows
        ],
    }
