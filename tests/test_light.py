"""What needs no torch runs where there is none; what needs it says what to install, and stops.

The verbs run in an interpreter that refuses to import the packages of all extras, as do the
processes that it starts.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

import nephoscope
from nephoscope import extras
from nephoscope.errors import InputError
from nephoscope.extras import PACKAGES, extra_of
from nephoscope.files import sha256_of
from nephoscope.models import list_models, verify_model
from nephoscope.models.lookup import zoo

needs_mars = pytest.mark.skipif("mars" not in list_models(), reason="no model `mars` is shipped")
PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
REFUSE = f"""
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {sum(PACKAGES.values(), ())!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Refuse())
"""
RUN = """
import json, sys
from typer.testing import CliRunner
from nephoscope.cli import app

if __name__ == "__main__":
    found = []
    for words in json.load(sys.stdin):
        result = CliRunner().invoke(app, words)
        error = result.exception if isinstance(result.exception, Exception) else None
        found.append((result.exit_code, result.stderr, repr(error)))
    json.dump(found, sys.stdout)
"""
IMPORT = """
import pkgutil, sys
from importlib import import_module
import nephoscope
for module in pkgutil.walk_packages(nephoscope.__path__, "nephoscope."):
    if not module.name.startswith(NEED_AN_EXTRA):
        import_module(module.name)
"""
NEED_AN_EXTRA = (
    "nephoscope.satpy_reader",  # what the extra `satellites` installs
    "nephoscope.__main__",  # runs
    "nephoscope.instruments.cloudsat.hdf4_process",  # runs by itself, where there is pyhdf
    "nephoscope.archives.http",  # and below: what the extra `fetch` installs
    "nephoscope.archives.sftp",
    "nephoscope.learn.",
    "nephoscope.networks.",
    "nephoscope.models.export",
    "nephoscope.models.normalised",
    "nephoscope.samples.crops",
    "nephoscope.samples.pool",
    "nephoscope.samples.warp",
    "nephoscope.samples.whole",
)
WORKS = [
    "simulate mars -o maps --scenes 1 --flavour label",
    "simulate sky -o thermal --scenes 6 --flavour night",
    "simulate sky -o colour --scenes 3 --flavour colour",
    "background sky thermal/frames -o clear.nc",
    "predict mars maps -o masks --bbox -60,-20,60,20",
    "plot masks -o pictures",
    "build mars maps -o mars.zarr",
    "split mars.zarr --fractions 1,0,0",
    "evaluate mars mars.zarr -o report --no-baselines",
    "predict sky thermal/frames -o sky",
    "predict sky colour/images -o sky-colour --workers 1",
    "predict sky-state thermal/frames -o state --no-picture --workers 1",
    "predict sky-thermal thermal/frames -o mask --no-picture --workers 1",
    "predict sky-colour colour/images -o colour-mask --no-picture --workers 1",
    "build sky-colour colour -o colour.zarr",
    "bin thermal/frames -o small",
    "inspect maps",
    "doctor",
    "models list",
    "models show sky-state",
    "models verify",
    "models export sky-state -o exported",
]
NEED = {
    "train mars mars.zarr -o run": "train needs torch: pip install 'nephoscope[train]'",
    "train sky-state none.zarr -o run": "train needs torch: pip install 'nephoscope[train]'",
    "tune mars mars.zarr -o study": "tune needs torch: pip install 'nephoscope[tune]'",
    "simulate seviri --size 48 -o seviri": (
        "simulate seviri needs satpy: pip install 'nephoscope[satellites]'"
    ),
    "simulate polder --size 24 -o polder": (
        "simulate polder needs satpy: pip install 'nephoscope[satellites]'"
    ),
    "demo polder -o polder-demo": ("demo polder needs satpy: pip install 'nephoscope[satellites]'"),
    "fetch url http://127.0.0.1:9/f -o got": (
        "fetch needs urllib3: pip install 'nephoscope[fetch]'"
    ),
    "evaluate mars mars.zarr -o scores": (
        "the baselines need sklearn: pip install 'nephoscope[train]', or --no-baselines"
    ),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, tuple[int, str, str]]]:
    """The folder that the verbs ran in, and of each its exit code, stderr and exception."""
    place, commands = tmp_path_factory.mktemp("light"), [*WORKS, *NEED]
    results = run_refusing(place, RUN, json.dumps([command.split() for command in commands]))
    return place, dict(zip(commands, map(tuple, json.loads(results)), strict=True))


def run_refusing(place: Path, script: str, given: str = "") -> str:
    """What a script prints in an interpreter without torch, in the folder `place`."""
    refusing = place / "refusing"
    refusing.mkdir()
    (refusing / "sitecustomize.py").write_text(REFUSE)
    (refusing / "script.py").write_text(script)
    source = Path(nephoscope.__file__).parents[1]
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, str(refusing / "script.py")],
        input=given,
        capture_output=True,
        text=True,
        cwd=place,
        env={**os.environ, "PYTHONPATH": f"{refusing}{os.pathsep}{source}"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_only_some_rooms_import_what_an_extra_installs(tmp_path):
    run_refusing(tmp_path, IMPORT.replace("NEED_AN_EXTRA", repr(NEED_AN_EXTRA)))


@pytest.mark.parametrize("command", WORKS)
def test_it_runs_without_torch(ran, command):
    code, stderr, error = ran[1][command]
    assert (code, error) == (0, "None"), stderr


@pytest.mark.parametrize(("command", "said"), NEED.items())
def test_what_needs_an_extra_says_which_before_it_does_anything(ran, command, said):
    place, results = ran
    assert results[command][:2] == (1, f"nephoscope: {said}\n")
    assert not (place / command.split()[-1]).exists()


@needs_mars
@pytest.mark.parametrize("damage", ["not a network", "a network of other inputs"])
def test_without_torch_a_compiled_network_that_does_not_run_is_found(tmp_path, monkeypatch, damage):
    folder = tmp_path / "mars"
    shutil.copytree(zoo() / "mars", folder)
    network = folder / "network.onnx"
    other = (zoo() / "sky-colour" / network.name).read_bytes()
    network.write_bytes(b"no" if damage == "not a network" else other)
    facts = yaml.safe_load((folder / "model.yaml").read_text())
    facts["sha256"][network.name] = sha256_of(network)
    (folder / "model.yaml").write_text(yaml.safe_dump(facts, sort_keys=False))
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"network.onnx: cannot be (loaded|run)"):
        verify_model(folder)


def test_torch_comes_with_no_part_of_the_core():
    for requirement in PROJECT["dependencies"]:
        assert extra_of(name_of(requirement)) is None, requirement


@pytest.mark.parametrize("extra", PACKAGES)
def test_the_table_of_an_extra_is_that_of_the_package(extra):
    imported: dict[str, set[str]] = {}
    for package, distributions in packages_distributions().items():
        for name in distributions:
            imported.setdefault(name.lower(), set()).add(package)
    listed = [name_of(each) for each in PROJECT["optional-dependencies"][extra]]
    names = [name for name in listed if name != "nephoscope"]
    assert len(names) == len(PACKAGES[extra])
    for name in names:
        assert imported.get(name.lower(), {name}) & set(PACKAGES[extra]), name


def test_the_extra_all_holds_every_other():
    (everything,) = PROJECT["optional-dependencies"]["all"]
    extras = set(re.findall(r"\w+", everything.partition("[")[2]))
    assert extras == set(PROJECT["optional-dependencies"]) - {"all", "dev", "docs"}


def name_of(requirement: str) -> str:
    """The project that a requirement names."""
    return re.split(r"[\[>=<]", requirement)[0]
