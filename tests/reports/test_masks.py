"""What a report on frames shows, and that formulas are scored where nothing can be fitted."""

import json

import numpy as np
import pytest
import xarray as xr

from evaluation_factory import published
from nephoscope.evaluation.baselines import BaselineOptions, score_baselines
from nephoscope.evaluation.protocol import run_evaluation
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.formulas import otsu, zscale_log_otsu
from nephoscope.plots.mask_scores import plot_cover
from nephoscope.reports.masks import COVERS, MaskPictures
from nephoscope.reports.report import Run, write_report
from nephoscope.reports.training_log import read_training_log
from nephoscope.tasks.mask import MaskDecision

ROWS, COLS = 32, 40


def frame(cover, name="x"):
    label = np.zeros((ROWS, COLS), np.int8)
    label[: round(cover * ROWS)] = 1
    noise = np.random.default_rng(round(100 * cover)).normal(0, 3, label.shape)
    image = (700 + 200.0 * label + noise).astype(np.float32)[None]
    places = np.zeros(ROWS), np.zeros(COLS)
    return LabelledSample(name, image, np.ones(label.shape, bool), label, *places)


def store(covers, parts):
    text = np.dtypes.StringDType()
    scenes = [frame(cover, f"f{n:03d}") for n, cover in enumerate(covers)]
    return xr.Dataset(
        {
            "image": (("sample", "channel", "y", "x"), np.stack([s.image for s in scenes])),
            "label": (("sample", "y", "x"), np.stack([s.label for s in scenes])),
            "known": (("sample", "y", "x"), np.stack([s.known for s in scenes])),
            "channel": ["adu"],
            "id": ("sample", np.array([s.id for s in scenes], dtype=text)),
            "split": ("sample", np.array(parts, dtype=text)),
        },
        attrs={
            "samples_id": "abc",
            "unit": "frame",
            "task": "mask",
            "truth": "pixels",
            "wraps": False,
        },
    )


def by_brightness(sample):
    return published((sample.image[0] > 800).astype(np.float32))


def all_cloud(sample):
    return published(np.ones(sample.label.shape, np.float32))


def all_clear():
    return published(np.zeros((ROWS, COLS), np.float32))


def frames_kept():
    return MaskPictures(MaskDecision(), "frame")


def test_frames_from_clear_to_overcast_are_kept_each_once():
    gallery = frames_kept()
    covers = [0.5, 0.1, 0.9, 0.3, 1.0, 0.72]
    for cover in covers:
        gallery.look(frame(cover, f"{cover}"), all_clear())
    wanted = [min(covers, key=lambda cover: abs(cover - target)) for target in COVERS]
    assert [frame.id for frame, _ in gallery.frames] == [f"{cover}" for cover in wanted]
    gallery = frames_kept()
    gallery.look(frame(0.4), all_clear())
    assert len(gallery.frames) == 1
    empty = frames_kept()
    unknown = frame(0.4)
    unknown.label[:] = -1
    empty.look(unknown, all_clear())
    assert empty.frames == []


def test_a_log_is_read_as_lightning_writes_it(tmp_path):
    assert read_training_log(tmp_path / "model") is None
    (tmp_path / "logs" / "csv").mkdir(parents=True)
    path = tmp_path / "logs" / "csv" / "metrics.csv"
    path.write_text("epoch,f1,loss,step\n0,,0.7,9\n0,0.5,,9\n1,,nan,19\n1,0.6,,19\n1,,0.")
    found = read_training_log(tmp_path / "model")
    assert found.loss == {9: 0.7}
    assert found.score == {9: 0.5, 19: 0.6}
    path.write_text("")
    assert read_training_log(tmp_path / "model") is None


@pytest.mark.parametrize("number", [6, 60])
def test_the_report_on_frames_has_their_figures(model, tmp_path, number):
    samples = store(np.linspace(0, 1, number), ["test"] * number)
    (tmp_path / "logs" / "csv").mkdir(parents=True)
    rows = "".join(f"0,,{1 / (n + 1):.3f},{n}\n" for n in range(30))
    (tmp_path / "logs" / "csv" / "metrics.csv").write_text(f"epoch,f1,loss,step\n{rows}1,0.5,,29\n")
    model = type("Model", (), {**vars(model), "folder": tmp_path / "model"})()
    gallery = frames_kept()
    found = run_evaluation(model, samples, predict=by_brightness, look=gallery.look)
    log = read_training_log(model.folder)
    assert log.score == {29: 0.5}
    out = write_report(found, tmp_path / "report", Run("command", {}), gallery, log)
    figures = {path.stem for path in out.glob("*.png")}
    few = {"days"} if number == 6 else set()
    every = {"curves", "reliability", "confusion", "cover", "samples", "best", "training"}
    assert figures == every | few
    text = (out / "report.md").read_text()
    for name in figures:
        assert f"({name}.png)" in text
    assert text.count("| f0") == (6 if number == 6 else 20)
    assert len(json.loads((out / "scores.json").read_text())["by_day"]) == number
    assert (out / "roc.csv").read_text().startswith("threshold,")


def test_cover_is_off_by_what_is_said_too_much(model):
    samples = store([0.25, 0.5], ["test", "test"])
    found = run_evaluation(
        model, samples, predict=lambda s: published(np.ones(s.label.shape, np.float32))
    )
    figure = plot_cover(found.scores.sums.by_unit(), 0.5, "all cloud")
    assert "2 frames, cover off by 0.625 on average" in figure.axes[0].get_title()


def test_formulas_are_scored_without_training_frames():
    covers = [0.25, 0.5, 0.75]
    samples = store(covers, ["test"] * 3)
    scores, details = score_baselines(samples, [0, 1, 2], BaselineOptions(pixels=10_000))
    assert list(scores) == ["always cloudy", "Otsu", "min-max threshold", "zscale-log-otsu"]
    scenes = [frame(cover, f"f{n:03d}") for n, cover in enumerate(covers)]
    for name, formula in (("Otsu", otsu), ("zscale-log-otsu", zscale_log_otsu)):
        said = np.stack([formula(scene.image[0]).mask for scene in scenes]) == 1
        true = np.stack([scene.label for scene in scenes]) == 1
        expected = 2 * (said & true).sum() / (said.sum() + true.sum())
        assert scores[name].overall["f1"].value == pytest.approx(expected)
    assert scores["always cloudy"].overall["recall"].value == 1
    assert "range" in details["min-max threshold"]


def test_many_training_frames_are_thinned_out():
    samples = store(np.linspace(0.2, 0.8, 21), ["train"] * 20 + ["test"])
    read = []
    options = BaselineOptions(pixels=200, pixels_learned=50, iterations=2, leaves=3, maps=5)
    score_baselines(samples, [20], options, read.append)
    assert len(read) == 6


@pytest.mark.parametrize(
    ("samples_id", "seen"), [("abc", {"train": 1, "validation": 0}), ("other", None)]
)
def test_a_name_tells_a_frame_only_in_the_models_own_samples(model, samples_id, seen):
    info = {"samples_id": samples_id, "split": {"train": ["f000"], "validation": []}}
    model = type("Model", (), {**vars(model), "info": info})()
    found = run_evaluation(model, store([0.2, 0.7], ["test"] * 2), predict=by_brightness)
    assert found.seen == seen
    info["split"] = {"train": ["g"], "validation": ["h"]}
    found = run_evaluation(model, store([0.2, 0.7], ["test"] * 2), predict=by_brightness)
    assert found.seen == {"train": 0, "validation": 0}
