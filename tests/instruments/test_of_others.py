"""Instruments of other packages: found by their entry points; broken ones named, nothing lost."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"
WALK = """
import sys
from pathlib import Path
from nephoscope.errors import UsageError
from nephoscope.instruments import instrument_named, open_scene, recognise
from nephoscope.instruments.registry import IMAGERS, PROFILERS
assert "nephoscope_pair" not in sys.modules, "imported before it is asked for"
print(*IMAGERS)
print(*PROFILERS)
for file in sorted(Path(sys.argv[1]).iterdir()):
    print(recognise(file))
print(dict(open_scene(sys.argv[1] + "/pair_2030-01-01T11-00-00.npy").sizes))
for name in ("halves", "nowhere"):
    try:
        instrument_named(name)
    except UsageError as error:
        print(error)
"""


def _package(folder, name, entries, modules):
    """A package as an installer leaves it: its modules, and its metadata beside them."""
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text, encoding="utf-8")
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entries)


@pytest.fixture
def said(tmp_path):
    """What a new interpreter says that finds the packages: a good one, and four broken ones."""
    packages, files = tmp_path / "packages", tmp_path / "files"
    packages.mkdir()
    files.mkdir()
    toy = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    good = re.search(r"```toml\n *(\[[^\]]+\])\n *(.*?)\n", PAGE.read_text(encoding="utf-8"))
    assert good[1] == '[project.entry-points."nephoscope.instruments"]'
    name, module = re.fullmatch(r'(\w+) = "([\w.]+)"', good[2]).groups()
    (packages / "nephoscope_pair").mkdir()
    (packages / "nephoscope_pair" / "__init__.py").touch()
    (packages / "nephoscope_pair" / "instrument.py").write_text(toy, encoding="utf-8")
    _package(packages, "good", f"[nephoscope.instruments]\n{name} = {module}\n", {})
    entries = "[nephoscope.instruments]\nhalves = halves\nnowhere = no_such_module\n"
    _package(packages, "broken", entries, {"halves": "def find(path): return []\n"})
    fails = toy.replace("    place = Path(path)\n", "    raise ZeroDivisionError('by nought')\n", 1)
    _package(packages, "fails", "[nephoscope.instruments]\nraising = raising\n", {"raising": fails})
    taken = "[nephoscope.instruments]\nmarci = halves\n[nephoscope.profilers]\nlidar = gone\n"
    _package(packages, "taken", taken, {})

    rng = np.random.default_rng(0)
    np.save(files / "pair_2030-01-01T11-00-00.npy", rng.random((2, 4, 5)).astype(np.float32))
    from PIL import Image

    Image.new("RGB", (8, 6)).save(files / "sky.png")
    path = os.pathsep.join([str(packages), *filter(None, sys.path)])
    command = [sys.executable, "-c", WALK, str(files)]
    ran = subprocess.run(  # noqa: S603 - our own
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines(), ran.stderr.splitlines()


def test_a_package_adds_an_instrument_and_broken_ones_take_nothing_away(said):
    lines, _ = said
    assert lines[0] == "marci polder seviri halves nowhere pair raising skycam"
    assert lines[1] == "cloudsat dardar lidar"
    assert lines[2:4] == ["pair", "skycam"]
    assert lines[4] == "{'channel': 2, 'y': 4, 'x': 5}"
    assert lines[5].startswith("instrument 'halves' of another package (halves) lacks CONDITIONS")
    assert "'nowhere' of another package (no_such_module) cannot be imported" in lines[6]


def test_each_broken_one_is_named_once(said):
    errors = said[1]
    assert len(errors) == len(set(errors))
    assert sum("'halves'" in line and "left out" in line for line in errors) == 1
    assert any("'marci'" in line and "one of ours" in line for line in errors)
    assert any("'raising'" in line and "by nought" in line for line in errors)
    assert any("'nowhere'" in line and "left out" in line for line in errors)
