"""Odd names, links, tools' folders and two runs at once: nothing lost, nothing counted twice."""

import csv
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from nephoscope.apply import sinks
from nephoscope.apply.journal import Journals
from nephoscope.apply.sinks import write_tables
from nephoscope.cli import app
from nephoscope.errors import shown
from nephoscope.files import locked

sys.path.insert(0, str(Path(__file__).parent))
from sky_runs import chain_of, plan_frames, predict_sky

FORMULA = chain_of("zscale-log-otsu", picture=False)
ODD = {
    "240 characters": b"n" * 235 + b".fits",
    "255 characters": b"n" * 250 + b".fits",
    "not utf-8": b"n\xff\xfe.fits",
    "line break": b"n\r\nframe.fits",
    "40 apostrophes": b"'" * 40 + b".fits",
    "brackets": b"[red]n[bold]].fits",
    "umlauts": "Wölkchen-雲.fits".encode(),
    "blanks": b" n  .fits",
    "quotes": b'a",b.fits',
    "percent": b"%s{}$(x)\\n.fits",
}


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_frames_of_any_name_are_done_and_a_second_run_does_nothing(frames, tmp_path, workers):
    raw, out = tmp_path / "raw", tmp_path / "out"
    for name in ODD.values():
        frames.cloudy(raw / os.fsdecode(name))
    options = chain_of("zscale-log-otsu")
    summary = predict_sky([raw], out, options, workers)
    assert (summary.done, summary.failed, summary.others) == (len(ODD), [], [])
    assert predict_sky([raw], out, options, workers).skipped == len(ODD)
    assert {row["file"] for row in rows(out / "frames.csv")} == {
        shown(os.fsdecode(name)) for name in ODD.values()
    }
    products = list(out.glob("*.fits"))
    assert len(products) == len(list(out.glob("*.png"))) == len(ODD)
    for path in products:
        with fits.open(path, checksum=True) as units:
            units.verify("exception")
    assert not list(out.glob(".*"))


names = st.binary(min_size=1, max_size=250).filter(
    lambda name: not set(name) & {0, 47} and not name.startswith((b".", b"#", b"@"))
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(names, min_size=1, max_size=3))
def test_frames_with_any_bytes_in_their_names_are_done(frames, tmp_path, stems):
    raw, out = tmp_path / "raw", tmp_path / "out"
    for folder in (raw, out):
        shutil.rmtree(folder, ignore_errors=True)
    for stem in stems:
        frames.clear(raw / os.fsdecode(stem + b".fits"))
    said = []
    summary = predict_sky([raw], out, FORMULA, on_event=said.append)
    assert summary.done + sum(map(len, plan_remarks(raw, out))) == len(stems)
    assert summary.failed == []
    assert len(rows(out / "frames.csv")) == summary.done


def plan_remarks(raw, out):
    """Names that hold the word keogram, say, are left out on purpose."""
    from nephoscope.folders import LeftOut

    left_out = LeftOut()
    plan_frames([raw], out, left_out)
    return left_out.kinds.values()


@pytest.fixture
def odd_tree(frames, tmp_path):
    raw = tmp_path / "raw"
    frames.cloudy(raw / "a.fits")
    frames.cloudy(tmp_path / "elsewhere" / "b.fits", 1)
    (raw / "off").symlink_to(tmp_path / "elsewhere")
    (raw / "loop").symlink_to(raw)
    (raw / "gone.fits").symlink_to(raw / "nothing")
    frames.colour(raw / "thumbnails" / "a.png")
    frames.colour(raw / "@eaDir" / "a.fits" / "SYNOPHOTO_THUMB_M.png")
    frames.cloudy(raw / ".snapshot" / "hourly" / "a.fits")
    (raw / "Thumbs.db").write_bytes(b"x")
    return raw


def test_a_tree_of_links_and_tools(odd_tree, tmp_path):
    words = ["predict", "zscale-log-otsu", str(odd_tree), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*words, "--workers", "1"])
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"failed: {odd_tree / 'gone.fits'}: cannot be read: No such file or directory "
        "(mend the link or remove it)",
        "left out: 1 pictures and films derived from frames, e.g. "
        f"{odd_tree / 'thumbnails' / 'a.png'}",
    ]
    assert "2 done, 0 skipped (already there), 1 failed" in result.stdout
    table = rows(tmp_path / "out" / "frames.csv")
    assert [row["file"] for row in table] == ["a.fits", "off/b.fits"]
    assert (tmp_path / "out" / "off" / "b.fits").is_file()


@pytest.mark.parametrize("verb", ["bin", "background"])
def test_other_verbs_name_what_cannot_be_read_and_do_the_rest(frames, odd_tree, tmp_path, verb):
    frames.clear(odd_tree / "a.fits")
    for seed in range(5):
        frames.clear(odd_tree / f"{seed}.fits", seed)
    frames.clear(tmp_path / "elsewhere" / "b.fits", 9)
    (odd_tree / "again.fits").symlink_to(odd_tree / "a.fits")
    first = ["bin", "--shape", "64,80"] if verb == "bin" else ["background", "sky"]
    words = [*first, str(odd_tree), str(odd_tree / "a.fits"), "-o", str(tmp_path / "made")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    assert result.stderr.count("failed:") == 1, result.stderr
    assert "gone.fits: cannot be read" in result.stderr
    assert ("7 of 8 frames" if verb == "bin" else "7 scenes") in result.stdout


def test_bin_refuses_two_inputs_for_one_output_before_it_writes(frames, tmp_path):
    for night in ("night1", "night2"):
        frames.clear(tmp_path / night / "image0001.fits")
    words = ["bin", str(tmp_path / "night1"), str(tmp_path / "night2"), "--shape", "64,80"]
    result = CliRunner().invoke(app, [*words, "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "would both become image0001_binned.fits" in result.stderr
    assert not (tmp_path / "out").exists()
    above = CliRunner().invoke(app, ["bin", str(tmp_path), *words[3:], "-o", str(tmp_path / "out")])
    assert above.exit_code == 0
    made = sorted((tmp_path / "out").rglob("*.fits"))
    assert [path.parent.name for path in made] == ["night1", "night2"]


def test_bin_keeps_both_of_one_stem(frames, tmp_path):
    frames.clear(tmp_path / "raw" / "a.fits")
    shutil.copy(tmp_path / "raw" / "a.fits", tmp_path / "raw" / "a.fit")
    words = ["bin", str(tmp_path / "raw"), "-o", str(tmp_path / "out"), "--shape", "64,80"]
    assert CliRunner().invoke(app, words).exit_code == 0
    made = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert made == ["a.fits_binned.fits", "a_binned.fits"]


def test_products_beside_frames_are_never_judged(small_zoo, frames, tmp_path):
    frames.cloudy(tmp_path / "raw" / "a.fits")
    frames.colour(tmp_path / "raw" / "b.png")
    predict_sky([tmp_path / "raw"], tmp_path / "raw" / "first", chain_of())
    shutil.copy(tmp_path / "raw" / "first" / "a.png", tmp_path / "raw" / "moved.png")
    summary = predict_sky([tmp_path / "raw"], tmp_path / "second", chain_of())
    assert (summary.done, summary.failed, summary.others) == (2, [], [])
    (remark,) = summary.remarks
    assert "8 products of an earlier run" in remark
    table = rows(tmp_path / "second" / "frames.csv")
    assert [row["file"] for row in table] == ["a.fits", "b.png"]


def test_a_product_is_made_again_if_another_run_replaced_it(frames, tmp_path):
    frames.cloudy(tmp_path / "raw" / "a.fits")
    out, first, second = tmp_path / "out", FORMULA, chain_of("otsu", picture=False)
    predict_sky([tmp_path / "raw"], out, first)
    whole = (out / "a.fits").read_bytes()
    predict_sky([tmp_path / "raw"], out, second)
    assert (out / "a.fits").read_bytes() != whole
    assert predict_sky([tmp_path / "raw"], out, first).done == 1
    assert (out / "a.fits").read_bytes() == whole


def test_the_folder_of_products_may_be_moved_and_named_in_another_way(
    frames, tmp_path, monkeypatch
):
    frames.cloudy(tmp_path / "raw" / "a.fits")
    predict_sky([tmp_path / "raw"], tmp_path / "out", FORMULA)
    (tmp_path / "out").rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    assert predict_sky(["raw"], "moved", FORMULA).skipped == 1
    frames.cloudy(tmp_path / "raw" / "b.fits")
    assert predict_sky([tmp_path / "raw"], "moved", FORMULA).skipped == 1
    assert [row["file"] for row in rows(tmp_path / "moved" / "frames.csv")] == ["a.fits", "b.fits"]


def test_parts_that_end_together_leave_a_whole_table(frames, tmp_path, monkeypatch):
    """One part has read the journals when the other ends: its table must not come last."""
    for seed in range(2):
        frames.cloudy(tmp_path / "raw" / f"{seed}.fits", seed)
    out = tmp_path / "out"
    predict_sky([tmp_path / "raw"], out, FORMULA, part=(1, 2))
    write, has_read, other_came = sinks.write_table, threading.Event(), threading.Event()

    def slowly(path, columns, table):
        table = list(table)
        has_read.set()
        other_came.wait()
        time.sleep(0.5)  # without a lock the other writes meanwhile
        write(path, columns, table)

    def announced(path):
        other_came.set()
        return locked(path)

    monkeypatch.setattr(sinks, "write_table", slowly)
    slow = threading.Thread(target=write_tables, args=(out,), daemon=True)
    slow.start()
    assert has_read.wait(60)
    monkeypatch.setattr(sinks, "write_table", write)
    monkeypatch.setattr(sinks, "locked", announced)
    predict_sky([tmp_path / "raw"], out, FORMULA, part=(2, 2))
    slow.join(60)
    assert [row["file"] for row in rows(out / "frames.csv")] == ["0.fits", "1.fits"]


def test_journals_say_last_what_was_written_last(frames, tmp_path):
    frames.cloudy(tmp_path / "raw" / "a.fits")
    (job,) = plan_frames([tmp_path / "raw"], tmp_path / "out")
    parts = [Journals(tmp_path / "out", (index, 2)) for index in (2, 1)]
    for number, part in enumerate(parts):
        part.record(f"key {number}", job)
        part.close()
    assert Journals(tmp_path / "out", (1, 1)).has("key 1", job)
    assert not Journals(tmp_path / "out", (1, 1)).has("key 0", job)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_a_console_of_another_encoding_ends_no_run(frames, tmp_path, encoding):
    for name in ("not utf-8", "umlauts", "line break"):
        frames.cloudy(tmp_path / "raw" / os.fsdecode(ODD[name]))
    (tmp_path / "raw" / "雲.fits").write_bytes(b"")
    words = ["-m", "nephoscope", "predict", "otsu", str(tmp_path / "raw"), "-o",
             str(tmp_path / "out ü雲"), "--workers", "1", "--no-picture", "-v"]  # fmt: skip
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, *words],
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode == 1
    assert done.stdout.count(b"\n") == 4
    assert b"3 done, 0 skipped (already there), 1 failed" in done.stdout
    assert done.stderr.count(b"failed: ") == 1


def test_the_table_of_a_camera_with_odd_names_chooses_clear_frames(small_zoo, frames, tmp_path):
    for number in range(6):
        frames.clear(tmp_path / "raw" / os.fsdecode(b"\xff%d\n.fits" % number), number)
    predict_sky([tmp_path / "raw"], tmp_path / "out", chain_of(picture=False))
    words = ["background", "sky", str(tmp_path / "raw"), "-o", str(tmp_path / "clear.nc")]
    made = CliRunner().invoke(app, [*words, "--clear-in", str(tmp_path / "out")])
    assert made.exit_code == 0, made.output
    assert "6 scenes" in made.stdout


def test_the_original_name_in_a_product_fits_its_card(frames, tmp_path):
    predict_sky([frames.clear(tmp_path / ("'" * 40 + ".fits"))], tmp_path / "out", FORMULA)
    (path,) = (tmp_path / "out").glob("*.fits")
    name = fits.getheader(path)["ORIGFILE"]
    assert name.endswith("''''.fits")
    assert np.isin(list(name[:-5]), ["'"]).all()
