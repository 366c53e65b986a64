"""The leaderboard: what may stand beside what, in which order, and a page that sorts."""

from __future__ import annotations

import html.parser
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.errors import UsageError
from nephoscope.reports.leaderboard import write_leaderboard
from nephoscope.reports.seal import COUNTS, SCORES, sealed, spec_hash
from nephoscope.tasks import task_named

SPEC = {"task": "mask", "samples": "s" * 64, "split": "test", "maps": ["a", "b"], "mask_rule": "x"}
BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")


def write(folder: Path, name: str, f1: float, **other: Any) -> Path:
    """A sealed report of a model of masks."""
    spec = other.pop("spec", SPEC)
    content = {
        "spec": spec,
        "spec_hash": spec_hash(spec),
        "metrics": {
            "f1": {"value": f1, "low": f1 - 0.01, "high": f1 + 0.01, "n": 100},
            "ece": {"value": 1 - f1, "low": None, "high": None, "n": 100},
        },
        "baselines": {},
        "model": {"name": name, "weights_sha256": name.ljust(64, "0"), "parameters": 1234},
        "seen": {"train": 0, "validation": 0},
        "command": f"nephoscope evaluate {name}",
        **other,
    }
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / COUNTS).exists():
        np.savez(folder / COUNTS, unit=np.zeros(0, np.str_), counts=np.zeros((0, 1), np.int64))
    (folder / SCORES).write_text(json.dumps(sealed(content, folder)))
    return folder


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
    write_leaderboard(reports, tmp_path / "site")
    assert names(tmp_path / "site") == [["a"]]


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


class _Rows(html.parser.HTMLParser):
    """Names of the rows of the first table, in the order of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.sorted: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "th" and said.get("scope") == "row":
            self.names.append(str(said["data-value"]))
        if tag == "th" and "aria-sort" in said:
            self.sorted.append(f"{said['data-key']} {said['aria-sort']}")


@pytest.mark.skipif(BROWSER is None, reason="needs a headless Chromium")
@pytest.mark.parametrize(
    ("clicks", "order", "state"),
    [
        (["name"], ["a", "b", "c"], "name ascending"),
        (["name", "name"], ["c", "b", "a"], "name descending"),
        (["ece"], ["b", "c", "a"], "ece ascending"),
        (["ece", "f1"], ["b", "c", "a"], "f1 descending"),
        (["f1", "f1"], ["a", "c", "b"], "f1 ascending"),
    ],
)
def test_a_click_on_a_column_sorts(
    tmp_path: Path, clicks: list[str], order: list[str], state: str
) -> None:
    scores = {"a": 0.09, "b": 0.9, "c": 0.11}
    reports = [write(tmp_path / name, name, value) for name, value in scores.items()]
    write_leaderboard(reports, tmp_path / "site")
    page = tmp_path / "site" / "index.html"
    done = "".join(f"document.querySelector('[data-key={key}] button').click();" for key in clicks)
    clicked = tmp_path / "clicked.html"
    clicked.write_text(page.read_text().replace("</body>", f"<script>{done}</script></body>"))
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    shown = subprocess.run(  # noqa: S603 - the browser that was found
        [*command, profile, clicked.as_uri()], capture_output=True, text=True, timeout=120
    )
    rows = _Rows()
    rows.feed(shown.stdout)
    assert rows.names == order
    assert rows.sorted == [state]


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
