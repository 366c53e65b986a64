"""What a worker needs to score samples is sent by name, and it says what it lacks and where."""

import os
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from nephoscope.apply.network_maker import NetworkMaker
from nephoscope.errors import UsageError
from nephoscope.evaluation.counting import Judge, Reading, _blocks
from nephoscope.evaluation.swath import _Summed
from nephoscope.files import sha256_of
from nephoscope.models import load_model
from nephoscope.models.lookup import FACTS
from nephoscope.tasks import task_named

HOST = os.uname().nodename


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    facts = sha256_of(load_model("sky-state").folder / FACTS)
    reading = Reading(range(9), ())
    return Judge("sky-state", facts, tmp_path / "s.zarr", reading, ("full",), 2, shown=True)


def test_another_model_is_told_with_the_machine(judge: Judge) -> None:
    other = replace(judge, facts_sha256="0" * 64)
    with pytest.raises(UsageError, match=f"the worker on {HOST} has another model of that name"):
        other.open()
    with pytest.raises(UsageError, match=f"the worker on {HOST} cannot open the model: no model"):
        replace(judge, model="nowhere").open()


def test_samples_that_a_worker_does_not_see_are_told_with_the_machine(judge: Judge) -> None:
    words = rf"the worker on {HOST} cannot open the samples: .*s\.zarr: does not exist"
    with pytest.raises(UsageError, match=words):
        judge.open()


def test_what_is_sent_to_workers_is_small(judge: Judge) -> None:
    assert pickle.loads(pickle.dumps(judge)) == judge  # noqa: S301 - our own
    assert len(pickle.dumps(judge)) < 4000
    swath = _Summed(NetworkMaker("seviri"), task_named("cloud_ice"))
    assert len(pickle.dumps(swath)) < 4000
    assert pickle.loads(pickle.dumps(swath)).swaths.instrument == "seviri"  # noqa: S301


@pytest.mark.parametrize("number", [1, 2, 15, 16, 100, 1000])
def test_every_sample_is_in_one_block_and_in_its_place(number: int) -> None:
    blocks = list(_blocks(range(5, number + 5)))
    assert [index for block in blocks for index in block] == list(range(5, number + 5))
    assert max(map(len, blocks)) <= 16
    assert len(blocks) >= min(number, 16)
