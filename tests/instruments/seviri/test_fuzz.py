"""Damaged files give an error that names them, or a picture; never a crash, never a hang.

Cases run in one subprocess, so that a crash of the interpreter would be seen.
"""

import json
import shutil
import subprocess
import sys

import pytest

WORK = """
import faulthandler, json, sys, time, warnings
from pathlib import Path
import numpy as np
from nephoscope.errors import InputError
from nephoscope.instruments.seviri import read as read_slot

faulthandler.dump_traceback_later(550, exit=True)
file, whole, channel, cases, seed = sys.argv[1:]
file, whole = Path(file), Path(whole)
content = file.read_bytes()
rng = np.random.default_rng(int(seed))
count = {"read": 0, "refused": 0}
slowest = 0.0
read_slot(whole, [channel], window=(1830, 1500, 32, 16), partial=True)  # imports satpy
warnings.simplefilter("error")
for case in range(int(cases)):
    damaged = bytearray(content)
    for _ in range(int(rng.integers(1, 20))):
        # Half of the flips hit the first kilobytes, where sizes and names are.
        reach = len(damaged) if rng.random() < 0.5 else min(6000, len(damaged))
        damaged[int(rng.integers(reach))] = int(rng.integers(256))
    if rng.random() < 0.3:
        del damaged[int(rng.integers(len(damaged))):]
    file.write_bytes(damaged)
    start = time.process_time()
    try:
        scene = read_slot(whole, [channel], window=(1830, 1500, 32, 16), partial=True)
        assert scene.image.shape == (1, 32, 16)
        count["read"] += 1
    except InputError as error:
        assert error.path.startswith(str(file.parent)), error
        count["refused"] += 1
    slowest = max(slowest, time.process_time() - start)
print(json.dumps(count | {"slowest": slowest}))
"""


def run_cases(file, whole, cases, seed=0):
    run = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", WORK, str(file), str(whole), "IR_108", str(cases), str(seed)],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["read"] + found["refused"] == cases
    assert min(found["read"], found["refused"]) > 0
    assert found["slowest"] < 2  # seconds of the processor


@pytest.mark.parametrize("cases", [30, pytest.param(500, marks=pytest.mark.slow)])
def test_damaged_native_files(native, tmp_path, cases):
    file = tmp_path / native.name
    shutil.copy(native, file)
    run_cases(file, file, cases)


@pytest.mark.parametrize(
    ("part", "cases"),
    [("000004", 10), ("PRO", 10), ("EPI", 10),
       pytest.param("000004", 500, marks=pytest.mark.slow),
       pytest.param("PRO", 500, marks=pytest.mark.slow),
       pytest.param("EPI", 500, marks=pytest.mark.slow)],
)  # fmt: skip
def test_damaged_hrit_files(hrit, tmp_path, part, cases):
    folder = shutil.copytree(hrit, tmp_path / "copy")
    file = next(path for path in sorted(folder.iterdir()) if part in path.name)
    run_cases(file, folder, cases)
