"""The report of an evaluation: `scores.json` for machines, a page and figures for people."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from pydantic import BaseModel

from nephoscope.errors import UsageError
from nephoscope.evaluation.intervals import Score
from nephoscope.evaluation.protocol import Evaluation
from nephoscope.files import atomic_path
from nephoscope.plots.training import TrainingLog, plot_training
from nephoscope.reports.document import document_of
from nephoscope.reports.ice import IcePictures
from nephoscope.reports.markdown import markdown_of
from nephoscope.reports.masks import MaskPictures
from nephoscope.reports.page import DPI, write_page
from nephoscope.reports.pictures import Pictures
from nephoscope.reports.profiles import ProfilePictures
from nephoscope.reports.seal import SCORES, sealed, spec_hash, write_counts
from nephoscope.reports.states import StatePictures
from nephoscope.reports.words import CAPTIONS
from nephoscope.workers import cores
from nephoscope.writable import check_place_writable

PICTURES: Mapping[str, type[Pictures]] = {
    "mask": MaskPictures,
    "sky_state": StatePictures,
    "cloud_type": ProfilePictures,
    "cloud_mask_3d": ProfilePictures,
    "cloud_mask_2d": ProfilePictures,
    "cloud_ice": IcePictures,
}
"""Tasks that have more to show than any other."""


@dataclass(frozen=True)
class Run:
    """What a report says of how it was made.

    Attributes:
        command: as typed, or the call.
        seconds: what was timed → wall-clock seconds.
    """

    command: str
    seconds: dict[str, float]


def write_report(
    evaluation: Evaluation,
    out: str | Path,
    run: Run,
    pictures: Pictures | None = None,
    log: TrainingLog | None = None,
    *,
    counts: bool = False,
) -> Path:
    """Write `scores.json`, `index.html`, `report.md`, tables and figures into `out`, atomically.

    A report that is there is replaced; anything else is not.

    Args:
        evaluation: what is reported.
        out: the folder.
        run: how it was made.
        pictures: what looked at the samples while they were scored.
        log: how the model was trained, where its run is still there.
        counts: keep what was counted of each unit, which reports of points always do.

    Raises:
        UsageError: `out` holds something that is no report.
        OutputError: the folder cannot be written.
    """
    out = Path(out)
    check_report_folder(out)
    pictures = pictures or pictures_for(
        evaluation.task.name, evaluation.scores.decision, evaluation.unit
    )
    with atomic_path(out) as part:
        part.mkdir(parents=True)
        content = scores_document(evaluation, run) | pictures.facts(evaluation)
        if counts or evaluation.truth == "points":
            write_counts(part, evaluation.scores)
        for name, table in pictures.tables(evaluation).items():
            (part / name).write_text(table, encoding="utf-8")
        figures = _figures(evaluation, pictures, log)
        for name, figure in figures.items():
            figure.savefig(part / f"{name}.png", dpi=DPI)
        document = document_of(evaluation, content, list(figures), pictures.blocks(evaluation))
        (part / "report.md").write_text(markdown_of(document), encoding="utf-8")
        write_page(document, part)
        written = json.dumps(sealed(content, part), indent=1, ensure_ascii=False) + "\n"
        (part / SCORES).write_text(written, encoding="utf-8")
    return out


def pictures_for(task: str, decision: Any, unit: str) -> Pictures:  # noqa: ANN401 - the task's own
    """What looks at the samples of a task while they are scored, and is then drawn.

    Args:
        task: its name.
        decision: the task's, of the model.
        unit: what is independent of one another: "day", "frame" ...
    """
    return PICTURES.get(task, Pictures)(decision, unit)


def check_report_folder(out: Path) -> None:
    """A report can be written there without the loss of anything else.

    Raises:
        UsageError: something else is there.
        OutputError: nothing can be written there.
    """
    empty = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not empty and not (out / SCORES).is_file():
        raise UsageError(f"{out}: is there and holds no report: name another folder")
    check_place_writable(out)


def scores_document(evaluation: Evaluation, run: Run) -> dict[str, Any]:
    """The content of `scores.json` that is the same for every task.

    `by_day` holds the scores of each unit; where a unit is one item, a frame, it holds none.
    """
    scores = evaluation.scores
    days = {} if evaluation.truth == "frame" else scores.by_day
    return {
        "spec": evaluation.spec,
        "spec_hash": spec_hash(evaluation.spec),
        "metrics": _plain(scores.overall),
        "ways": {way: _plain(each.overall) for way, each in evaluation.ways.items()},
        "by_day": {day: _plain(each) for day, each in days.items()},
        "by_latitude": {str(band): _plain(each) for band, each in scores.by_band.items()},
        **{
            f"by_{name}": {str(label): _plain(each) for label, each in labels.items()}
            for name, labels in evaluation.strata.items()
        },
        "baselines": {
            name: {"threshold": each.decision.threshold, "metrics": _plain(each.overall)}
            for name, each in evaluation.baselines.items()
        },
        **(
            {"paired": {name: _plain(each) for name, each in evaluation.paired.items()}}
            if evaluation.paired
            else {}
        ),
        **({"unit": evaluation.unit} if evaluation.truth == "points" else {}),
        "model": _model(evaluation),
        "seen": evaluation.seen,
        **({} if evaluation.copies is None else {"copies": evaluation.copies}),
        "nephoscope": version("nephoscope"),
        "hardware": hardware(),
        "seconds": {name: round(value, 3) for name, value in run.seconds.items()},
        "command": run.command,
    }


def _model(evaluation: Evaluation) -> dict[str, Any]:
    """The model, with its decision where the counts of each unit are kept: they are read by it."""
    decision = evaluation.scores.decision
    if evaluation.truth != "points" or not isinstance(decision, BaseModel):
        return dict(evaluation.model)
    return {**evaluation.model, "decision": decision.model_dump(mode="json")}


def hardware() -> dict[str, Any]:
    """What this ran on, without naming the machine."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": cores(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _plain(scores: dict[str, Score]) -> dict[str, Any]:
    return {name: asdict(score) for name, score in scores.items()}


def _figures(
    evaluation: Evaluation, pictures: Pictures, log: TrainingLog | None
) -> dict[str, Figure]:
    """Figures in the order in which a report shows them."""
    found = pictures.figures(evaluation) | ({"training": plot_training(log)} if log else {})
    return {name: found[name] for name in CAPTIONS if name in found}
