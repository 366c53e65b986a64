"""Scores are the same to the last bit, whoever predicts and counts."""

import json

import pytest
from typer.testing import CliRunner

import slots_factory
from nephoscope import cli
from nephoscope.samples.store import open_samples
from nephoscope.simulate.sky.writing import simulate_sky
from tiny_cluster import local_cluster

pytestmark = pytest.mark.slow
PIPELINES = ["sky-colour", "sky-state", "seviri"]
OF_THE_RUN = ("seconds", "command", "page_sha256", "digest")
"""What `scores.json` says of the run, and what is made of that."""


def run(*words):
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    colour = ("simulate", "sky", "--flavour", "colour", "--scenes", 5, "-o", folder / "colour")
    run(*colour)
    run("build", "sky-colour", folder / "colour", "-o", folder / "sky-colour.zarr")
    for number, path in enumerate(simulate_sky(folder / "all", scenes=7, seed=1)):
        place = folder / "state" / ("cloudy" if number % 2 else "clear")
        place.mkdir(parents=True, exist_ok=True)
        path.rename(place / path.name)
    run("build", "sky-state", folder / "state", "-o", folder / "sky-state.zarr")
    slots_factory.write_pair(folder / "slots")
    slots_factory.write_pair(folder / "slots", slots_factory.NEXT, seed=1)
    slots_factory.built(folder / "slots", folder / "seviri.zarr")
    return {name: folder / f"{name}.zarr" for name in PIPELINES}


def report_of(name, store, out, *options):
    baselines = () if name == "sky-state" else ("--no-baselines",)
    run("evaluate", name, store, "-o", out, "--split", "all", *baselines, *options)
    scores = json.loads((out / "scores.json").read_text())
    files = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name not in {"scores.json", "index.html", "report.md"}
    }
    return {key: each for key, each in scores.items() if key not in OF_THE_RUN}, files


@pytest.fixture(scope="module")
def alone(stores, tmp_path_factory):
    """The report of one process; each pipeline once."""
    made = {}

    def scored(name):
        if name not in made:
            made[name] = report_of(name, stores[name], tmp_path_factory.mktemp("alone") / "r")
        return made[name]

    return scored


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("workers", [2, 3])
def test_processes_say_the_scores_of_one(stores, alone, tmp_path, name, workers):
    scores, files = report_of(name, stores[name], tmp_path / "r", "--workers", workers)
    assert scores["metrics"]
    assert len(open_samples(stores[name])["id"]) == len(scores["spec"]["maps"]) > 1
    assert (scores, files) == alone(name)


@pytest.mark.filterwarnings("ignore")  # of distributed's own, as it is closed
def test_a_cluster_says_the_scores_of_one(stores, alone, tmp_path):
    pytest.importorskip("distributed")
    with local_cluster() as cluster:
        for name in PIPELINES:
            by = ("--scheduler", cluster.scheduler_address)
            assert report_of(name, stores[name], tmp_path / name, *by) == alone(name)
