"""What the journal says of an input: done with its sha256, failed with why, or not yet."""

import hashlib
import json
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nephoscope.apply.bulk import look_ahead
from nephoscope.apply.journal import Journals

sys.path.insert(0, str(Path(__file__).parent))
from tiny_runs import ALL, PLAIN, TinyMaker, make_map, maker_of, run


def entries(out):
    lines = (out / "predict-journal.jsonl").read_text().splitlines()
    return {entry["key"]: entry for entry in map(json.loads, lines)}


def damage(tree):
    bad = tree / "P" / "P02" / "P02_day02.npy"
    whole = bad.read_bytes()
    bad.write_bytes(b"")
    return bad, whole


def test_the_journal_holds_the_sha256_of_each_output_and_why_an_input_failed(tree, tmp_path):
    bad, _ = damage(tree)
    run(tree, tmp_path / "out")
    found = entries(tmp_path / "out")
    failed = found.pop(ALL[5])
    assert failed["failed"][0] == str(bad)
    assert failed["failed"][1].startswith("cannot be read")
    for output, entry in found.items():
        content = (tmp_path / "out" / output).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_what_failed_is_told_and_not_tried_again_until_it_is_asked_for(tree, tmp_path, workers):
    bad, whole = damage(tree)
    first = run(tree, tmp_path / "out", workers=workers)
    times = []

    def counted(view):
        times.append(view)
        raise AssertionError("nothing is to be made")

    again = run(tree, tmp_path / "out", network=counted)
    assert (again.done, again.skipped, again.known) == (0, 5, 1)
    assert again.failed == first.failed
    assert run(tree, tmp_path / "out", redo_failed=True).known == 0
    bad.write_bytes(whole)  # another state of the file: it is tried without being asked
    assert run(tree, tmp_path / "out").done == 1


def test_an_input_whose_rights_changed_is_tried_again(tree, tmp_path):
    bad, _ = damage(tree)
    run(tree, tmp_path / "out")
    time.sleep(0.02)
    bad.chmod(0o600)
    assert run(tree, tmp_path / "out").known == 0


def test_a_later_entry_counts_also_where_clocks_differ(tree, tmp_path, monkeypatch):
    out, place = tmp_path / "out", tree / "P" / "P02" / "P02_day01.npy"
    run(place, out)
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() - 10**15)  # a machine eleven days behind
    assert run(place, out, model_sha256="cd" * 32).done == 1
    monkeypatch.undo()
    assert run(place, out).done == 1  # the product is the other model's now
    assert run(place, out).skipped == 1


def test_nothing_is_written_to_look_ahead(tree, tmp_path):
    damage(tree)
    maker, out = TinyMaker(options=PLAIN), tmp_path / "out"
    events = list(look_ahead([tree], out, maker))
    assert {event.status for event in events} == {"not yet"}
    assert not out.exists()
    run([tree], out)
    make_map(tree / "P" / "P02" / "P02_day01.npy", 77)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    events = list(look_ahead([tree], out, maker))
    statuses = [event.status for event in events]
    assert statuses == ["done", "done", "done", "done", "not yet", "failed"]
    assert [(event.number, event.total) for event in events] == [(n, 6) for n in range(1, 7)]
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


@pytest.fixture
def predict_verb(monkeypatch):
    from nephoscope.cli import app

    monkeypatch.setattr("nephoscope.apply.bulk.maker_of", maker_of)
    return lambda *words: CliRunner().invoke(app, ["predict", "tiny", *map(str, words)])


def test_the_verb_says_it_all_in_json(predict_verb, tree, tmp_path):
    damage(tree)
    words = [tree, "-o", tmp_path / "out", "--no-picture", "--json"]
    ahead = predict_verb(*words, "--dry-run")
    assert ahead.exit_code == 0, ahead.output
    assert json.loads(ahead.stdout.splitlines()[-1]) == {"done": 0, "failed": 0, "not yet": 6}
    result = predict_verb(*words)
    assert result.exit_code == 1
    *each, total = map(json.loads, result.stdout.splitlines())
    counts = {"done": 5, "skipped": 0, "failed": 1, "left": 0, "left_out": 0}
    assert total == {**counts, "output": str(tmp_path / "out")}
    assert sorted(line["status"] for line in each) == [*["done"] * 5, "failed"]
    for line in each:
        assert line["input"].endswith(".npy")
        if line["status"] == "done":
            content = Path(line["output"]).read_bytes()
            assert line["sha256"] == hashlib.sha256(content).hexdigest()
        else:
            assert "cannot be read" in line["why"]


def test_the_verb_says_what_is_not_tried_again(predict_verb, tree, tmp_path):
    damage(tree)
    words = [tree, "-o", tmp_path / "out", "--no-picture"]
    predict_verb(*words)
    again = predict_verb(*words)
    assert again.exit_code == 1
    assert "0 done, 5 skipped (already there), 1 failed" in again.stdout
    assert "1 of them failed before and were not tried again: --redo-failed" in again.stderr
    assert "not tried again" not in predict_verb(*words, "--redo-failed").stderr


def test_workers_of_a_scheduler_are_its_own(predict_verb, tree, tmp_path):
    words = [tree, "-o", tmp_path / "out", "--workers", "2", "--scheduler", "tcp://127.0.0.1:1"]
    result = predict_verb(*words)
    assert result.exit_code == 2
    assert "--workers: those of a --scheduler are its own" in result.stderr


def test_what_is_known_of_an_output_is_little(tmp_path):
    line = {"at": 1, "made_of": "ab" * 32, "size": 9, "row": {"a": "b" * 9999}}
    (tmp_path / "predict-journal.jsonl").write_text(
        "".join(json.dumps({"key": f"{n}.nc", **line}) + "\n" for n in range(50))
    )
    journals = Journals(tmp_path, (1, 1))
    assert not any(hasattr(last, "row") for last in journals._done.values())
