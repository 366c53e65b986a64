"""The report on ice: what is told of heights, paths and places is what was counted or is plain."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from sklearn.metrics import r2_score

from nephoscope.evaluation.ice_gathered import EDGES, REGION, ZONE, IceGathered
from nephoscope.evaluation.paired import by_unit, paired_scores
from nephoscope.evaluation.protocol import Evaluation, run_evaluation
from nephoscope.evaluation.sample import read_samples
from nephoscope.plots.ice_scores import plot_ice_curtains
from nephoscope.reports.document import lines_of
from nephoscope.reports.ice import IcePictures
from nephoscope.reports.report import Run, pictures_for, write_report
from nephoscope.reports.seal import read_scores
from nephoscope.reports.words import form_of, label_in_words, meaning_of, title_of
from nephoscope.tasks import task_named
from overpass_factory import ALTITUDE, LEVELS, guesses, ice_decision, make_ice

TASK, DECISION = task_named("cloud_ice"), ice_decision()
FIGURES = {
    "heights", "amounts", "columns", "paths", "overpasses", "zones", "regions",
    "certainty", "confusion", "intervals", "days", "latitude",
}  # fmt: skip


@pytest.fixture(scope="module")
def points() -> tuple[np.ndarray, xr.Dataset]:
    """Truth and what is published at every point, read plainly."""
    iwc, said = [], []
    for sample in read_samples(make_ice(points=80), range(6)):
        row, col = (xr.DataArray(each.astype(int), dims="point")
                    for each in (sample.truth.row, sample.truth.col))  # fmt: skip
        said.append(guesses()(sample).isel(y=row, x=col).transpose("point", ...))
        iwc.append(sample.truth.values["iwc"])
    return np.concatenate(iwc).astype(np.float64), xr.concat(said, "point")


@pytest.fixture(scope="module")
def pictures() -> IcePictures:
    made = pictures_for("cloud_ice", DECISION, "slot")
    assert isinstance(made, IcePictures)
    return made


@pytest.fixture(scope="module")
def evaluation(pictures: IcePictures) -> Evaluation:
    model = SimpleNamespace(name="guesser", decision=DECISION, weights_sha256="0" * 64)
    found = run_evaluation(model, make_ice(points=80), predict=guesses(), look=pictures.look)
    counts = found.scores.sums
    gain = paired_scores(by_unit(counts), by_unit(counts), TASK, (DECISION, DECISION))
    return replace(found, paired={"climatology": gain})


@pytest.fixture(scope="module")
def folder(
    evaluation: Evaluation, pictures: IcePictures, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("out") / "report"
    return write_report(evaluation, out, Run("nephoscope evaluate guesser", {}), pictures)


def test_strata_are_light_and_the_angle_of_the_satellite(evaluation: Evaluation) -> None:
    assert set(evaluation.strata) == {"daylight", "satellite_zenith", "ground"}
    assert list(evaluation.strata["satellite_zenith"]) == [30]
    counts = {label: each["f1"].n for label, each in evaluation.strata["daylight"].items()}
    assert counts == {"day": 320, "night": 160}
    land = int((make_ice(points=80)["col"].values >= 12).sum())
    counts = {label: each["f1"].n for label, each in evaluation.strata["ground"].items()}
    assert counts == {"land": land, "water or coast": 480 - land}
    assert evaluation.unit == "slot"
    assert evaluation.scores.sums.units == ["2007-07-01", "2007-07-02", "2007-07-03"]


def test_errors_by_level_are_plain_ones(
    pictures: IcePictures, evaluation: Evaluation, points: tuple[np.ndarray, xr.Dataset]
) -> None:
    iwc, said = points
    found = pictures.facts(evaluation)["details"]["by_level"]
    for level in (0, 3, 7):
        known = np.isfinite(iwc[:, level])
        true = iwc[known, level]
        mean, median = (said[name].values[known, level].astype(np.float64)
                        for name in ("iwc", "iwc_p50"))  # fmt: skip
        off = np.abs(mean - true) * 1e3
        assert found["mae"][level] == pytest.approx(off.mean())
        assert found["mae_in_cloud"][level] == pytest.approx(off[true > 1e-7].mean())
        assert found["r2_linear"][level] == pytest.approx(r2_score(true, mean), abs=1e-6)
        assert found["r_linear"][level] == pytest.approx(np.corrcoef(true, mean)[0, 1], abs=1e-6)
        logs = [np.log10(1 + each / 1e-7) for each in (true, median)]
        assert found["r2_log"][level] == pytest.approx(r2_score(*logs), abs=1e-6)
        assert found["r_log"][level] == pytest.approx(np.corrcoef(*logs)[0, 1], abs=1e-6)
    held = pictures._gathered.held.sum(axis=(0, 1))
    coverage = evaluation.scores.overall["coverage"].value
    assert held[1] / held[0] == pytest.approx(coverage, abs=1e-4)
    assert np.nanmin(found["coverage"]) < coverage < np.nanmax(found["coverage"])
    whole = np.average(found["mae"], weights=np.isfinite(iwc).sum(axis=0))
    assert evaluation.scores.overall["mae"].value == pytest.approx(whole, rel=1e-3)


def test_histograms_hold_every_cloud(
    pictures: IcePictures, points: tuple[np.ndarray, xr.Dataset]
) -> None:
    iwc, said = points
    gathered = pictures._gathered
    cloud = iwc > 1e-7
    told = said["cloud_probability"].values >= 125
    expected = np.histogram(np.log10(iwc[cloud]), EDGES)[0]
    np.testing.assert_array_equal(gathered.amounts[0], expected)
    np.testing.assert_array_equal(gathered.in_cloud[0].sum(axis=0), expected)
    assert gathered.in_cloud[1].sum() == (told & np.isfinite(iwc)).sum()
    assert gathered.joint.sum() == (cloud & told).sum()
    median = np.median(np.log10(iwc[:, 4][cloud[:, 4]]))
    assert gathered.quantiles((0.5,))[0, 0, 4] == pytest.approx(median, abs=EDGES[1] - EDGES[0])


def test_zones_and_regions_are_means_of_their_points(
    pictures: IcePictures, points: tuple[np.ndarray, xr.Dataset]
) -> None:
    iwc, said = points
    store, gathered = make_ice(points=80), pictures._gathered
    sample = np.repeat(np.arange(6), 80)
    row, col = (store[name].values.astype(int) for name in ("row", "col"))
    latitude = store["latitude"].values[sample, row, col]
    longitude = store["longitude"].values[sample, row, col]
    inside = (latitude >= 10) & (latitude < 10 + ZONE)
    zone = gathered.zones[:, int(100 / ZONE)]
    assert zone[2, 0] == (inside & np.isfinite(iwc[:, 0])).sum()
    np.testing.assert_allclose(zone[1], 1e3 * np.nansum(iwc[inside], axis=0), rtol=1e-6)
    cell = (latitude >= 10) & (latitude < 14) & (longitude >= -4) & (longitude < 0)
    cell &= np.isfinite(iwc).all(axis=1)
    found = gathered.regions[:, 100 // REGION, 176 // REGION]
    assert found[0] == cell.sum()
    assert found[1] == pytest.approx(1500 * iwc[cell].sum(), rel=1e-6)
    assert found[2] == pytest.approx(said["iwp"].values[cell].sum(), rel=1e-5)


def test_curtains_are_the_best_and_the_worst_overpass(pictures: IcePictures) -> None:
    gathered, scores = IceGathered(ALTITUDE), {}
    for sample in read_samples(make_ice(points=24, track=True), range(6)):
        one = IceGathered(ALTITUDE)
        for each in (one, gathered):
            each.add(sample, guesses()(sample))
        assert one.best is not None
        scores[sample.id] = one.best.f1
    assert gathered.best is not None
    assert gathered.worst is not None
    assert gathered.best.name == max(scores, key=scores.__getitem__)
    assert gathered.worst.name == min(scores, key=scores.__getitem__)
    assert gathered.best.true.shape == (24, LEVELS)
    assert (np.diff(gathered.best.latitude) < 0).all()
    figure = plot_ice_curtains(ALTITUDE, {"best": gathered.best, "worst": gathered.worst})
    assert [axes.get_title() for axes in figure.axes[:2]] == ["best", "worst"]
    assert pictures._gathered.best is None  # points all over the picture are no overpass


def test_a_sample_of_which_nothing_is_said_adds_nothing() -> None:
    (sample,) = read_samples(make_ice((1,)), [0])
    nothing = np.full((TASK.outputs(LEVELS), *sample.known.shape), np.nan, np.float32)
    gathered = IceGathered(ALTITUDE)
    gathered.add(sample, TASK.variables(TASK.fields(nothing, DECISION), DECISION))
    assert not gathered.cover
    assert gathered.zones.sum() == gathered.joint.sum() == 0


def test_report_holds_tables_and_figures(evaluation: Evaluation, folder: Path) -> None:
    scores = read_scores(folder)
    assert {"day", "night"} == set(scores["by_daylight"])
    assert len(scores["details"]["by_level"]["log_mae"]) == LEVELS
    assert scores["details"]["altitude"] == ALTITUDE.tolist()
    with (folder / "by_path.csv").open(newline="") as file:
        columns = [int(row["columns"]) for row in csv.DictReader(file)]
    assert columns == scores["details"]["by_path"]["columns"]
    text = (folder / "report.md").read_text()
    for words in (
        "# guesser: F1 0.", "## By light", "| 30 to 40° |", "## By ice water path",
        "| from 0.01 |", "## Intervals", "## By altitude", "| error of log10 IWC |",
        "bias of IWP from 0.01 kg m-2", "## Better than the baselines?",
    ):  # fmt: skip
        assert words in text, words
    assert "labelled pixels" not in text
    assert {path.stem for path in folder.glob("*.png")} == FIGURES
    assert all((folder / f"{name}.png").stat().st_size > 5000 for name in FIGURES)
    lines = lines_of(evaluation)
    assert any(line.startswith("  iwp_bias") and line.endswith("%") for line in lines)


def test_report_without_a_look_at_the_samples_has_what_was_counted(
    evaluation: Evaluation, tmp_path: Path
) -> None:
    out = write_report(evaluation, tmp_path / "r", Run("x", {}))
    assert {"paths", "altitude", "certainty"} <= {path.stem for path in out.glob("*.png")}


def test_words_of_scores() -> None:
    assert form_of("log_mae") == ".3f"
    assert form_of("top_mae") == ",.0f"
    assert form_of("base_bias") == ",.0f"
    assert form_of("iwp_bias_1e-03") == "+.1%"
    assert title_of("iwp_bias_1e-03") == "bias of IWP from 0.001 kg m-2"
    assert meaning_of("precision", "cloud_ice").startswith("of the voxels")
    assert meaning_of("precision", "mask").startswith("of the pixels")
    assert label_in_words("satellite_zenith", -1) == "unknown"
    assert label_in_words("views", 12) == "12"
