"""`nephoscope evaluate` from the samples on disk to the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from evaluation_factory import fake_model
from nephoscope.cli import app
from nephoscope.evaluation.predictors import Predict
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.recipe import load_recipe

Store = Callable[..., xr.Dataset]


@pytest.fixture
def samples(tiny_store: Store, tmp_path: Path) -> Path:
    store = tiny_store(["train", "train", "validation"], background=True)
    for name in ("id", "group", "split"):
        store[name] = store[name].astype(np.dtypes.StringDType())
    store.to_zarr(tmp_path / "tiny.zarr", zarr_format=3, consolidated=False)
    return tmp_path / "tiny.zarr"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, by_blue: Predict) -> list[LabelledSample]:
    """What the model was shown; the model is a fake."""
    shown: list[LabelledSample] = []
    model = fake_model(recipe=load_recipe("mars"))

    def predictor(*_: object) -> Predict:
        def predict(sample: LabelledSample) -> xr.Dataset:
            shown.append(sample)
            return by_blue(sample)

        return predict

    monkeypatch.setattr("nephoscope.models.load_model", lambda _: model)
    monkeypatch.setattr("nephoscope.evaluation.protocol.predictor_of", predictor)
    return shown


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["evaluate", "fake", *map(str, arguments)])
    return result.exit_code, result.output


def test_report_with_baselines(asked: list, samples: Path, tmp_path: Path) -> None:
    code, said = run(samples, "-o", tmp_path / "report", "-v")
    assert code == 0, said
    content = json.loads((tmp_path / "report" / "scores.json").read_text())
    assert content["spec"]["split"] == "validation"
    assert len(content["baselines"]) == 6
    assert set(content["seconds"]) == {"predict", "baselines"}
    assert f"F1 {content['metrics']['f1']['value']:.4f}" in said
    assert "boosted trees" in said
    assert "predicting 1/1 P01_day02" in said
    assert asked[0].background is not None
    assert set(content["paired"]) == set(content["baselines"])
    assert "they may be among its own" in said


def test_a_folder_that_cannot_be_written_costs_no_work(
    asked: list, samples: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    code, said = run(samples, "-o", tmp_path / "file" / "report")
    assert (code, "file/report: could not be written" in said) == (1, True)
    assert asked == []


def test_the_ways_that_a_model_has_are_all_scored(
    asked: list, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "nephoscope.evaluation.protocol.ways_of", lambda *_: ("full", "without_background")
    )
    out = tmp_path / "report"
    code, said = run(samples, "-o", out, "--no-baselines", "--split", "all")
    assert code == 0, said
    content = json.loads((out / "scores.json").read_text())
    assert list(content["ways"]) == ["full", "without_background"]
    assert content["baselines"] == {}
    assert [sample.background is None for sample in asked] == [False, True] * 3
    assert "without background: F1" in said


def test_wrong_usage_is_code_2_and_leaves_no_report(
    asked: list, samples: Path, tmp_path: Path
) -> None:
    assert run(samples, "-o", tmp_path / "r", "--split", "test")[0] == 2
    assert run(samples, "-o", tmp_path / "r", "--split", "nonsense")[0] == 2
    assert not (tmp_path / "r").exists()


def test_without_training_maps_there_are_no_baselines(
    asked: list, tiny_store: Store, tmp_path: Path
) -> None:
    store = tiny_store(["", ""])
    for name in ("id", "group", "split"):
        store[name] = store[name].astype(np.dtypes.StringDType())
    store.to_zarr(tmp_path / "unsplit.zarr", zarr_format=3, consolidated=False)
    code, said = run(tmp_path / "unsplit.zarr", "-o", tmp_path / "r")
    assert code == 0
    assert "no training maps" in said
    assert json.loads((tmp_path / "r" / "scores.json").read_text())["baselines"] == {}


def test_what_is_no_samples_store_is_named(asked: list, tmp_path: Path) -> None:
    code, said = run(tmp_path / "nothing.zarr", "-o", tmp_path / "r")
    assert code == 1
    assert "nothing.zarr" in said
