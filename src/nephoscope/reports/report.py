"""The report of an evaluation: `scores.json` for machines, `report.md` and figures for people."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nephoscope.errors import UsageError
from nephoscope.evaluation.protocol import Evaluation
from nephoscope.evaluation.scores import Score, Scores
from nephoscope.files import atomic_path
from nephoscope.plots import gallery
from nephoscope.plots import scores as plots
from nephoscope.plots.gallery import SampleFrame, TrainingLog
from nephoscope.reports import markdown
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS, calibration, roc
from nephoscope.workers import cores

DPI = 110


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
    samples: Sequence[SampleFrame] = (),
    log: TrainingLog | None = None,
) -> Path:
    """Write `scores.json`, `roc.csv`, `report.md` and figures into the folder `out`, atomically.

    A report that is there is replaced; anything else is not.

    Args:
        evaluation: what is reported.
        out: the folder.
        run: how it was made.
        samples: some frames of a camera, from little cloud to much.
        log: how the model was trained, where its run is still there.

    Raises:
        UsageError: `out` holds something that is no report.
        OutputError: the folder cannot be written.
    """
    out = Path(out)
    check_report_folder(out)
    with atomic_path(out) as part:
        part.mkdir(parents=True)
        content = json.dumps(scores_document(evaluation, run), indent=1, ensure_ascii=False)
        (part / "roc.csv").write_text(roc_table(evaluation.scores), encoding="utf-8")
        (part / "scores.json").write_text(content + "\n", encoding="utf-8")
        names = []
        for name, figure in _figures(evaluation, samples, log):
            figure.savefig(part / f"{name}.png", dpi=DPI)
            names.append(name)
        text = markdown.report(evaluation, run.command, names)
        (part / "report.md").write_text(text, encoding="utf-8")
    return out


def check_report_folder(out: Path) -> None:
    """A report can be written there without the loss of anything else.

    Raises:
        UsageError: it cannot.
    """
    empty = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    if not empty and not (out / "scores.json").is_file():
        raise UsageError(f"{out}: is there and holds no report: name another folder")


def scores_document(evaluation: Evaluation, run: Run) -> dict[str, Any]:
    """The content of `scores.json`."""
    scores = evaluation.scores
    return {
        "spec": evaluation.spec,
        "spec_hash": spec_hash(evaluation.spec),
        "metrics": _plain(scores.overall),
        "ways": {way: _plain(each.overall) for way, each in evaluation.ways.items()},
        "reliability": _reliability(scores),
        "by_day": {day: _plain(each) for day, each in scores.by_day.items()},
        "by_latitude": {str(band): _plain(each) for band, each in scores.by_band.items()},
        "baselines": {
            name: {"threshold": each.threshold, "metrics": _plain(each.overall)}
            for name, each in evaluation.baselines.items()
        },
        "model": evaluation.model,
        "seen": evaluation.seen,
        "nephoscope": version("nephoscope"),
        "hardware": hardware(),
        "seconds": {name: round(value, 3) for name, value in run.seconds.items()},
        "command": run.command,
    }


def roc_table(scores: Scores) -> str:
    """The ROC as CSV: share of clear and of cloudy pixels at or above each threshold."""
    false_rate, true_rate = (np.nan_to_num(rate)[1:] for rate in roc(scores.sums.total()))
    thresholds = np.arange(PROBABILITY_STEPS, -1, -1) / PROBABILITY_STEPS
    lines = ["threshold,false_positive_rate,true_positive_rate"]
    lines += [
        f"{threshold:.3f},{false:.6f},{true:.6f}"
        for threshold, false, true in zip(thresholds, false_rate, true_rate, strict=True)
    ]
    return "\n".join(lines) + "\n"


def spec_hash(spec: dict[str, Any]) -> str:
    """sha256 of the spec as canonical JSON: equal for evaluations that may be compared."""
    content = json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()


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


def _reliability(scores: Scores) -> list[dict[str, float]]:
    """Mean probability, cloud share and pixels of each bin that holds any."""
    rows = zip(*(each.tolist() for each in calibration(scores.sums.total())), strict=True)
    return [
        {"probability": round(p, 4), "cloud_share": round(share, 4), "pixels": int(pixels)}
        for p, share, pixels in rows
        if pixels
    ]


def _figures(
    evaluation: Evaluation, samples: Sequence[SampleFrame], log: TrainingLog | None
) -> list[tuple[str, Figure]]:
    scores, name = evaluation.scores, evaluation.model["name"]
    counts, threshold, f1 = scores.sums.total(), scores.threshold, scores.overall["f1"].value
    days = {day: each["f1"] for day, each in scores.by_day.items()}
    bands = {markdown.band_name(band): each["f1"] for band, each in scores.by_band.items()}
    unit = "day" if evaluation.gridded else "frame"
    figures = [
        ("curves", plots.plot_curves(counts, threshold, name)),
        ("reliability", plots.plot_reliability(counts, name)),
        ("confusion", plots.plot_confusion(counts, threshold, name)),
    ]
    if not evaluation.gridded:
        figures.append(("cover", gallery.plot_cover(scores.sums.by_day(), threshold, name)))
    if len(days) <= markdown.MOST_ROWS:
        figures.insert(2, ("days", plots.plot_bars(days, "F1", f"{name} by {unit}", f1)))
    if evaluation.gridded:
        figure = plots.plot_bars(bands, "F1", f"{name} by latitude band", f1)
        figures.insert(3, ("latitude", figure))
    if evaluation.baselines:
        compared = {each: s.overall["f1"] for each, s in evaluation.baselines.items()}
        compared[name] = scores.overall["f1"]
        figures.append(("baselines", plots.plot_comparison(compared, name, "F1")))
    if evaluation.crops:
        figures.append(("failures", plots.plot_crops(evaluation.crops, threshold)))
    if samples:
        figures.append(("samples", gallery.plot_samples(samples, threshold)))
    if log:
        figures.append(("training", gallery.plot_training(log)))
    return figures
