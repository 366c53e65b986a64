"""The page of a leaderboard in a browser: its columns sort, its rows are filtered, it is quiet."""

from __future__ import annotations

import html.parser
from pathlib import Path

import pytest

from browser import needs_browser, opened
from nephoscope.reports.leaderboard import write_leaderboard
from nephoscope.reports.page import PAGE
from report_factory import write

pytestmark = [needs_browser, pytest.mark.slow]
TREES = {"trees": {"metrics": {"f1": {"value": 0.5, "low": None, "high": None, "n": 9}}}}


class Rows(html.parser.HTMLParser):
    """Names of the rows that are shown, in the order of the page, and which column is sorted."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.sorted: list[str] = []
        self._hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "tr":
            self._hidden = "hidden" in said
        if tag == "th" and said.get("scope") == "row" and not self._hidden:
            self.names.append(str(said["data-value"]))
        if tag == "th" and "aria-sort" in said:
            self.sorted.append(f"{said['data-key']} {said['aria-sort']}")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    scores = {"a": 0.09, "b": 0.9, "c": 0.11}
    reports = [write(tmp_path / n, n, value, baselines=TREES) for n, value in scores.items()]
    write_leaderboard(reports, tmp_path / "site")
    return tmp_path / "site" / PAGE


@pytest.mark.parametrize(
    ("clicks", "order", "state"),
    [
        (["name"], ["a", "b", "c", "trees"], "name ascending"),
        (["ece"], ["b", "c", "a", "trees"], "ece ascending"),
        (["f1", "f1"], ["a", "c", "trees", "b"], "f1 ascending"),
    ],
)
def test_a_click_on_a_column_sorts(
    page: Path, clicks: list[str], order: list[str], state: str
) -> None:
    done = "".join(f"document.querySelector('[data-key={key}] button').click();" for key in clicks)
    rows = Rows(opened(page, done))
    assert rows.names == order
    assert rows.sorted == [state]


def test_rows_are_filtered(page: Path) -> None:
    """By what is typed, and baselines by their box; the page by itself runs its own script."""
    itself = opened(page)
    assert Rows(itself).names == ["b", "trees", "c", "a"]
    assert 'class="tools">' in itself
    box = "const box = document.getElementById('find'); box.value = ' B';"
    told = opened(page, f"{box} box.dispatchEvent(new Event('input'));")
    assert Rows(told).names == ["b"]
    assert "1 of 4 rows" in told
    assert Rows(opened(page, "document.getElementById('baselines').click();")).names == [
        "b",
        "c",
        "a",
    ]


def test_the_page_fits_a_phone(page: Path) -> None:
    script = "document.title = `${document.documentElement.scrollWidth} ${innerWidth}`;"
    wide, window = opened(page, script).split("<title>")[1].split("</title>")[0].split()
    assert int(wide) <= int(window) <= 500
