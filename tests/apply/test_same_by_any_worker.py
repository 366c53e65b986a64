"""Products of the shipped models are the same whoever makes them: a cube's bytes, maps' numbers."""

import pytest
import xarray as xr
from typer.testing import CliRunner

import slots_factory
from nephoscope import cli
from tiny_cluster import local_cluster

pytestmark = pytest.mark.slow
WORDS = {
    "mars": ("--background", "none", "--bbox", "-40,-20,40,20"),
    "seviri": ("--format", "zarr"),
}
SCENES = {"mars": 3, "seviri": 4}


@pytest.fixture(autouse=True)
def same_date(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")


def run(*words):
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert result.exit_code == 0, result.output


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    run("simulate", "mars", "-o", folder / "mars", "--scenes", 3, "--flavour", "label")
    for number in range(4):
        start = slots_factory.NOON + number * 15
        image = slots_factory.draw_image(number)
        slots_factory.write_slot(folder / "seviri", start, image)
    return folder


def products_of(name, raw, out, *how):
    """Bytes of a cube, by file; or numbers and attributes of maps, by file."""
    run("predict", name, raw / name, "-o", out, "--no-picture", *WORDS[name], *how)
    if name == "seviri":
        (cube,) = out.glob("cube_*.zarr")
        files = (path for path in cube.rglob("*") if path.is_file())
        return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}
    found = {}
    for path in out.rglob("*.nc"):
        with xr.open_dataset(path, decode_cf=False) as product:
            found[path.relative_to(out).as_posix()] = product.load()
    return found


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, each in one.items():
        if isinstance(each, bytes):
            assert each == other[name], name
        else:
            xr.testing.assert_identical(each, other[name])


@pytest.fixture(scope="module")
def alone(raw, tmp_path_factory):
    """What one process makes; each pipeline once."""
    made = {}

    def products(name):
        if name not in made:
            made[name] = products_of(name, raw, tmp_path_factory.mktemp(name), "--workers", 1)
            marks = [file for file in made[name] if "/status/c." in file]
            assert (len(made[name]) if name == "mars" else len(marks)) == SCENES[name]
        return made[name]

    return products


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("workers", [2, 4])
def test_processes_make_what_one_makes(raw, alone, tmp_path, name, workers):
    assert_same(products_of(name, raw, tmp_path / "out", "--workers", workers), alone(name))


@pytest.mark.filterwarnings("ignore")  # of distributed's own, as it is closed
def test_a_cluster_makes_what_one_process_makes(raw, alone, tmp_path):
    pytest.importorskip("distributed")
    with local_cluster() as cluster:
        for name in WORDS:
            how = ("--scheduler", cluster.scheduler_address)
            assert_same(products_of(name, raw, tmp_path / name, *how), alone(name))
