"""Stores of samples are the same, file for file and byte for byte, whoever reads the scenes."""

from functools import partial

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import half_orbits_factory
import slots_factory
from nephoscope import cli
from nephoscope.simulate.sky.writing import simulate_sky
from nephoscope.workers.crew import crew_of
from tiny_cluster import local_cluster

pytestmark = pytest.mark.slow


def bytes_of(store):
    files = {
        path.relative_to(store).as_posix(): path.read_bytes()
        for path in store.rglob("*")
        if path.is_file()
    }
    assert "zarr.json" in files
    return files


def built_by_verb(recipe, raw, out, *options):
    result = CliRunner().invoke(cli.app, ["build", recipe, *map(str, (raw, "-o", out, *options))])
    assert result.exit_code == 0, result.output
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    return bytes_of(out)


def write_pictures(folder):
    """Colour pictures of three sizes with masks, one of them damaged."""
    for number, (rows, cols) in enumerate([(24, 32), (40, 30), (24, 32), (30, 41), (24, 32)]):
        rng = np.random.default_rng(number)
        for place, pixels in (
            ("images", rng.integers(0, 255, (rows, cols, 3))),
            ("GTmaps", 255 * (np.arange(rows * cols).reshape(rows, cols) % 3 > 0)),
        ):
            (folder / place).mkdir(parents=True, exist_ok=True)
            name = f"{number:04d}_GT.png" if place == "GTmaps" else f"{number:04d}.png"
            Image.fromarray(pixels.astype(np.uint8)).save(folder / place / name)


def write_frames(folder):
    for number, path in enumerate(simulate_sky(folder / "all", scenes=6, seed=1)):
        place = folder / "raw" / ("cloudy" if number % 2 else "clear")
        place.mkdir(parents=True, exist_ok=True)
        path.rename(place / path.name)


@pytest.fixture(scope="module")
def ways(tmp_path_factory):
    """Name of a pipeline → what builds its samples into a folder, with options of the verb."""
    folder = tmp_path_factory.mktemp("raw data")
    words = ["simulate", "mars", "-o", str(folder / "mars"), "--scenes", "5", "--flavour", "label"]
    assert CliRunner().invoke(cli.app, words).exit_code == 0
    write_pictures(folder / "colour")
    write_frames(folder / "state")
    half_orbits_factory.write_three(folder / "polder")
    slots_factory.write_pair(folder / "seviri")
    slots_factory.write_pair(folder / "seviri", slots_factory.NEXT, seed=1)

    def by_verb(recipe, raw):
        return partial(built_by_verb, recipe, raw)

    def by_factory(factory, raw):
        def build(out, *options):
            asked = dict(zip(options[::2], options[1::2], strict=True))
            workers, scheduler = asked.get("--workers"), asked.get("--scheduler", "")
            factory.built(raw, out, workers=workers, scheduler=scheduler)
            assert crew_of(workers, scheduler).is_one == (not options)
            assert [path.name for path in out.parent.iterdir()] == [out.name]
            return bytes_of(out)

        return build

    return {
        "mars": by_verb("mars", folder / "mars"),
        "sky-colour": by_verb("sky-colour", folder / "colour"),
        "sky-state": by_verb("sky-state", folder / "state" / "raw"),
        "polder": by_factory(half_orbits_factory, folder / "polder"),
        "seviri": by_factory(slots_factory, folder / "seviri"),
    }


PIPELINES = ["mars", "sky-colour", "sky-state", "polder", "seviri"]


@pytest.fixture(scope="module")
def alone(ways, tmp_path_factory):
    """What one process builds; each pipeline once."""
    made = {}

    def built(name):
        if name not in made:
            made[name] = ways[name](tmp_path_factory.mktemp("alone") / "s.zarr")
        return made[name]

    return built


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("workers", [2, 4])
def test_processes_build_the_bytes_of_one(ways, alone, tmp_path, name, workers):
    if name == "polder":
        pytest.importorskip("pyhdf")
    assert ways[name](tmp_path / "s.zarr", "--workers", workers) == alone(name)


@pytest.fixture(scope="module")
def cluster():
    pytest.importorskip("distributed")
    with local_cluster() as cluster:
        yield cluster


@pytest.mark.filterwarnings("ignore")  # of distributed's own, as it is closed
@pytest.mark.parametrize("name", PIPELINES)
def test_a_cluster_builds_the_bytes_of_one(ways, alone, tmp_path, cluster, name):
    if name == "polder":
        pytest.importorskip("pyhdf")
    made = ways[name](tmp_path / "s.zarr", "--scheduler", cluster.scheduler_address)
    assert made == alone(name)
