"""However a run is cut, spread, killed or repeated, its products are the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from golden import facts
from golden.comparing import differences
from golden.running import here

MAPS = ("--no-picture", "--background", "none")
FRAMES = ("--no-picture", "--min-blob", 4)


def products(shop, out):
    """Facts of all that was written but journals, and the command that each product names."""
    found = facts.of_tree(shop.path(out), shop.folder)
    found = {name: each for name, each in found.items() if not name.endswith(".jsonl")}
    for product in found.values():
        if isinstance(product, dict) and "attributes" in product:
            product["attributes"].pop("history", None)
    return found


def assert_same(shop, out, other):
    assert not differences(products(shop, out), products(shop, other), same_machine=True)


@pytest.fixture(scope="module")
def maps_at_once(shop):
    assert shop.run("predict", "mars", shop.two_maps, "-o", "maps_once", *MAPS)["exit"] == 0
    return "maps_once"


@pytest.fixture(scope="module")
def frames_at_once(shop):
    words = ("predict", "sky", shop.mixed, "-o", "frames_once", *FRAMES, "--workers", 1)
    assert shop.run(*words)["exit"] == 0
    return "frames_once"


def test_maps_by_workers(shop, maps_at_once):
    said = shop.run("predict", "mars", shop.two_maps, "-o", "m2", *MAPS, "--workers", 2)
    assert said["exit"] == 0
    assert_same(shop, maps_at_once, "m2")


def test_maps_by_shards(shop, maps_at_once):
    for part in ("2/2", "1/2"):
        words = ("predict", "mars", shop.two_maps, "-o", "ms", *MAPS, "--shard", part)
        said = shop.run(*words)
        assert said["exit"] == 0
        assert said["stdout"][-1] == "1 done, 0 skipped (already there), 0 failed: ms"
    assert_same(shop, maps_at_once, "ms")


@pytest.mark.slow
def test_shards_of_maps_share_a_background(shop):
    words = ("predict", "mars", shop.maps, "--no-picture")
    assert shop.run(*words, "-o", "b1")["exit"] == 0
    for part in ("1/3", "2/3", "3/3"):
        assert shop.run(*words, "-o", "b3", "--shard", part)["exit"] == 0
    assert_same(shop, "b1", "b3")


def test_frames_by_workers(shop, frames_at_once):
    words = ("predict", "sky", shop.mixed, "-o", "f2", *FRAMES, "--workers", 2)
    assert shop.run(*words)["exit"] == 0
    assert_same(shop, frames_at_once, "f2")


def test_frames_by_shards(shop, frames_at_once):
    for part in ("2/3", "1/3", "3/3"):
        words = ("predict", "sky", shop.mixed, "-o", "fs", *FRAMES, "--workers", 1)
        assert shop.run(*words, "--shard", part)["exit"] == 0
    assert_same(shop, frames_at_once, "fs")


@pytest.mark.parametrize("model", ["mars", "sky"])
def test_a_second_run_does_nothing(shop, model, maps_at_once, frames_at_once):
    usual = {
        "mars": (shop.two_maps, "-o", maps_at_once, *MAPS),
        "sky": (shop.mixed, "-o", frames_at_once, *FRAMES, "--workers", 1),
    }
    files = [path for path in shop.path(usual[model][2]).rglob("*.*") if path.suffix != ".csv"]
    before = {path: path.stat().st_mtime_ns for path in files if path.suffix != ".jsonl"}
    said = shop.run("predict", model, *usual[model])
    number = {"mars": 2, "sky": 5}[model]
    assert said["exit"] == 0
    assert said["stdout"][-1].startswith(f"0 done, {number} skipped (already there), 0 failed")
    assert before == {path: path.stat().st_mtime_ns for path in before}


@pytest.mark.parametrize("model", ["mars", "sky"])
def test_what_was_lost_or_cut_is_made_again(shop, model, maps_at_once, frames_at_once):
    once, suffix = {"mars": (maps_at_once, ".nc"), "sky": (frames_at_once, ".fits")}[model]
    out = shop.copy(once, f"{model}_lost")
    gone, cut = sorted(shop.path(out).rglob(f"*{suffix}"))[:2]
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:4000])
    for table in shop.path(out).glob("*.csv"):
        table.unlink()
    words = {"mars": (shop.two_maps, *MAPS), "sky": (shop.mixed, *FRAMES, "--workers", 1)}[model]
    said = shop.run("predict", model, *words, "-o", out)
    assert said["exit"] == 0
    assert said["stdout"][-1].startswith("2 done, ")
    assert_same(shop, once, out)


@pytest.mark.parametrize("model", [pytest.param("mars", marks=pytest.mark.slow), "sky"])
def test_a_killed_run_goes_on_to_the_same_end(shop, model, maps_at_once, frames_at_once):
    once, suffix = {"mars": (maps_at_once, ".nc"), "sky": (frames_at_once, ".fits")}[model]
    words = {"mars": (shop.two_maps, *MAPS), "sky": (shop.mixed, *FRAMES, "--workers", 1)}[model]
    out = f"{model}_killed"
    typed = [sys.executable, "-m", "nephoscope", "predict", model, *map(str, words), "-o", out]
    with here(shop.folder):
        process = subprocess.Popen(  # noqa: S603 - our own command
            typed, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    end = time.monotonic() + 120
    while not any(shop.path(out).rglob(f"*{suffix}*")) and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert shop.run("predict", model, *words, "-o", out)["exit"] == 0
    assert_same(shop, once, out)
