"""The report on profiles: what is told of types, levels and the swath is what was counted."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from nephoscope.evaluation.intervals import score_stratum, score_sums
from nephoscope.evaluation.paired import by_unit, paired_scores
from nephoscope.evaluation.protocol import Evaluation, run_evaluation
from nephoscope.evaluation.sums import Sums
from nephoscope.evaluation.swath import SwathScores
from nephoscope.reports.document import lines_of
from nephoscope.reports.report import Run, pictures_for, write_report
from nephoscope.reports.seal import read_scores
from nephoscope.tasks import task_named
from nephoscope.track import CLOUD_TYPES
from patches_factory import ALTITUDE, LEVELS, cloud_decision, guesses, make_patches

TASK, DECISION = task_named("cloud_type"), cloud_decision()


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    model = SimpleNamespace(name="guesser", decision=DECISION, weights_sha256="0" * 64)
    found = run_evaluation(model, make_patches(points=60), predict=guesses(0))
    counts = found.scores.sums
    parts = {(unit, 0): by_unit(counts)[unit] for unit in counts.units}
    edge = {(unit, 90): 2 * by_unit(counts)[unit] for unit in counts.units}
    distance = Sums({**parts, **edge})
    swath = SwathScores(
        overall=score_sums(distance, TASK, DECISION).overall,
        strata={"distance": score_stratum(distance, TASK, DECISION)},
        loss=paired_scores(by_unit(distance, 0), by_unit(distance, 90), TASK, (DECISION, DECISION)),
        units=tuple(counts.units),
        skipped={"h9": "is damaged"},
    )
    gain = paired_scores(by_unit(counts), by_unit(counts), TASK, (DECISION, DECISION))
    return replace(found, swath=swath, paired={"climatology": gain})


@pytest.fixture(scope="module")
def folder(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = pictures_for("cloud_type", DECISION, "granule")
    run = Run("nephoscope evaluate guesser", {})
    return write_report(evaluation, tmp_path_factory.mktemp("out") / "report", run, pictures)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_dice_of_the_report_is_that_of_the_voxels(evaluation: Evaluation) -> None:
    """Counted anew, from what is published at each point."""
    store, predict = make_patches(points=60), guesses(0)
    from nephoscope.evaluation.sample import read_samples

    hit = false = missed = 0
    for sample in read_samples(store, range(6)):
        said = predict(sample)["cloud_type"].values
        row, col = (
            np.floor(each + 0.5).astype(int) for each in (sample.truth.row, sample.truth.col)
        )
        cloud, types = said[:, row, col].T > 0, sample.truth.values["cloud_type"]
        hit += (cloud & (types > 0)).sum()
        false += (cloud & (types == 0)).sum()
        missed += (~cloud & (types > 0)).sum()
    dice = 2 * hit / (2 * hit + false + missed)
    assert evaluation.scores.overall["dice"].value == pytest.approx(dice)


def test_json_holds_details_and_swath(evaluation: Evaluation, folder: Path) -> None:
    scores = read_scores(folder)
    details = scores["details"]
    assert details["altitude"] == ALTITUDE.tolist()
    table = np.array(details["confusion"])
    assert table.shape == (9, 9)
    known = make_patches(points=60)["cloud_type"].values
    np.testing.assert_array_equal(table.sum(axis=1), np.bincount(known[known >= 0], minlength=9))
    assert len(details["by_level"]["dice"]) == LEVELS
    assert set(scores["swath"]["by_distance"]) == {"0", "90"}
    assert scores["swath"]["loss"]["dice"]["value"] == 0
    assert scores["swath"]["skipped"] == {"h9": "is damaged"}
    assert scores["paired"]["climatology"]["dice"] == {
        "value": 0, "low": 0, "high": 0, "n": evaluation.scores.overall["dice"].n
    }  # fmt: skip
    assert scores["unit"] == "granule"
    assert scores["model"]["decision"]["altitude"] == ALTITUDE.tolist()


def test_tables_say_what_the_json_does(folder: Path) -> None:
    details = json.loads((folder / "scores.json").read_text())["details"]
    confusion = rows_of(folder / "confusion.csv")
    assert [row["true"] for row in confusion] == list(CLOUD_TYPES)
    assert int(confusion[3]["cirrus"]) == details["confusion"][3][1]
    levels = rows_of(folder / "by_level.csv")
    assert [float(row["altitude"]) for row in levels] == ALTITUDE.tolist()
    dice = [float(row["dice"]) for row in levels]
    np.testing.assert_allclose(dice, details["by_level"]["dice"], rtol=1e-5)
    swath = rows_of(folder / "swath.csv")
    assert {row["label"] for row in swath if row["stratum"] == "distance"} == {"0", "90"}


def test_text_tells_types_levels_and_the_swath(folder: Path) -> None:
    text = (folder / "report.md").read_text()
    for words in (
        "# guesser: Dice 0.",
        "## By cloud type",
        "| deep convection |",
        "## By altitude",
        "| 0 to 2 km |",
        "## Off the track",
        "Track (0 to 3 pixels) less edge (90 to 132 pixels)",
        "| 90 to 132 pixels |",
        "1 scenes could not be scored",
        "## Better than the baselines?",
        "![Skill at each altitude.](altitude.png)",
    ):
        assert words in text, words
    assert "dice cirrus" not in text
    for name in ("altitude", "types", "certainty", "off_track"):
        assert (folder / f"{name}.png").stat().st_size > 5000


def test_metres_are_whole(evaluation: Evaluation) -> None:
    (line,) = (line for line in lines_of(evaluation) if line.startswith("  top_mae "))
    assert "." not in line
