"""The table of `make bench`: what it says of numbers that are given."""

import json

import pytest
from benchmarks import bench
from benchmarks.bench import Archive, Row, costs_of, main, slower, table_of


def test_a_row_says_how_many_times_faster_it_is():
    row = Row("mars: map", "map", 0.5, "the other way", 4.0, 680, 1.25)
    assert table_of([row]).splitlines()[-1] == (
        "| mars: map | map | 0.5 | the other way | 4 | 8.0 | 680 | 1.25 |"
    )
    assert table_of([Row("sky", "frame", 0.02)]).splitlines()[-1] == (
        "| sky | frame | 0.02 |  |  |  |  |  |"
    )


def test_years_cost_the_sum_of_their_stages():
    rows = [Row("read", "slot", 2.0), Row("write", "slot", 0.5, size_mb=600)]
    whole = Archive("a year", ("read", "write"), 34_560)  # 34,560 * 2.5 s is a day
    found = costs_of(rows, [whole, Archive("another", ("read", "judge"), 5)])
    assert found.splitlines()[2:] == ["| a year | 34,560 | 1 | 21 | read |"]
    many = costs_of(rows, [Archive("all", ("read", "write"), 34_560_000)])
    assert many.splitlines()[2:] == ["| all | 34,560,000 | 1,000 | 20,736 | read |"]
    assert costs_of(rows[:1], [whole]) == ""


@pytest.mark.parametrize(
    ("seconds", "beside", "named"),
    [
        (1.2, 10.0, False),  # within the room
        (1.5, 10.0, True),
        (1.5, 14.0, False),  # the machine was busy: the other side took longer as well
    ],
)
def test_what_became_slower_is_named_unless_the_machine_was_busy(seconds, beside, named):
    past = {"machine": bench.machine(), "rows": [vars(Row("a", "map", 1.0, "b", 10.0))]}
    found = slower([Row("a", "map", seconds, "b", beside), Row("new", "map", 9.0)], [past])
    assert found == (["a: 1.5 s, once 1 s"] if named else [])
    elsewhere = past | {"machine": {"system": "another", "cores": 64}}
    assert slower([Row("a", "map", seconds, "b", beside)], [elsewhere]) == []


def test_a_run_is_kept_and_the_next_is_held_against_it(tmp_path, monkeypatch, capsys):
    taken = iter([1.0, 2.0])
    stage = {"one": lambda folder, repeats: [Row("one", "map", next(taken))]}
    monkeypatch.setattr(bench, "STAGES", stage)
    for _ in range(2):
        main(["-o", str(tmp_path / "kept")])
    said = capsys.readouterr().out
    assert said.count("slower: one: 2 s, once 1 s") == 1
    latest = json.loads((tmp_path / "kept" / "latest.json").read_text())
    assert latest["rows"][0]["seconds"] == 2.0
    assert len((tmp_path / "kept" / "history.jsonl").read_text().splitlines()) == 2
