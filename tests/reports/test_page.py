"""The page of a report: whole by itself, safe whatever names say, readable on a phone."""

from __future__ import annotations

import html.parser
import re
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from browser import needs_browser, opened
from nephoscope.evaluation.intervals import Score, score_stratum, score_sums
from nephoscope.evaluation.protocol import Evaluation, run_evaluation
from nephoscope.evaluation.sums import Sums
from nephoscope.reports.intervals_drawn import interval_svg, scale_of
from nephoscope.reports.page import PAGE, in_words, table_html
from nephoscope.reports.report import Run, pictures_for, write_report
from nephoscope.reports.sections import Scored, Table
from nephoscope.tasks import task_named
from patches_factory import cloud_decision, guesses, make_patches

EVIL = "<script>alert(1)</script>\"'&"
TASK, DECISION = task_named("cloud_type"), cloud_decision()
VOID = {"meta", "img", "br", "link", "input", "circle", "path"}


class Parsed(html.parser.HTMLParser):
    """Tags of a page: all are closed in their order; links, ids, pictures and what is loaded."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.alts: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.tags.append(tag)
        assert not any(name.startswith("on") for name in said), attrs
        if "id" in said:
            self.ids.append(str(said["id"]))
        if tag == "a":
            self.links.append(str(said["href"]))
        if tag == "img":
            self.alts.append(str(said["alt"]))
        self.loaded += [str(said[name]) for name in ("src", "srcset", "data") if name in said]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    model = SimpleNamespace(name=EVIL, decision=DECISION, weights_sha256="0" * 64)
    store = make_patches(points=30)
    store["col"][:] = 5.0  # along a track
    looked = pictures_for("cloud_type", DECISION, "granule")
    found = run_evaluation(model, store, predict=guesses(0), look=looked.look)
    baseline = replace(found.scores)
    return replace(found, baselines={EVIL: baseline}, details={EVIL: EVIL})


@pytest.fixture(scope="module")
def page(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    looked = pictures_for("cloud_type", DECISION, "granule")
    from nephoscope.evaluation.sample import read_samples

    store = make_patches(points=30)
    store["col"][:] = 5.0
    for sample in read_samples(store, range(3)):
        looked.look(sample, guesses(0)(sample))
    run = Run(f"nephoscope evaluate {EVIL}", {"predict": 1.0})
    out = write_report(evaluation, tmp_path_factory.mktemp("out") / "report", run, looked)
    return out / PAGE


def test_a_page_is_whole_and_loads_nothing(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    parsed = Parsed(text)
    assert all(each.startswith("data:image/png;base64,") for each in parsed.loaded)
    assert len(parsed.loaded) == len(list(page.parent.glob("*.png"))) == parsed.tags.count("figure")
    assert not re.search(r"url\(|@import|https?:|<script|<link", text)
    assert {link.removeprefix("#") for link in parsed.links} <= {*parsed.ids}
    assert len(parsed.ids) == len({*parsed.ids})
    assert all(len(alt) > 20 for alt in parsed.alts)


def test_names_are_escaped_wherever_they_stand(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert text.count("<script") == 0


def test_sections_stand_in_the_order_of_a_reader(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    keys = re.findall(r'<section id="([a-z_]+)"', text)
    assert keys == [
        "baselines", "cases", "confusion", "probability", "type", "altitude", "latitude",
        "by_surface", "by_views", "unit", "scores", "method",
    ]  # fmt: skip
    for words in ("0" * 64, "patches", "machine", "specification", "Dice", "Each row is scored"):
        assert words in text


def test_best_and_worst_overpasses_are_shown(page: Path) -> None:
    for name in ("best_case", "worst_case"):
        assert (page.parent / f"{name}.png").stat().st_size > 5000


def test_markdown_tells_the_same_sections(page: Path) -> None:
    text = (page.parent / "report.md").read_text(encoding="utf-8")
    titles = re.findall(r"<h2><a href=\"#[a-z_]+\">(.+?)</a>", page.read_text(encoding="utf-8"))
    assert [f"## {title}" for title in titles] == re.findall(r"^## .+$", text, re.MULTILINE)


def test_words_keep_their_stress_and_nothing_else() -> None:
    assert in_words("a `b<c>` **d** <i>") == (
        "a <code>b&lt;c&gt;</code> <strong>d</strong> &lt;i&gt;"
    )


def test_intervals_are_drawn_in_proportion() -> None:
    low, high = scale_of([Score(0.5, 0.4, 0.6, 1), Score(0.8, None, None, 1)])
    assert low < 0.4 < 0.8 < high
    drawn = interval_svg(Score(0.5, 0.25, 0.75, 1), (0, 1))
    ends = [float(x) for x in re.findall(r'class="bar" d="M([\d.]+) [\d.]+H([\d.]+)"', drawn)[0]]
    dot = float(re.findall(r'cx="([\d.]+)"', interval_svg(Score(0.5, None, None, 1), (0, 1)))[0])
    assert sum(ends) / 2 == pytest.approx(dot)
    assert ends[1] - ends[0] == pytest.approx(45, abs=0.2)  # half of what dots move in
    assert scale_of([Score(0.5, None, None, 1)]) is None
    assert interval_svg(Score(None, None, None, 0), (0, 1)) == ""


def test_scores_beyond_shares_are_not_drawn_among_others() -> None:
    rows = [(name, Scored(Score(v, v - 1, v + 1, 9), name, drawn=True))
            for name, v in (("top_mae", 900.0),)]  # fmt: skip
    assert "<svg" not in table_html(Table(("a", "b"), rows, mixed=True), "t")
    assert "<svg" in table_html(Table(("a", "b"), rows), "t")


@pytest.mark.slow
def test_a_thousand_samples_take_seconds(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    model = SimpleNamespace(name="m", decision=DECISION, weights_sha256="0" * 64)
    small = run_evaluation(model, make_patches(points=30), predict=guesses(0))
    counts = next(iter(small.scores.sums.cells.values()))
    parts = {(f"g{n}", b): counts * int(rng.integers(1, 9)) for n in range(1000) for b in (0, 10)}
    sums = Sums(parts)
    found = replace(
        small,
        scores=score_sums(sums, TASK, DECISION, draws=100),
        strata={"views": score_stratum(sums, TASK, DECISION, draws=100)},
        spec={**small.spec, "maps": [f"g{n}" for n in range(1000)]},
        units=tuple(f"g{n}" for n in range(1000)),
    )
    start = time.process_time()
    out = write_report(found, tmp_path / "report", Run("x", {}))
    assert time.process_time() - start < 60
    assert (out / PAGE).stat().st_size < 4_000_000


@needs_browser
@pytest.mark.slow
def test_the_page_fits_a_phone_and_is_quiet(page: Path) -> None:
    assert "</footer>" in opened(page)
    script = "document.title = `${document.documentElement.scrollWidth} ${innerWidth}`;"
    wide, window = opened(page, script).split("<title>")[1].split("</title>")[0].split()
    assert int(wide) <= int(window) <= 500
