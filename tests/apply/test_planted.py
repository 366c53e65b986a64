"""A raise in any stage ends the input, or of a bug the run, with that error and in seconds."""

import sys
import time
from pathlib import Path

import pytest

from nephoscope.apply import bulk
from nephoscope.apply.bulk import predict_many

sys.path.insert(0, str(Path(__file__).parent))
from planted import WHERE, PlantedError, PlantedMaker, PlantedSink
from tiny_runs import PLAIN, products

from tiny_cluster import local_cluster

STAGES = ("read", "predict", "write")
SECONDS = 5.0


def planted(tree, tmp_path, stage, kind, monkeypatch, **how):
    """Run with a raise planted in a stage; seconds from it to the end, and what came of it."""
    note, out = tmp_path / "note", tmp_path / "out"
    where = "" if stage == "write" else stage
    maker = PlantedMaker(options=PLAIN, background="none", stage=where, kind=kind, note=str(note))
    if stage == "write":
        sink = PlantedSink(out, kind=kind, note=str(note))
        monkeypatch.setattr(bulk, "sink_of", lambda *_: sink)
    try:
        found = predict_many([tree], out, maker, **how)
    except PlantedError as error:
        found = error
    return time.time() - float(note.read_text()), found, out


def check(tree, tmp_path, stage, monkeypatch, **how):
    (tmp_path / "bug").mkdir()
    seconds, found, _ = planted(tree, tmp_path / "bug", stage, "bug", monkeypatch, **how)
    assert isinstance(found, PlantedError)
    assert str(found) == f"planted in {stage}"
    assert seconds < SECONDS
    (tmp_path / "input").mkdir()
    _, found, out = planted(tree, tmp_path / "input", stage, "input", monkeypatch, **how)
    assert (found.done, found.left) == (5, 0)
    assert [(path.stem, said.split(": ")[-1]) for path, said in found.failed] == [
        (WHERE, f"planted in {stage}")
    ]
    assert len(products(out)) == 5


@pytest.mark.parametrize("stage", STAGES)
def test_in_threads(tree, tmp_path, stage, monkeypatch):
    check(tree, tmp_path, stage, monkeypatch, workers=1)


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_in_processes(tree, tmp_path, stage, monkeypatch):
    check(tree, tmp_path, stage, monkeypatch, workers=2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of distributed's own, as it is closed
def test_on_a_cluster(tree, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    with local_cluster() as cluster:
        for stage in STAGES:
            (tmp_path / stage).mkdir()
            how = {"scheduler": cluster.scheduler_address}
            check(tree, tmp_path / stage, stage, monkeypatch, **how)
            monkeypatch.undo()
