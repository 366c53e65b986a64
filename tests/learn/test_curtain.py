"""Curtains in TensorBoard show what the network says of some validation samples, over the truth."""

from typing import ClassVar

import lightning
import numpy as np
import pytest
import torch
import xarray as xr
from lightning.pytorch.loggers import TensorBoardLogger
from pydantic import BaseModel

from nephoscope.learn import curtain
from nephoscope.learn.curtain import CurtainLog, curtain_log, on_levels
from nephoscope.learn.module import FitModule

LEVELS, SIDE, POINTS = 5, 8, 6
ALTITUDE = np.array([5000.0, 4000, 3000, 2000, 1000])


class Decision(BaseModel):
    altitude: tuple[float, ...] = ()


class Types:
    """The head says the type of each level as a number."""

    name = objective = "types"
    decisions: ClassVar[list] = []

    def count(self, raw, truth):
        return np.array(len(raw), np.int64)

    def score(self, counts):
        return 0.5

    def decide(self, counts):
        assert counts == POINTS * 9  # all samples were counted before
        return Decision()

    def fields(self, raw, decision):
        self.decisions.append(decision)
        return {"said": raw}

    def variables(self, fields, decision):
        codes = np.nan_to_num(fields["said"], nan=255).astype(np.uint8)
        flags = {"flag_values": np.arange(9), "_FillValue": np.uint8(255)}
        plain = ("point", np.zeros(codes.shape[1]))
        return xr.Dataset({"cloud_mask": plain, "cloud_type": (("level", "point"), codes, flags)})


class Head(torch.nn.Module):
    """Says its input, of which each channel is a level."""

    tells_pixels = False

    def forward(self, inputs):
        return inputs


class Samples:
    """One sample a batch: sample n is of type n on level n mod 5, and true is type n everywhere."""

    def __len__(self):
        return 9

    def __iter__(self):
        for number in range(9):
            inputs = torch.zeros(1, LEVELS, SIDE, SIDE)
            inputs[:, number % LEVELS] = number
            known = torch.ones(1, SIDE, SIDE, dtype=torch.bool)
            known[:, :2] = False
            row = torch.linspace(0, 7, POINTS)
            point = torch.stack([torch.zeros(POINTS), row, torch.full((POINTS,), 3.0)], dim=1)
            true = torch.full((POINTS, LEVELS), number, dtype=torch.int64)
            yield {"inputs": inputs, "known": known, "point": point, "cloud_type": true}


@pytest.fixture
def module():
    class Settings(BaseModel):
        average: float = 0.0

    return FitModule(Types(), Head(), Settings(), 1, "points")


def validate(module, log, folder):
    logger = TensorBoardLogger(folder, name="", version="t")
    trainer = lightning.Trainer(
        logger=logger, callbacks=[log], accelerator="cpu", enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=folder,
    )  # fmt: skip
    trainer.validate(module, Samples(), verbose=False)
    return trainer


@pytest.mark.filterwarnings("ignore")
def test_a_picture_of_the_same_samples_is_logged_at_each_validation(module, tmp_path, monkeypatch):
    drawn = []

    def plot(pairs, kind, title):
        drawn.append((pairs, kind))
        return real(pairs, kind, title)

    real = curtain.plot_curtains
    monkeypatch.setattr(curtain, "plot_curtains", plot)
    for _ in range(2):
        validate(module, CurtainLog(ALTITUDE), tmp_path)
    (pairs, kind), (again, _) = drawn
    assert kind == "type"
    assert list(pairs) == ["prediction", "truth"]
    assert pairs["prediction"].equals(again["prediction"])
    # Samples 0, 2, 4, 6 of 9, with three profiles of nothing between.
    said, true = (pairs[name].values for name in ("prediction", "truth"))
    starts = [(POINTS + 3) * place for place in range(4)]
    assert said.shape == true.shape == (starts[-1] + POINTS, LEVELS)
    for sample, start in zip((0, 2, 4, 6), starts, strict=True):
        assert (true[start : start + POINTS] == sample).all()
        expected = np.where(np.arange(LEVELS) == sample % LEVELS, sample, 0)
        assert (said[start + 2 : start + POINTS] == expected).all()
        assert (said[start] == -1).all()  # there is no image data at the first point
        assert (said[start - 3 : start] == -1).all()
    assert Types.decisions[-1].altitude == tuple(ALTITUDE)
    np.testing.assert_array_equal(pairs["truth"]["height"], ALTITUDE)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "t"), {"images": 0}).Reload()
    assert events.Tags()["images"] == [curtain.TAG]
    assert len(events.Images(curtain.TAG)) == 2


@pytest.mark.filterwarnings("ignore")
def test_amounts_are_drawn_by_day_and_by_night(module, tmp_path, monkeypatch):
    def amounts(_, fields, decision):
        return xr.Dataset({"cloud_type": (("level", "point"), fields["said"].astype(np.float32))})

    drawn = []

    def plot(pairs, title):
        drawn.append((pairs, title))
        return real(pairs, title)

    real = curtain.plot_sections
    monkeypatch.setattr(Types, "variables", amounts)
    monkeypatch.setattr(curtain, "plot_sections", plot)
    kinds = ["night", "day", "day", "night", "night", "night", "night", "night", "night"]
    validate(module, CurtainLog(ALTITUDE, kinds), tmp_path)
    (night, words), (day, more) = drawn
    assert ("night" in words, "day" in more) == (True, True)
    truth = day["truth"].values
    assert {*truth[np.isfinite(truth)]} == {1, 2}
    truth = night["truth"].values
    assert {*truth[np.isfinite(truth)]} == {0, 3, 4, 5}
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tags = EventAccumulator(str(tmp_path / "t")).Reload().Tags()["images"]
    assert {*tags} == {"curtain/day", "curtain/night"}


@pytest.mark.filterwarnings("ignore")
def test_a_task_without_levels_has_no_curtain(module, tmp_path, monkeypatch):
    monkeypatch.setattr(Types, "variables", lambda *_: xr.Dataset({"cloud_mask": ("point", [0])}))
    validate(module, CurtainLog(ALTITUDE), tmp_path)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert EventAccumulator(str(tmp_path / "t")).Reload().Tags()["images"] == []


def test_only_truth_on_levels_is_watched():
    assert curtain_log(None) == []
    assert curtain_log(ALTITUDE[:1]) == []
    assert isinstance(curtain_log(ALTITUDE)[0], CurtainLog)
    plain = xr.Dataset({"a": (("level", "y"), np.zeros((2, 2)))})
    assert on_levels(plain) is None
