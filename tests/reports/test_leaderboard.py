"""The leaderboard: what may stand beside what, in which order, and a page that sorts."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.errors import UsageError
from nephoscope.reports.leaderboard import write_leaderboard
from nephoscope.reports.page import PAGE
from nephoscope.reports.seal import COUNTS, SCORES, read_scores, sealed, spec_hash
from nephoscope.reports.spec_differences import differences_in_words
from nephoscope.tasks import task_named
from report_factory import SPEC, write


def names(out: Path) -> list[list[str]]:
    """Names of the rows of each table, in the data."""
    tables = json.loads((out / "leaderboard.json").read_text())
    return [[row["name"] for row in table["rows"]] for table in tables]


def test_best_comes_first_and_baselines_stand_among_models(tmp_path: Path) -> None:
    trees = {"boosted trees": {"metrics": {"f1": {"value": 0.8, "low": 0.7, "high": 0.9, "n": 9}}}}
    reports = [
        write(tmp_path / "one", "one", 0.7, baselines=trees),
        write(tmp_path / "two", "two", 0.9, baselines=trees),
    ]
    tables, refused = write_leaderboard(reports, tmp_path / "site")
    assert not refused
    assert names(tmp_path / "site") == [["two", "boosted trees", "one"]]
    assert [row.kind for row in tables[0].rows] == ["model", "baseline", "model"]


def test_each_spec_has_a_table_of_its_own(tmp_path: Path) -> None:
    other = {**SPEC, "samples": "t" * 64}
    reports = [
        write(tmp_path / "one", "one", 0.7),
        write(tmp_path / "two", "two", 0.9, spec=other),
    ]
    tables, _ = write_leaderboard(reports, tmp_path / "site")
    assert {table.spec_hash for table in tables} == {spec_hash(SPEC), spec_hash(other)}
    assert all(len(table.rows) == 1 for table in tables)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('"value": 0.7', '"value": 0.99', "digest"),
        ('"split": "test"', '"split": "all"', "spec_hash"),
        ('"train": 0', '"train": 2', "digest"),
    ],
)
def test_an_altered_report_is_refused(tmp_path: Path, old: str, new: str, field: str) -> None:
    good, bad = write(tmp_path / "good", "good", 0.6), write(tmp_path / "bad", "bad", 0.7)
    path = bad / "scores.json"
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))
    _, refused = write_leaderboard([good, bad], tmp_path / "site")
    assert [error.field for error in refused] == [field]
    assert names(tmp_path / "site") == [["good"]]


def test_a_model_that_saw_the_samples_is_refused(tmp_path: Path) -> None:
    seen = {"train": 2, "validation": 0}
    reports = [write(tmp_path / "a", "a", 0.6), write(tmp_path / "b", "b", 0.9, seen=seen)]
    _, refused = write_leaderboard(reports, tmp_path / "site")
    assert [error.field for error in refused] == ["seen"]
    assert names(tmp_path / "site") == [["a"]]


def test_one_model_has_one_row(tmp_path: Path) -> None:
    reports = [write(tmp_path / "a", "a", 0.6), write(tmp_path / "again", "a", 0.6)]
    tables, _ = write_leaderboard(reports, tmp_path / "site")
    assert names(tmp_path / "site") == [["a"]]
    assert tables[0].rows[0].mark == ""


def test_two_of_one_name_are_both_shown_and_told_apart(tmp_path: Path) -> None:
    trees = [{"trees": {"metrics": {"f1": {"value": v, "low": None, "high": None, "n": 9}}}}
             for v in (0.3, 0.4)]  # fmt: skip
    other = {"name": "a", "weights_sha256": "b" * 64}
    reports = [
        write(tmp_path / "1", "a", 0.6, baselines=trees[0]),
        write(tmp_path / "2", "a", 0.7, model=other, baselines=trees[1]),
        write(tmp_path / "3", "a", 0.8),
    ]
    tables, _ = write_leaderboard(reports, tmp_path / "site")
    digests = [read_scores(report)["digest"][:8] for report in reports]
    marks = [(row.name, row.mark) for row in tables[0].rows]
    assert marks == [
        ("a", f"weights a0000000, report {digests[2]}"),
        ("a", "weights bbbbbbbb"),
        ("a", f"weights a0000000, report {digests[0]}"),
        ("trees", f"beside a, report {digests[1]}"),
        ("trees", f"beside a, report {digests[0]}"),
    ]
    page = (tmp_path / "site" / PAGE).read_text()
    assert all(mark in page for _, mark in marks)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"command": ""}, "command"),
        ({"nephoscope": None}, "nephoscope"),
        ({"model": {"name": "a"}}, "model.weights_sha256"),
        ({"spec": {**SPEC, "samples": ""}}, "spec.samples"),
        ({"spec": {**SPEC, "maps": []}}, "spec.maps"),
    ],
)
def test_scores_that_come_from_nowhere_are_refused(
    tmp_path: Path, change: dict[str, Any], field: str
) -> None:
    good, bad = write(tmp_path / "good", "good", 0.6), write(tmp_path / "bad", "bad", 0.7, **change)
    _, refused = write_leaderboard([good, bad], tmp_path / "site")
    assert [error.field for error in refused] == [field]
    assert "nothing says where" in str(refused[0])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metrics": {"f1": {"value": "<b>"}}}, "metrics.f1.value"),
        ({"metrics": {"f1": 0.9}}, "metrics"),
        ({"baselines": {"x": 3}}, "metrics"),
        ({"model": {"name": "a", "weights_sha256": "b", "parameters": "9"}}, "model.parameters"),
        ({"model": {"name": "a", "weights_sha256": "b", "decision": {"y": 1}}}, "model.decision"),
    ],
)
def test_what_is_no_number_is_refused(tmp_path: Path, change: dict[str, Any], field: str) -> None:
    good, bad = write(tmp_path / "good", "good", 0.6), write(tmp_path / "bad", "bad", 0.7, **change)
    _, refused = write_leaderboard([good, bad], tmp_path / "site")
    assert [error.field for error in refused] == [field]


def test_each_row_links_the_page_of_its_report(tmp_path: Path) -> None:
    report = write(tmp_path / "one", "One/../<two>", 0.7)
    site = tmp_path / "site"
    tables, _ = write_leaderboard([report], site)
    link = tables[0].rows[0].page
    assert link.startswith("reports/one-two-")
    assert (site / link).read_bytes() == (report / PAGE).read_bytes()
    assert f'href="{link}"' in (site / PAGE).read_text()
    shutil.rmtree(report)  # the site stands by itself
    assert (site / link).is_file()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda page: page.write_text(page.read_text() + "<p>better"), "was altered"),
        (lambda page: page.unlink(), "is not there"),
    ],
)
def test_a_page_that_was_altered_is_refused(
    tmp_path: Path, change: Callable[[Path], None], problem: str
) -> None:
    good, bad = write(tmp_path / "good", "good", 0.6), write(tmp_path / "bad", "bad", 0.7)
    change(bad / PAGE)
    _, refused = write_leaderboard([good, bad], tmp_path / "site")
    assert [error.field for error in refused] == ["page_sha256"]
    assert problem in str(refused[0])


def test_a_page_that_could_run_something_is_refused(tmp_path: Path) -> None:
    """Its seal is right, but browsers are not told to run nothing."""
    bad = write(tmp_path / "bad", "bad", 0.7)
    (bad / PAGE).write_text("<!doctype html><script>steal()</script>")
    content = {k: v for k, v in read_scores(bad).items() if k not in ("digest", "page_sha256")}
    (bad / SCORES).write_text(json.dumps(sealed(content, bad)))
    with pytest.raises(UsageError, match="does not begin as the page of a report does"):
        write_leaderboard([bad], tmp_path / "site")


def test_counts_that_were_altered_are_refused(tmp_path: Path) -> None:
    good, bad = write(tmp_path / "good", "good", 0.6), write(tmp_path / "bad", "bad", 0.7)
    np.savez(bad / COUNTS, unit=np.array(["a"]), counts=np.zeros((1, 1), np.int64))
    _, refused = write_leaderboard([good, bad], tmp_path / "site")
    assert [error.field for error in refused] == ["counts_sha256"]


def test_specs_that_differ_in_one_sample_are_two_tables_and_say_so(tmp_path: Path) -> None:
    other = {**SPEC, "maps": ["a", "c"]}
    reports = [write(tmp_path / "1", "x", 0.7), write(tmp_path / "2", "y", 0.9, spec=other)]
    tables, _ = write_leaderboard(reports, tmp_path / "site")
    assert len(tables) == 2
    page = (tmp_path / "site" / PAGE).read_text()
    assert page.count("Not to be compared with") == 2
    for words in ("1 sample (b) scored here alone", "1 sample (c) scored there alone"):
        assert words in page
    assert differences_in_words(SPEC, other) == [
        "1 sample (b) scored here alone", "1 sample (c) scored there alone",
    ]  # fmt: skip
    assert differences_in_words(SPEC, SPEC) == []
    assert differences_in_words({**SPEC, "maps": ["c"], "samples": "t", "split": "all"}, SPEC) == [
        "other samples: 1 here, 2 there, none of them in both",
        "split: all here, test there",
    ]
    assert differences_in_words({"threshold": 0.5}, {}) == ["threshold: 0.5 here, nothing there"]
    assert differences_in_words({"maps": ["a", "b"]}, {"maps": ["b", "a"]}) == [
        "the same samples in another order"
    ]


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"holds no report \(make one: nephoscope evaluate\)"):
        write_leaderboard([tmp_path / "empty"], tmp_path / "site")


def test_fifty_reports_take_seconds(tmp_path: Path) -> None:
    rows = {f"d{n}": {"f1": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}} for n in range(300)}
    reports = [write(tmp_path / str(n), f"m{n}", n / 50, by_day=rows) for n in range(50)]
    start = time.process_time()
    tables, refused = write_leaderboard(reports, tmp_path / "site")
    assert time.process_time() - start < 5
    assert (len(tables[0].rows), refused) == (50, [])


@pytest.mark.parametrize("content", ["", "{", "[]", '{"spec": 3}', '{"spec": {"task": "mask"}}'])
def test_what_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "scores.json").write_text(content)
    with pytest.raises(UsageError, match="no report to compare"):
        write_leaderboard([broken], tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_an_unknown_task_is_refused(tmp_path: Path) -> None:
    report = write(tmp_path / "a", "a", 0.6, spec={**SPEC, "task": "rain"})
    _, refused = write_leaderboard([report, write(tmp_path / "b", "b", 0.5)], tmp_path / "site")
    assert [error.field for error in refused] == ["spec.task"]


def test_nothing_but_a_leaderboard_is_replaced(tmp_path: Path) -> None:
    report, site = write(tmp_path / "a", "a", 0.6), tmp_path / "site"
    site.mkdir()
    (site / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds no leaderboard"):
        write_leaderboard([report], site)
    (site / "thesis.txt").unlink()
    write_leaderboard([report], site)
    write_leaderboard([write(tmp_path / "b", "b", 0.5), report], site)
    assert names(site) == [["a", "b"]]


def test_what_reports_say_is_escaped(tmp_path: Path) -> None:
    write_leaderboard([write(tmp_path / "a", "<b>&'\"", 0.6)], tmp_path / "site")
    text = (tmp_path / "site" / "index.html").read_text()
    assert "<b>&" not in text
    assert "&lt;b&gt;&amp;" in text


def test_command_tells_the_order_and_exits_1_where_one_is_refused(tmp_path: Path) -> None:
    good, bad = write(tmp_path / "good one", "good", 0.6), tmp_path / "absent"
    out = tmp_path / "a site"
    done = CliRunner().invoke(app, ["leaderboard", str(good), str(bad), "-o", str(out)])
    assert done.exit_code == 1
    assert "0.6000  F1  good" in done.stdout
    assert "absent: does not exist" in done.stderr


def test_paired_difference_stands_beside_the_others(tmp_path: Path) -> None:
    """Two reports whose counts of each unit are kept."""
    task = task_named("mask")
    rng = np.random.default_rng(0)
    reports = []
    for name, noise in (("sharp", 0.1), ("dull", 0.4)):
        counts = []
        for unit in range(4):
            label = (np.random.default_rng(unit).random(500) < 0.5).astype(np.int8)
            wrong = rng.random(500) < noise
            raw = np.where(label ^ wrong, 3.0, -3.0).astype(np.float32)[:, None]
            found = task.count(raw, {"label": label})
            counts.append(task.publish(found, task.Decision()))
        folder = tmp_path / name
        folder.mkdir()
        np.savez(folder / COUNTS, unit=np.array(list("wxyz")), counts=np.stack(counts))
        model = {
            "name": name,
            "weights_sha256": name.ljust(64, "0"),
            "decision": task.Decision().model_dump(mode="json"),
        }
        reports.append(write(folder, name, 1 - noise, model=model))
    tables, _ = write_leaderboard(reports, tmp_path / "site")
    first, second = tables[0].rows
    assert (first.name, first.behind) == ("sharp", None)
    assert second.behind is not None
    assert second.behind.high < 0
    assert second.behind.low <= second.behind.value <= second.behind.high
    assert "to the first" in (tmp_path / "site" / "index.html").read_text()
