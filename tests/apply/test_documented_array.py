"""The script for an array of Slurm, as docs/cluster.md has it, run task by task without Slurm."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import xarray as xr

ROOT = Path(__file__).parents[2]
PARTS = 2


def documented(place: Path) -> str:
    """The script, with `place` for /data."""
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.+?)^```$", page, re.MULTILINE | re.DOTALL)
    (script,) = (block for block in blocks if "#SBATCH --array" in block)
    assert "/data/maps" in script
    return script.replace("/data/", f"{place}/")


def surroundings(tmp_path, **variables):
    """An environment in which `nephoscope` is the one that is tested."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    program = tmp_path / "bin" / "nephoscope"
    program.write_text(f'#!/bin/bash\nexec "{sys.executable}" -m nephoscope "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    source = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    same = {"SOURCE_DATE_EPOCH": "1800000000"}
    return os.environ | {"PATH": path, "PYTHONPATH": source} | same | variables


def start(tmp_path, number):
    """A task of the array."""
    script = tmp_path / "array.sh"
    script.write_text(documented(tmp_path))
    of = {"SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_TASK_COUNT": str(PARTS)}
    return subprocess.Popen(  # noqa: S603 - our own
        ["/bin/bash", script],
        env=surroundings(tmp_path, **of),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def said(tmp_path, number):
    program = start(tmp_path, number)
    told, problems = program.communicate(timeout=300)
    assert program.returncode == 0, problems
    return told


def done(out, number):
    """What the journal of a task has, line by line."""
    journal = out / f"predict-journal-{number}-of-{PARTS}.jsonl"
    lines = journal.read_text().splitlines(keepends=True) if journal.is_file() else []
    return [json.loads(line)["key"] for line in lines if line.endswith("\n")]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no bash")
def test_the_array_makes_what_one_run_makes_also_where_a_task_is_put_back(tmp_path):
    words = ["simulate", "mars", "-o", tmp_path / "sim", "-q", "--scenes", "6", "--seed", "3"]
    made = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "nephoscope", *words], env=surroundings(tmp_path), check=False
    )
    assert made.returncode == 0
    (tmp_path / "sim" / "raw").rename(tmp_path / "maps")
    out = tmp_path / "out"
    first, began = start(tmp_path, 1), time.monotonic()
    while not done(out, 1) and time.monotonic() - began < 240:
        assert first.poll() is None, first.communicate()
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    (kept,) = (out / key for key in done(out, 1))  # of three
    written = kept.stat().st_mtime_ns
    told = [said(tmp_path, number) for number in (1, 2)]
    assert [each.split(" (")[0] for each in told] == ["2 done, 1 skipped", "3 done, 0 skipped"]
    assert kept.stat().st_mtime_ns == written
    keys = done(out, 1) + done(out, 2)
    assert len(keys) == len(set(keys)) == 6

    out.rename(tmp_path / "by parts")
    whole = documented(tmp_path).replace(' --shard "$SLURM_ARRAY_TASK_ID', ' # "')
    subprocess.run(["/bin/bash", "-c", whole], env=surroundings(tmp_path), check=True)  # noqa: S603
    names = sorted(path.relative_to(out) for path in out.rglob("*.nc"))
    assert names == sorted(
        path.relative_to(tmp_path / "by parts") for path in (tmp_path / "by parts").rglob("*.nc")
    )
    assert len(names) == 7  # six maps and their background
    for name in names:  # HDF5 lays out one file in some dozen a little otherwise
        with (
            xr.open_dataset(out / name) as one,
            xr.open_dataset(tmp_path / "by parts" / name) as by,
        ):
            xr.testing.assert_identical(one, by)
