"""`build`, `split` and `train` of slots and the tracks that cross them."""

import json
import shutil

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

pytest.importorskip("satpy")
pytest.importorskip("netCDF4")

import slots_factory as factory
from nephoscope import cli
from nephoscope.samples.store import open_samples

DAYS = [factory.NOON, factory.NEXT, np.datetime64("2010-07-12T12:00")]
SMALL = ("--patch-size", 32, "--min-labels", 5)


def run(*words):
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    for seed, day in enumerate(DAYS):
        factory.write_pair(folder, day, seed)
    return folder


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "ice.yaml"
    path.write_text(yaml.safe_dump(factory.RECIPE))
    return path


@pytest.fixture(scope="module")
def store(raw, recipe, tmp_path_factory):
    out = tmp_path_factory.mktemp("with space") / "ice.zarr"
    code, said = run("build", recipe, raw / "HRSEVIRI", raw / "DARDAR", "-o", out, "-v", *SMALL)
    assert code == 0, said
    assert "cutting 3/3" in said
    assert "failed" not in said
    return out


def test_two_folders_are_as_good_as_the_one_that_holds_both(store, raw, recipe, tmp_path):
    code, said = run("build", recipe, raw, "-o", tmp_path / "one.zarr", *SMALL)
    assert code == 0, said
    ids = [open_samples(path).attrs["samples_id"] for path in (store, tmp_path / "one.zarr")]
    assert ids[0] == ids[1]
    options = open_samples(store).attrs["options"]
    assert options["--patch-size"] == 32
    assert options["--max-time-offset"] == 450
    assert options["--bounds"] == "-32,-32,32,32"


def test_a_date_range_says_what_lies_beyond_it(raw, recipe, tmp_path):
    words = ("--from", "2010-06-12", "--to", "2010-06-30")
    code, said = run("build", recipe, raw, "-o", tmp_path / "s.zarr", *SMALL, *words)
    assert code == 0, said
    assert "2 x picture beyond the dates" in said
    assert set(open_samples(tmp_path / "s.zarr")["group"].values.tolist()) == {"2010-06-12"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--min-views", 3), "has no --min-views"),
        (("--points-per-sample", 3), "has no --points-per-sample"),
        (("--points", "truth", "--parallax"), "has no --parallax"),
        (("--bounds", "1,2,3"), "write it as -32,-32,32,32"),
        (("--bounds", "9,2,3,4"), "south, west, north, east"),
        (("--leave-out", "clear,cold"), "--leave-out cold: known are clear, night"),
        (("--from", "June"), "write it as 2008-06-03"),
        (("--nadir-padding", 64), "leaves nothing of a sample"),
    ],
)
def test_options_that_do_not_go_together(words, says, raw, recipe, tmp_path):
    code, said = run("build", recipe, raw, "-o", tmp_path / "s.zarr", *words)
    assert code == 2
    assert says in said


def test_no_day_is_in_two_parts_whatever_the_seed(store, tmp_path):
    out = tmp_path / "s.zarr"
    shutil.copytree(store, out)
    for seed in range(4):
        code, said = run("split", out, "--fractions", "1,1,1", "--seed", seed)
        assert code == 0, said
        found = open_samples(out)
        days, parts = (found[name].values.tolist() for name in ("group", "split"))
        assert len(set(zip(days, parts, strict=True))) == len(set(days)) == 3
    assert (
        "cannot split by 'granule': day, group or block" in run("split", out, "--by", "granule")[1]
    )
    assert run("split", out, "--by", "block", "--fractions", "1,1,0")[0] == 0


@pytest.mark.slow
def test_a_network_learns_from_it_and_is_scored(store, recipe, tmp_path):
    pytest.importorskip("lightning")
    out = tmp_path / "s.zarr"
    shutil.copytree(store, out)
    assert run("split", out, "--fractions", "1,1,1")[0] == 0
    code, said = run("train", recipe, out, "-o", tmp_path / "run")
    assert code == 0, said
    assert "validation F1" in said
    code, said = run("evaluate", tmp_path / "run" / "model", out, "-o", tmp_path / "report")
    assert code == 0, said


def test_parts_may_be_given_by_name(store, tmp_path):
    out, parts = tmp_path / "s.zarr", tmp_path / "parts.json"
    shutil.copytree(store, out)
    days = {"train": ["2010-06-11"], "validation": ["2010-07-12"]}
    parts.write_text(json.dumps(days))
    code, said = run("split", out, "--parts", parts)
    assert code == 0, said
    found = open_samples(out)
    for part, (day,) in days.items():
        mine = found["group"].values == day
        assert set(found["split"].values[mine].tolist()) == {part}
        assert found.attrs["class_counts"][part]["samples"] == mine.sum()
    assert (found["split"].values[found["group"].values == "2010-06-12"] == "").all()
    assert found.attrs["split_rule"] == {"by": "names"}
    code, said = run("split", out, "--parts", parts, "--seed", 3)
    assert (code, "--parts: leaves nothing to --seed" in said) == (2, True)
