"""A folder of frames: all good ones are done, each bad one is named, and a kill loses nothing."""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.errors import InputError, UsageError
from nephoscope.products.frames import BLOB_COLUMNS, FRAME_COLUMNS

sys.path.insert(0, str(Path(__file__).parent))
from sky_runs import chain_of, predict_sky

FORMULA = chain_of("zscale-log-otsu")


def run(*words):
    result = CliRunner().invoke(app, ["predict", *map(str, words)])
    return result.exit_code, result.stdout, result.stderr


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.fixture
def night(frames, tmp_path):
    frames.clear(tmp_path / "night" / "a.fits", 0)
    frames.cloudy(tmp_path / "night" / "b.fits", 1)
    frames.colour(tmp_path / "night" / "day" / "c.png")
    return tmp_path / "night"


def test_a_folder_becomes_products_pictures_and_tables(small_zoo, night, tmp_path):
    out = tmp_path / "out"
    code, said, errors = run("sky", night, "-o", out, "--workers", "1")
    assert (code, errors) == (0, "")
    assert "3 done, 0 skipped" in said
    found = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert found == ["a.fits", "a.png", "b.fits", "b.png", "blobs.csv", "day/c.fits", "day/c.png",
                     "frames.csv", "predict-journal.jsonl"]  # fmt: skip
    table = rows(out / "frames.csv")
    assert tuple(table[0]) == FRAME_COLUMNS
    assert [row["file"] for row in table] == ["a.fits", "b.fits", "day/c.png"]
    assert [row["state"] for row in table][:2] == ["clear", "cloudy"]
    assert table[0]["time"] == "2023-01-24T20:18:53.000000"
    blobs = rows(out / "blobs.csv")
    assert tuple(blobs[0]) == BLOB_COLUMNS
    for row in table:
        assert sum(blob["file"] == row["file"] for blob in blobs) == int(row["blobs"])


@pytest.mark.parametrize("name", ["a.fits", "b.fits", "day/c.fits"])
def test_every_fits_is_valid_and_says_what_the_table_says(small_zoo, night, tmp_path, name):
    predict_sky([night], tmp_path / "out", chain_of())
    with fits.open(tmp_path / "out" / name, checksum=True) as units:
        units.verify("exception")
        assert [unit.name for unit in units] == ["PRIMARY", "IMAGE", "MASK", "PROBABILITY"]
        header, mask = units[0].header, units["MASK"].data
        likely = units["PROBABILITY"].data
        np.testing.assert_array_equal(mask == 255, np.isnan(likely))
        np.testing.assert_array_equal(mask == 1, likely >= np.float32(header["THRESH"]))
        (row,) = [r for r in rows(tmp_path / "out" / "frames.csv") if r["file"][:-4] == name[:-5]
                  or r["file"] == name]  # fmt: skip
        assert header["SKYSTATE"] == row["state"]
        assert float(row["cloud_fraction"]) == pytest.approx((mask == 1).mean(), abs=1e-4)
        assert header["ORIGFILE"] == row["file"].split("/")[-1]
        assert len(header["MASKSHA"]) == 64


def spoil(frames, folder):
    """Everything that can be wrong with a frame; name → what must be said of it."""
    good = frames.counts(5, 60.0)
    whole = frames.cloudy(folder / "half.fits", 3).read_bytes()
    (folder / "half.fits").write_bytes(whole[:20000])
    (folder / "empty.fits").touch()
    fits.HDUList([fits.PrimaryHDU()]).writeto(folder / "no_image.fits")
    frames.write(folder / "bytes.fits", (good // 8).astype(np.uint8))
    frames.write(folder / "long.fits", good.astype(np.int32) * 100)
    frames.write(folder / "deep.fits", good + np.int16(16000))
    holed = good.astype(np.float32)
    holed[40:42] = np.nan
    frames.write(folder / "rows.fits", holed)
    frames.write(folder / "all_nan.fits", np.full_like(holed, np.nan))
    frames.write(folder / "size.fits", good[:100])
    bright = good.copy()
    bright[:30] = 16383
    frames.write(folder / "bright.fits", bright)
    picture = frames.colour(folder / "cut.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(picture[: len(picture) // 2])
    again = "(the camera may still be writing it"
    return {
        "half.fits": f"[image]: is 23840 bytes shorter than its header says {again}",
        "empty.fits": f"[image]: is empty (0 bytes) {again}",
        "no_image.fits": "[image]: holds no image",
        "bytes.fits": "[BITPIX]: has 8-bit integers, not the counts",
        "long.fits": "[BITPIX]: has counts",
        "deep.fits": "[bit depth]: has counts",
        "rows.fits": "[image]: holds no number in 2 rows, the first of them 40",
        "all_nan.fits": "[image]: holds no valid pixel",
        "size.fits": "[image]: is 100 x 160 pixels, not 512 x 640 or blocks of it",
        "bright.fits": "[image]: is saturated: 23.4% of the pixels",
        "cut.jpg": "[image]: is cut short (it may still be being written",
    }


@pytest.mark.filterwarnings("error")
def test_each_bad_frame_is_named_with_its_field_and_nothing_else_is_lost(
    small_zoo, frames, night, tmp_path
):
    wrong = spoil(frames, night)
    (night / "notes.txt").write_text("the dome was closed")
    code, said, errors = run("sky", night, "-o", tmp_path / "out", "--workers", "1")
    assert code == 1
    for name, problem in wrong.items():
        (line,) = [line for line in errors.splitlines() if f"/{name} " in line]
        assert line.startswith(f"failed: {night / name} {problem}"), line
    assert f"left out: {night / 'notes.txt'}: is no frame" in errors
    assert f"3 done, 0 skipped (already there), {len(wrong)} failed, 1 left out (no frame)" in said
    table = rows(tmp_path / "out" / "frames.csv")
    assert [row["file"] for row in table] == ["a.fits", "b.fits", "day/c.png"]
    assert "Traceback" not in errors


def test_what_is_no_frame_fails_no_run_and_is_counted(small_zoo, night, tmp_path):
    (night / "simulation.json").write_text("{}")  # the simulator's own is at home here
    code, said, _ = run("sky", night, "-o", tmp_path / "out", "--workers", "1")
    assert (code, said.splitlines()[-1]) == (
        0, f"3 done, 0 skipped (already there), 0 failed: {tmp_path / 'out'}"
    )  # fmt: skip
    (night / "README.txt").write_text("x")
    (night / "log.csv").write_text("time,state")
    (night / "paper.pdf").write_bytes(b"%PDF-1.7")
    code, said, errors = run("sky", night, "-o", tmp_path / "out", "--workers", "1")
    assert code == 0
    assert "0 done, 3 skipped (already there), 0 failed, 3 left out (no frame): " in said
    assert errors.count(": is no frame") == 3


@pytest.mark.parametrize("form", ["TIFF", "BMP", "WEBP"])
def test_a_picture_that_cannot_be_read_fails_the_run(small_zoo, night, tmp_path, form):
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(night / "other", form)
    code, said, errors = run("sky", night, "-o", tmp_path / "out", "--workers", "1")
    assert code == 1
    assert "3 done, 0 skipped (already there), 1 failed: " in said
    assert f"failed: {night / 'other'}: is a picture in a form that is not read (frames" in errors
    assert run("sky", night / "other", "-o", tmp_path / "one", "--workers", "1")[0] == 1


def test_a_second_run_does_nothing_and_changes_are_done_again(frames, night, tmp_path):
    out, inputs = tmp_path / "out", [night / "a.fits", night / "b.fits"]
    assert predict_sky(inputs, out, FORMULA).done == 2
    before = (out / "frames.csv").read_text()
    again = predict_sky(inputs, out, FORMULA)
    assert (again.done, again.skipped) == (0, 2)
    assert (out / "frames.csv").read_text() == before
    frames.cloudy(night / "a.fits", 7)
    os.utime(night / "a.fits", ns=(1, 1))
    (out / "b.fits").unlink()
    assert predict_sky(inputs, out, FORMULA).done == 2
    whole = (out / "b.fits").read_bytes()
    (out / "b.fits").write_bytes(whole[:3000])  # cut by a full disk, or while it was copied
    assert predict_sky(inputs, out, FORMULA).done == 1
    assert len((out / "b.fits").read_bytes()) == len(whole)
    other = chain_of("otsu")
    assert predict_sky(inputs, out, other).done == 2
    assert [row["file"] for row in rows(out / "frames.csv")] == ["a.fits", "b.fits"]


def test_tables_keep_frames_of_earlier_runs(night, tmp_path):
    out = tmp_path / "out"
    predict_sky([night / "a.fits"], out, FORMULA)
    predict_sky([night / "b.fits"], out, FORMULA)
    assert [row["file"] for row in rows(out / "frames.csv")] == ["a.fits", "b.fits"]


def test_processes_and_parts_make_the_same_tables(frames, tmp_path):
    for seed in range(5):
        frames.cloudy(tmp_path / "raw" / f"{seed}.fits", seed)
    predict_sky([tmp_path / "raw"], tmp_path / "one", FORMULA)
    predict_sky([tmp_path / "raw"], tmp_path / "two", FORMULA, workers=2)
    for index in (1, 2):
        predict_sky([tmp_path / "raw"], tmp_path / "parts", FORMULA, part=(index, 2))
    for name in ("frames.csv", "blobs.csv"):
        expected = (tmp_path / "one" / name).read_bytes()
        assert (tmp_path / "two" / name).read_bytes() == expected
        assert (tmp_path / "parts" / name).read_bytes() == expected


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_stopped(frames, tmp_path):
    for seed in range(40):
        frames.cloudy(tmp_path / "raw" / f"{seed:02d}.fits", seed)
    words = [sys.executable, "-m", "nephoscope", "predict", "zscale-log-otsu", tmp_path / "raw",
             "-o", tmp_path / "out", "--workers", "2"]  # fmt: skip
    with subprocess.Popen(  # noqa: S603 - our own command
        list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        for _ in range(5):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.stdout.read()  # ends once the workers, who share it, have seen that and are gone
    summary = predict_sky([tmp_path / "raw"], tmp_path / "out", FORMULA)
    assert summary.skipped >= 5
    assert summary.done + summary.skipped == 40
    assert not list((tmp_path / "out").glob(".*"))
    predict_sky([tmp_path / "raw"], tmp_path / "whole", FORMULA)
    for name in ("frames.csv", "blobs.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_picture_beside_its_fits_keeps_its_whole_name(small_zoo, frames, tmp_path):
    frames.cloudy(tmp_path / "raw" / "a.fits")
    frames.colour(tmp_path / "raw" / "a.png")
    predict_sky([tmp_path / "raw"], tmp_path / "out", chain_of())
    assert {path.name for path in (tmp_path / "out").glob("*.fits")} == {"a.fits", "a.png.fits"}
    assert (tmp_path / "out" / "a.png.png").is_file()


def test_products_are_no_inputs_and_never_replace_them(frames, tmp_path):
    frames.cloudy(tmp_path / "raw" / "a.fits")
    predict_sky([tmp_path / "raw"], tmp_path / "raw" / "out", FORMULA)
    again = predict_sky([tmp_path / "raw"], tmp_path / "raw" / "out", FORMULA)
    assert (again.done, again.skipped) == (0, 1)
    before = (tmp_path / "raw" / "a.fits").read_bytes()
    with pytest.raises(InputError, match="lies in the folder of the products"):
        predict_sky([tmp_path / "raw"], tmp_path / "raw", FORMULA)
    assert (tmp_path / "raw" / "a.fits").read_bytes() == before


def test_two_frames_for_one_product_are_refused(frames, tmp_path):
    for folder in ("one", "two"):
        frames.cloudy(tmp_path / folder / "a.fits")
        frames.cloudy(tmp_path / folder / "b" / "a.fits")
    with pytest.raises(UsageError, match="would both become"):
        predict_sky([tmp_path / "one", tmp_path / "two"], tmp_path / "out", FORMULA)


def test_the_smallest_blob_and_no_picture(frames, tmp_path):
    frames.cloudy(tmp_path / "raw" / "a.fits")
    found = {}
    for least in (1, 400):
        out = tmp_path / f"out{least}"
        words = ("otsu", tmp_path / "raw", "-o", out, "--min-blob", least, "--no-picture")
        assert run(*words, "--workers", "1")[0] == 0
        found[least] = rows(out / "blobs.csv")
        assert not list(out.glob("*.png"))
    assert len(found[400]) < len(found[1])
    assert all(int(blob["area"]) >= 400 for blob in found[400])


def test_wrong_usage(small_zoo, night, tmp_path):
    out = ("-o", tmp_path / "out")
    assert run("sky", night, *out, "--layout", "legacy")[0] == 2
    assert run("sky", night, *out, "--bbox", "0,0,10,10")[0] == 2
    assert run("sky", night, *out, "--threshold", "2")[0] == 2
    assert run("sky", night, *out, "--background", tmp_path / "none.nc")[0] == 1
    assert run("sky-nothing", night, *out)[0] == 2
    assert not (tmp_path / "out").exists()


def test_a_clear_reference_is_fitted_and_used(small_zoo, frames, tmp_path):
    for seed in range(6):
        frames.clear(tmp_path / "clear" / f"{seed}.fits", seed)
    fits.PrimaryHDU(frames.counts(0)).writeto(tmp_path / "clear" / "other.fits")
    words = ["background", "sky", str(tmp_path / "clear"), "-o", str(tmp_path / "clear.nc")]
    made = CliRunner().invoke(app, words)
    assert made.exit_code == 1
    assert "other.fits [ambient_temperature]: is not in the header" in made.stderr
    assert f"{tmp_path / 'clear.nc'}: 6 scenes" in made.stdout
    frames.write(tmp_path / "raw" / "warm.fits", frames.counts(9, level=900), **{
        "FPA-TEMP": 5.3, "SHU-TEMP": 5.0, "AMB-TEMP": 5.1})  # fmt: skip
    words = ("sky", tmp_path / "raw", "-o", tmp_path / "out", "--workers", "1")
    assert run(*words, "--background", tmp_path / "clear.nc")[0] == 0
    (row,) = rows(tmp_path / "out" / "frames.csv")
    assert (row["state"], float(row["cloud_fraction"])) == ("cloudy", 1.0)


def test_frames_that_a_first_run_called_clear_make_the_reference(small_zoo, frames, tmp_path):
    for seed in range(6):
        frames.clear(tmp_path / "raw" / "day" / f"{seed}.fits", seed)
    frames.cloudy(tmp_path / "raw" / "day" / "x.fits", 9)
    predict_sky([tmp_path / "raw"], tmp_path / "out", chain_of())
    words = ["background", "sky", str(tmp_path / "raw"), "-o", str(tmp_path / "clear.nc")]
    made = CliRunner().invoke(app, [*words, "--clear-in", str(tmp_path / "out")])
    assert (made.exit_code, made.stderr) == (0, "")
    assert f"{tmp_path / 'clear.nc'}: 6 scenes" in made.stdout
    wrong = CliRunner().invoke(app, [*words, "--clear-in", str(tmp_path / "raw")])
    assert wrong.exit_code == 1
    assert "frames.csv: cannot be read" in wrong.stderr
