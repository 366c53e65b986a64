"""Bulk runs finish what can be done, name what cannot, and end the same however often killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from nephoscope.apply.bulk import look_ahead
from nephoscope.apply.jobs import Options
from nephoscope.errors import InputError, NephoscopeError, OutputError, UsageError

sys.path.insert(0, str(Path(__file__).parent))
import tiny_maps as tiny
from tiny_runs import ALL, make_map, maker_of, products, run, sha256_by_product


def test_the_tree_is_mirrored_into_a_folder_that_may_exist(tree, tmp_path):
    (tmp_path / "out" / "P" / "P01").mkdir(parents=True)
    events = []
    summary = run(tree, tmp_path / "out", on_event=events.append)
    assert (summary.done, summary.skipped, summary.failed, summary.left) == (6, 0, [], 0)
    assert products(tmp_path / "out") == ALL
    assert [event.number for event in events] == list(range(1, 7))
    assert [event.job.scene.id for event in events] == [Path(name).stem for name in ALL]
    assert not list((tmp_path / "out").rglob("*.part"))


def test_products_hold_paths_below_the_input_and_no_others(tree, tmp_path):
    run(tree, tmp_path / "out", command="nephoscope predict tiny raw -o out")
    for name in ALL:
        with xr.open_dataset(tmp_path / "out" / name, engine="h5netcdf") as product:
            assert product.attrs["source_path"] == name.replace(".nc", ".npy")
            assert product.attrs["source_files"] == Path(name).stem + ".npy"
            every = [*product.attrs.values(), *(v.attrs for v in product.variables.values())]
            assert not any(str(tmp_path) in str(value) for value in every)


def test_single_files_and_flat_folders_come_out_flat(tree, tmp_path):
    run([tree / "P" / "P02", tree / "P" / "P01" / "P01_day03.npy"], tmp_path / "out")
    expected = ["P01_day03.nc", "P02_day01.nc", "P02_day02.nc"]
    assert products(tmp_path / "out") == expected


def test_an_input_given_twice_is_done_once(tree, tmp_path):
    summary = run([tree, tree], tmp_path / "out")
    assert summary.done == 6


def test_two_inputs_for_one_output_are_refused(tree, tmp_path):
    make_map(tmp_path / "other" / "P" / "P01" / "P01_day01.npy", 99)
    with pytest.raises(UsageError, match="would both become"):
        run([tree, tmp_path / "other"], tmp_path / "out")


def test_a_second_run_does_nothing_and_a_changed_map_is_done_again(tree, tmp_path):
    out = tmp_path / "out"
    run(tree / "P" / "P02", out)
    before = {name: (out / name).stat().st_mtime_ns for name in products(out)}
    again = run(tree / "P" / "P02", out)
    assert (again.done, again.skipped) == (0, 2)
    assert {name: (out / name).stat().st_mtime_ns for name in products(out)} == before
    make_map(tree / "P" / "P02" / "P02_day01.npy", 77)
    again = run(tree / "P" / "P02", out)
    assert (again.done, again.skipped) == (1, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"model_sha256": "cd" * 32},
        {"options": Options(picture=False, threshold=0.7)},
        {"options": Options(picture=False, own={"bounds": "season"})},
        {"background": "none"},
    ],
)
def test_another_model_option_or_background_is_done_again(tree, tmp_path, change):
    run(tree / "P" / "P01", tmp_path / "out")
    again = run(tree / "P" / "P01", tmp_path / "out", **change)
    assert (again.done, again.skipped) == (4, 0)


def test_a_changed_table_or_a_lost_product_is_done_again(tree, tmp_path):
    folder, out = tree / "P" / "P01", tmp_path / "out"
    run(folder, out)
    (out / "P01_day02.nc").unlink()
    assert run(folder, out).done == 1
    (folder / "P01_ls.txt").write_text("P01_day01 28 133.0\n")
    assert run(folder, out).done == 4


def test_one_bad_map_is_named_and_the_others_are_done(tree, tmp_path):
    bad = tree / "P" / "P01" / "P01_day02.npy"
    bad.write_bytes(b"")
    summary = run(tree, tmp_path / "out")
    assert summary.done == 5
    [(path, message)] = summary.failed
    assert path == bad
    assert str(bad) in message
    assert "[image]" in message
    assert products(tmp_path / "out") == [name for name in ALL if "P01_day02" not in name]


def test_an_unexpected_error_is_raised(tree, tmp_path):
    def broken(view):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(tree, tmp_path / "out", network=broken)


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_full_disk_ends_the_run(tree, tmp_path, workers):
    out = tmp_path / "out"
    out.mkdir()
    (out / "P").touch()  # a file where a folder is needed: no product can be written
    summary = run(tree, out, workers=workers)
    assert summary.done == 0
    assert len(summary.failed) == 1
    assert "could not be written" in summary.failed[0][1]
    assert summary.left == 5


def test_an_output_that_is_a_file_or_in_a_file_is_refused(tree, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        run(tree, tmp_path / "file")
    with pytest.raises(OutputError, match="could not be written"):
        run(tree, tmp_path / "file" / "out")


def test_an_input_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        run(tmp_path / "nowhere", tmp_path / "out")


def test_a_series_long_enough_has_a_background_named_in_every_product(tree, tmp_path):
    out = tmp_path / "out"
    run(tree, out)
    with xr.open_dataset(out / "background_P01.nc") as background:
        sha256 = background.attrs["sha256"]
    named = sha256_by_product(out)
    assert {named[name] for name in ALL[:4]} == {sha256}
    assert {named[name] for name in ALL[4:]} == {"none"}
    assert not (out / "background_P02.nc").exists()


def test_shards_share_the_work_and_agree_on_the_background(tree, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(tree, whole)
    done = [run(tree, parts, part=(index, 4)).done for index in range(1, 5)]
    assert sum(done) == 6
    assert max(done) - min(done) <= 1
    assert sha256_by_product(parts) == sha256_by_product(whole)
    assert run(tree, parts).skipped == 6  # journals of all shards count


def test_a_limit_does_the_first_and_the_whole_run_goes_on_there(tree, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "out"
    run(tree, whole)
    assert run(tree, out, limit=2).done == 2
    assert products(out) == ALL[:2]
    ahead = look_ahead([tree], out, maker_of(None), limit=3, picture=False)
    assert len(list(ahead)) == 3
    rest = run(tree, out)
    assert (rest.done, rest.skipped) == (4, 2)
    assert sha256_by_product(out) == sha256_by_product(whole)


@pytest.mark.parametrize("part", [(0, 2), (3, 2)])
def test_a_shard_outside_the_parts_is_refused(tree, tmp_path, part):
    with pytest.raises(UsageError, match="--shard"):
        run(tree, tmp_path / "out", part=part)


def test_a_given_background_is_used_and_a_stored_one_is_used_again(tree, tmp_path):
    run(tree, tmp_path / "first")
    stored = tmp_path / "first" / "background_P01.nc"
    run(tree / "P" / "P02", tmp_path / "out", background=stored)
    with xr.open_dataset(stored) as background:
        sha256 = background.attrs["sha256"]
    assert set(sha256_by_product(tmp_path / "out").values()) == {sha256}
    before = stored.stat().st_mtime_ns
    run(tree, tmp_path / "first", Options(picture=False, threshold=0.6))
    assert stored.stat().st_mtime_ns == before
    make_map(tree / "P" / "P01" / "P01_day05.npy", 5)
    run(tree, tmp_path / "first")
    assert stored.stat().st_mtime_ns != before


def test_a_background_that_is_none_is_refused(tree, tmp_path):
    with pytest.raises(InputError, match=r"P01_day01\.npy"):
        run(tree, tmp_path / "out", background=tree / "P" / "P01" / "P01_day01.npy")


def test_bounds_and_box_blank_what_was_not_asked_for(tree, tmp_path):
    from nephoscope.instruments.marci import parse_box

    folder = tree / "P" / "P02"
    run(folder, tmp_path / "season", Options(picture=False, own={"bounds": "season"}))
    with xr.open_dataset(tmp_path / "season" / "P02_day01.nc") as product:
        seen = product["cloud_mask"].notnull().any("longitude").values
        latitude = product["latitude"].values
    # Ls 132.5, offset 3: 66.16 N to 42.27 S.
    np.testing.assert_array_equal(seen, (latitude < 66.16) & (latitude > -42.27))
    options = Options(picture=False, own={"box": parse_box("170,-20,-150,30")})
    run(folder, tmp_path / "box", options)
    with xr.open_dataset(tmp_path / "box" / "P02_day01.nc") as product:
        seen = product["cloud_mask"].notnull()
        assert set(product["longitude"].values[seen.any("latitude")]) == {
            170,
            -180,
            -170,
            -160,
            -150,
        }
        assert set(product["latitude"].values[seen.any("longitude")]) == {-20, -10, 0, 10, 20, 30}


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "0,30,10,-30", "0,-100,10,0", "0,0,nan,1"])
def test_a_box_that_makes_no_sense_is_refused(text):
    from nephoscope.instruments.marci import parse_box

    with pytest.raises(UsageError, match="--bbox"):
        parse_box(text)


def test_legacy_layout_is_the_originals_tree(tree, tmp_path):
    out = tmp_path / "out"
    run(tree, out, Options(picture=False, own={"layout": "legacy"}))
    found = sorted(path.relative_to(out).as_posix() for path in (out / "P" / "P01").rglob("*.*"))
    names = [f"P/P01/cloudmasks/cloudmask_P01_day0{day}.ncdf" for day in range(1, 5)]
    maps = [f"P/P01/mdgms/P01_day0{day}.jpg" for day in range(1, 5)]
    assert found == ["P/P01/P01_ls.txt", *names, *maps]
    source = tree / "P" / "P01" / "P01_day03.npy"
    assert (out / maps[2]).read_bytes() == source.read_bytes()


def test_a_picture_lies_beside_its_product(tree, tmp_path):
    run(tree / "P" / "P02" / "P02_day01.npy", tmp_path / "out", Options())
    assert (tmp_path / "out" / "P02_day01.png").read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def predict_verb(monkeypatch, tmp_path):
    """`nephoscope predict` with the stand-in in place of a model."""
    from nephoscope.cli import app

    monkeypatch.setattr("nephoscope.apply.bulk.maker_of", maker_of)
    return lambda *words: CliRunner().invoke(app, ["predict", "tiny", *map(str, words)])


def test_the_verb_says_what_it_did(predict_verb, tree, tmp_path):
    words = [tree, "-o", tmp_path / "out", "--no-picture"]
    first = predict_verb(*words, "-v")
    assert first.exit_code == 0, first.output
    assert "6 done, 0 skipped (already there), 0 failed" in first.stdout
    assert first.stdout.count("\n") == 7
    (tree / "P" / "P02" / "P02_day01.npy").write_bytes(b"")
    second = predict_verb(*words)
    assert second.exit_code == 1
    assert "0 done, 5 skipped (already there), 1 failed" in second.stdout
    assert "P02_day01.npy [image]: cannot be read" in second.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["--shard", "3"],
        ["--shard", "3/2"],
        ["--bbox", "1,2"],
        ["--threshold", "2"],
        ["--workers", "0"],
        ["--layout", "other"],
    ],
)
def test_the_verb_refuses_wrong_usage(predict_verb, tree, tmp_path, words):
    result = predict_verb(tree, "-o", tmp_path / "out", *words)
    assert result.exit_code == 2, result.output
    assert words[0] in result.stderr or words[0].lstrip("-") in result.stderr


@pytest.mark.slow
def test_processes_write_what_threads_write(tree, tmp_path):
    (tree / "P" / "P01" / "P01_day02.npy").write_bytes(b"")
    run(tree, tmp_path / "one")
    summary = run(tree, tmp_path / "two", workers=2)
    assert summary.done == 5
    assert len(summary.failed) == 1
    assert products(tmp_path / "one") == products(tmp_path / "two")
    for name in products(tmp_path / "one"):
        with (
            xr.open_dataset(tmp_path / "one" / name) as one,
            xr.open_dataset(tmp_path / "two" / name) as two,
        ):
            xr.testing.assert_equal(one, two)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_worker_that_dies_is_an_error(tree, tmp_path):
    with pytest.raises(NephoscopeError, match="worker process died"):
        run(tree, tmp_path / "out", workers=2, network=tiny.die)


SCRIPT = """
import sys
sys.path.insert(0, {here!r})
import tiny_runs as t
t.run({tree!r}, {out!r}, network=t.tiny.slow)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killed_and_run_again_ends_the_same(tree, tmp_path, how):
    out = tmp_path / "out"
    script = SCRIPT.format(here=str(Path(__file__).parent), tree=str(tree), out=str(out))
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", script], env=environment, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not products(out) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(how)
    process.wait(60)
    for name in products(out):
        with xr.open_dataset(out / name) as product:
            assert product["cloud_mask"].shape == (tiny.ROWS, tiny.COLS)
    summary = run(tree, out)
    assert summary.done + summary.skipped == 6
    assert summary.done > 0
    assert products(out) == ALL
    assert not list(out.rglob("*.part"))


def test_a_torn_journal_line_costs_one_map_only(tree, tmp_path):
    out = tmp_path / "out"
    run(tree, out)
    journal = out / "predict-journal.jsonl"
    journal.write_text(journal.read_text()[:-20])
    again = run(tree, out)
    assert (again.done, again.skipped) == (1, 5)
    assert all(json.loads(line) for line in journal.read_text().splitlines()[-1:])
