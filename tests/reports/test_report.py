"""The report: what machines read, what people read, and that it appears whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from evaluation_factory import published
from nephoscope.errors import OutputError, UsageError
from nephoscope.evaluation.baselines import BaselineOptions, score_baselines
from nephoscope.evaluation.baselines.beside import paired_with_baselines
from nephoscope.evaluation.intervals import Score
from nephoscope.evaluation.predictors import Predict
from nephoscope.evaluation.protocol import Evaluation, Judged, evaluate, run_evaluation
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.reports.document import document_of, lines_of
from nephoscope.reports.leaderboard import write_leaderboard
from nephoscope.reports.markdown import markdown_of
from nephoscope.reports.report import (
    Run,
    check_report_folder,
    pictures_for,
    spec_hash,
    write_report,
)
from nephoscope.reports.seal import read_scores
from nephoscope.tasks.mask import MaskDecision
from nephoscope.tasks.mask_metrics import METRICS

Store = Callable[..., xr.Dataset]
PICTURES = pictures_for("mask", MaskDecision(), "day")
RUN = Run("nephoscope evaluate fake tiny.zarr -o report", {"predict": 1.23456})


def noisy(sample: LabelledSample) -> xr.Dataset:
    """Leans towards blue, with much noise; none where there is no image."""
    noise = np.random.default_rng(1).random(sample.label.shape)
    guess = 0.5 * (sample.image[2] >= 120) + 0.5 * noise
    return published(np.where(sample.known, guess, np.nan).astype(np.float32))


def all_clear(sample: LabelledSample) -> xr.Dataset:
    return published(np.zeros(sample.label.shape, np.float32))


@pytest.fixture(scope="module")
def evaluation(tiny_store: Store, model: Judged) -> Evaluation:
    store = tiny_store(["train", "validation", "test", "test"])
    found = run_evaluation(model, store, predict=noisy, look=PICTURES.look)
    options = BaselineOptions(pixels=1000, pixels_learned=500, iterations=3, leaves=5)
    scores, details = score_baselines(store, [2, 3], options=options)
    return replace(found, baselines=scores, details=details)


@pytest.fixture(scope="module")
def folder(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(evaluation, tmp_path_factory.mktemp("out") / "report", RUN, PICTURES)


def test_scores_json_has_the_form_of_the_design(evaluation: Evaluation, folder: Path) -> None:
    content = json.loads((folder / "scores.json").read_text())
    assert set(content["metrics"]) == set(METRICS)
    for score in content["metrics"].values():
        assert set(score) == {"value", "low", "high", "n"}
    f1 = content["metrics"]["f1"]
    assert f1["value"] == evaluation.scores.overall["f1"].value
    assert f1["low"] <= f1["value"] <= f1["high"]
    assert content["spec"]["maps"] == ["P01_day02", "P01_day03"]
    assert content["spec_hash"] == spec_hash(content["spec"])
    assert content["model"] == {"name": "fake", "weights_sha256": "0" * 64}
    assert content["command"] == RUN.command
    assert content["seconds"] == {"predict": 1.235}
    assert content["hardware"]["cores"] >= 1
    assert set(content["by_day"]) == {"P01_day02", "P01_day03"}
    assert content["ways"] == {"full": content["metrics"]}
    assert sum(each["pixels"] for each in content["reliability"]) == f1["n"]
    pooled = sum(day["f1"]["n"] for day in content["by_day"].values())
    assert pooled == sum(band["f1"]["n"] for band in content["by_latitude"].values()) == f1["n"]


def test_a_ranking_is_not_scored_as_a_probability(folder: Path) -> None:
    baselines = json.loads((folder / "scores.json").read_text())["baselines"]
    assert baselines["blue threshold"]["metrics"]["ece"]["value"] is None
    assert baselines["blue threshold"]["metrics"]["auc"]["value"] > 0.9
    assert baselines["boosted trees"]["metrics"]["ece"]["value"] is not None


def test_the_hash_changes_with_the_spec_alone(evaluation: Evaluation) -> None:
    spec = evaluation.spec
    assert spec_hash(dict(reversed(spec.items()))) == spec_hash(spec)
    assert spec_hash(spec | {"threshold": 0.504}) != spec_hash(spec)


def test_a_report_of_masks_is_sealed(folder: Path, tmp_path: Path) -> None:
    assert read_scores(folder)["metrics"]["f1"]["value"] is not None
    assert not (folder / "counts.npz").exists()
    report = tmp_path / "altered"
    shutil.copytree(folder, report)
    content = json.loads((report / "scores.json").read_text())
    content["metrics"]["f1"]["value"] = 0.999
    (report / "scores.json").write_text(json.dumps(content))
    tables, refused = write_leaderboard([folder, report], tmp_path / "site")
    assert [len(table.rows) - len(content["baselines"]) for table in tables] == [1]
    assert "digest" in str(refused[0])


def test_report_says_the_numbers_and_shows_every_figure(
    evaluation: Evaluation, folder: Path
) -> None:
    text = (folder / "report.md").read_text()
    f1 = evaluation.scores.overall["f1"]
    assert text.startswith(f"# fake: F1 {f1.value:.3f} ({f1.low:.3f} to {f1.high:.3f})")
    assert "Whether it beats the best baseline, " in text
    assert RUN.command in text
    assert "10 to 20° N" in text
    figures = {path.name for path in folder.glob("*.png")}
    assert len(figures) == 8
    for name in figures:
        assert f"({name})" in text
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    for line in text.splitlines():
        assert "nan" not in line.lower().split()


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.001, 0.03, "It beats BEST: GAIN (95 % interval +0.001 to +0.030)."),
        (-0.03, -0.001, "It is worse than BEST: GAIN (95 % interval -0.030 to -0.001)."),
        (-0.01, 0.02, "Whether it beats BEST, UNTOLD: GAIN (95 % interval -0.010 to +0.020)."),
        (0.0, 0.02, "Whether it beats BEST, UNTOLD: GAIN (95 % interval +0.000 to +0.020)."),
        (None, None, "Whether it beats BEST, UNTOLD: GAIN, without an interval."),
    ],
)
def test_the_headline_says_no_more_than_the_interval(
    evaluation: Evaluation, low: float | None, high: float | None, said: str
) -> None:
    theirs = {name: each.overall["f1"].value for name, each in evaluation.baselines.items()}
    best = max(theirs, key=theirs.__getitem__)
    gain = evaluation.scores.overall["f1"].value - theirs[best]
    paired = {name: {"f1": Score(gain, low, high, 9)} for name in theirs}
    wanted = (
        said.replace("BEST", f"the best baseline, {best} (F1 {theirs[best]:.3f})")
        .replace("GAIN", f"{gain:+.3f}")
        .replace("UNTOLD", "cannot be told from 2 maps")
    )
    assert wanted in markdown_of(document_of(replace(evaluation, paired=paired), {}))


def test_a_model_is_paired_with_each_baseline_over_the_same_maps(evaluation: Evaluation) -> None:
    paired = paired_with_baselines(evaluation)
    assert list(paired) == list(evaluation.baselines)
    for name, each in evaluation.baselines.items():
        gain = evaluation.scores.overall["f1"].value - each.overall["f1"].value
        found = paired[name]["f1"]
        # Of two maps a drawn sample is both, or one of them twice.
        days = [m["f1"].value - each.by_day[day]["f1"].value
                for day, m in evaluation.scores.by_day.items()]  # fmt: skip
        assert found.value == pytest.approx(gain, abs=1e-12)
        assert (found.low, found.high) == pytest.approx((min(days), max(days)), abs=1e-9)
    assert paired["blue threshold"]["ece"].value is None, "a ranking has no calibration"
    assert paired["boosted trees"]["ece"].value is not None


@pytest.mark.parametrize(
    ("seen", "copies", "said"),
    [
        (None, None, "they may be among its own."),
        ({"train": 2, "validation": 1}, None, "was fitted to 2 of these maps, so"),
        ({"train": 0, "validation": 3}, None, "3 of them chose its checkpoint"),
        ({"train": 0, "validation": 0}, 4, "4 of these samples are copies of pictures"),
        ({"train": 0, "validation": 0}, 0, ""),
    ],
)  # fmt: skip
def test_the_terminal_too_says_why_scores_may_flatter(
    evaluation: Evaluation, seen: dict | None, copies: int | None, said: str
) -> None:
    lines = lines_of(replace(evaluation, seen=seen, copies=copies))
    usual = lines_of(replace(evaluation, seen={"train": 0, "validation": 0}))
    assert lines[0] == usual[0]
    assert lines[0].startswith("F1 ")
    assert [line for line in lines if line not in usual] == ([lines[1]] if said else [])
    if said:
        assert said in lines[1]
        assert "*" not in lines[1]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (None, "does not say whether"),
        ({"train": 2, "validation": 1}, "fitted to 2 of these maps"),
        ({"train": 0, "validation": 3}, "3 of them chose"),
        ({"train": 0, "validation": 0}, "has seen none of these maps"),
    ],
)
def test_report_says_what_the_model_had_seen(
    evaluation: Evaluation, seen: dict | None, said: str
) -> None:
    assert said in markdown_of(document_of(replace(evaluation, seen=seen), {}))


def test_report_has_a_row_for_each_way(tiny_store: Store, model: Judged, by_blue: Predict) -> None:
    store = tiny_store(["train", "test"])
    found = run_evaluation(model, store, predict=by_blue, ways=["full", "without_position"])
    text = markdown_of(document_of(found, {}))
    assert "\n| without position | " in text
    assert "baseline" not in text
    alone = run_evaluation(model, store, predict=by_blue)
    assert "without position" not in markdown_of(document_of(alone, {}))


def test_a_report_without_any_cloud_is_still_a_report(
    tiny_store: Store, model: Judged, tmp_path: Path
) -> None:
    store = tiny_store(["test"])
    store["label"][:] = 0
    out = write_report(
        run_evaluation(
            model, store, predict=lambda s: published(np.zeros(s.label.shape, np.float32))
        ),
        tmp_path / "report",
        RUN,
    )
    content = json.loads((out / "scores.json").read_text())
    assert content["metrics"]["f1"] == {
        "value": None, "low": None, "high": None, "n": content["metrics"]["accuracy"]["n"],
    }  # fmt: skip
    assert content["metrics"]["accuracy"]["value"] == 1.0


def test_a_report_replaces_an_older_one_whole(evaluation: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "stale.png").touch()
    with pytest.raises(UsageError, match="holds no report"):
        write_report(evaluation, tmp_path / "report", RUN)
    assert (tmp_path / "report" / "stale.png").exists()
    (tmp_path / "report" / "scores.json").touch()
    write_report(evaluation, tmp_path / "report", RUN)
    assert not (tmp_path / "report" / "stale.png").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_an_output_that_cannot_be_written_is_named(evaluation: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="report"):
        write_report(evaluation, tmp_path / "file" / "report", RUN)


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file/report: could not be written"):
        check_report_folder(tmp_path / "file" / "report")
    check_report_folder(tmp_path / "new" / "report")
    assert [path.name for path in (tmp_path / "new").iterdir()] == []


def test_a_failing_figure_leaves_nothing_behind(
    evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no figure")

    monkeypatch.setattr("nephoscope.reports.masks.plot_confusion", fail)
    with pytest.raises(RuntimeError, match="no figure"):
        write_report(evaluation, tmp_path / "report", RUN)
    assert list(tmp_path.iterdir()) == []


def test_the_python_face_gives_scores(tiny_store: Store, by_blue: Predict, model: Judged) -> None:
    store = tiny_store(["train", "test"])
    scores = evaluate(model, store, predict=by_blue)
    assert scores.overall["precision"].value == 1.0
    assert scores.decision.threshold == 0.5
    assert list(scores.by_day) == ["P01_day01"]
