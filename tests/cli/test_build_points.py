"""`build` and `split` of half orbits with tracks: options, what is said, exit codes."""

import re
import shutil

import h5py
import pytest
import yaml
from typer.testing import CliRunner

import half_orbits_factory as factory
from atcs_factory import make_folder
from nephoscope import cli
from nephoscope.samples.store import open_samples


def run(*words):
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "made.yaml"
    path.write_text(yaml.safe_dump(factory.RECIPE))
    return path


@pytest.fixture(scope="module")
def built(half_orbits, recipe, tmp_path_factory):
    out = tmp_path_factory.mktemp("with space") / "s.zarr"
    code, said = run("build", recipe, half_orbits, "-o", out, "-v", "--patch-size", 16, "--seed", 0)
    assert code == 0, said
    return out, said


def test_what_was_made_is_said(built):
    out, said = built
    store = open_samples(out)
    assert "cutting 3/3" in said
    profiles = store.sizes["point"]
    assert f"9 samples, {profiles} points with truth" in said
    assert f"in no part: 9 samples of 3 half orbits, {profiles} profiles, 100% with cloud" in said
    assert "of all bins none 11.1" in said
    options = store.attrs["options"]
    assert options["--patch-size"] == 16
    assert options["--min-labels"] == 8
    assert options["--seed"] == 0
    assert options["fields"] == ",".join(factory.FIELDS)
    assert store.attrs["fields"] == list(factory.FIELDS)


def test_half_orbits_are_split_whole_and_counted(built, tmp_path):
    out = tmp_path / "s.zarr"
    shutil.copytree(built[0], out)
    code, said = run("split", out, "--fractions", "1,1,1", "--seed", 2)
    assert code == 0
    store = open_samples(out)
    groups = dict(zip(store["group"].values.tolist(), store["split"].values.tolist(), strict=True))
    assert sorted(groups.values()) == ["test", "train", "validation"]
    assert said.count("3 samples of 1 half orbit,") == 3
    counts = store.attrs["class_counts"]
    points = store["row_size"].values
    for part, found in counts.items():
        mine = store["split"].values == part
        assert found["profiles"] == points[mine].sum()
        assert sum(found["cloud_type"]) + found["unknown"] == 125 * found["profiles"]
    assert store.attrs["split_rule"] == {"by": "granule", "fractions": [1.0, 1.0, 1.0], "seed": 2}
    code, _ = run("split", out, "--fractions", "1,1,1", "--seed", 2, "--by", "granule")
    again = open_samples(out)
    assert again["split"].values.tolist() == store["split"].values.tolist()
    drawn = set()
    for seed in range(6):
        run("split", out, "--fractions", "1,1,1", "--seed", seed)
        drawn.add(tuple(open_samples(out)["split"].values.tolist()))
    assert len(drawn) > 1


def test_blocks_of_days_are_split_whole(built, tmp_path):
    out = tmp_path / "s.zarr"
    shutil.copytree(built[0], out)
    code, said = run("split", out, "--by", "block", "--fractions", "1,1,0")
    assert code == 2
    assert "1 blocks of 3 days cannot fill 2 parts" in said
    code, _ = run("split", out, "--by", "block", "--fractions", "1,0,0")
    assert code == 0
    assert set(open_samples(out)["split"].values.tolist()) == {"train"}
    code, said = run("split", out, "--by", "day")
    assert code == 2
    assert "granule, group or block" in said


WRONG = [
    (["--choose", 3], "has no --choose"),
    (["--background", "b.nc"], "has no --background"),
    (["--points-per-sample", 9], "--points track has no --points-per-sample"),
    (["--points", "truth", "--min-labels", 9], "--points truth has no --min-labels"),
    (["--latitudes", "60,-60"], "--latitudes 60,-60"),
    (["--latitudes", "north"], "--latitudes north"),
    (["--nadir-padding", 8, "--patch-size", 16], "leaves nothing of a patch"),
    (["--fields", "I443NP,nothing"], "nothing"),
    (["--fields", "DoLP865P,I865P"], "computed from I, Q and U"),
]


@pytest.mark.parametrize(("options", "words"), WRONG, ids=lambda value: str(value)[:30])
def test_options_that_cannot_be_are_refused(half_orbits, recipe, tmp_path, options, words):
    code, said = run("build", recipe, half_orbits, "-o", tmp_path / "s.zarr", *options)
    assert code == 2, said
    assert words in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["--patch-size", "--min-views", "--samples-per-file"])
def test_recipes_of_maps_have_no_options_of_points(tmp_path, option):
    code, said = run("build", "mars", tmp_path, "-o", tmp_path / "s.zarr", option, 9)
    assert code == 2
    assert f"build mars: has no {option}" in said


def test_damaged_files_end_with_1_and_unusual_settings_are_said(half_orbits, recipe, tmp_path):
    folder = tmp_path / "raw files"
    shutil.copytree(half_orbits, folder)
    picture = factory.pictures_in(folder)[2]
    picture.write_bytes(picture.read_bytes()[:1000])
    night = next(iter(folder.rglob("*CLDCLASS*ZD.hdf")))
    shutil.copy(night, str(night).replace("ZD.hdf", "ZN.hdf"))
    out = tmp_path / "s.zarr"
    options = ["--patch-size", 16, "--min-labels", 3, "--max-time-offset", 200]
    code, said = run("build", recipe, folder, "-o", out, *options)
    assert code == 1
    assert f"failed: {picture}" in said
    assert "left out: 1 x night granule" in said
    assert "left out: 1 x file that is damaged or not whole" in said
    assert "unusual: --min-labels 3" in said
    assert "unusual: --max-time-offset 200" in said
    assert open_samples(out).attrs["skipped"] == {
        "night granule": 1, "file that is damaged or not whole": 1,
    }  # fmt: skip


def test_a_store_is_replaced_only_if_asked(built, half_orbits, recipe, tmp_path):
    out = tmp_path / "s.zarr"
    shutil.copytree(built[0], out)
    options = ["--patch-size", 16, "--seed", 4]
    code, said = run("build", recipe, half_orbits, "-o", out, *options)
    assert code == 2
    assert "holds samples" in said
    assert not out.with_name(".s.zarr.building").exists()
    code, _ = run("build", recipe, half_orbits, "-o", out, *options, "--overwrite")
    assert code == 0
    assert open_samples(out).attrs["options"]["--seed"] == 4


def test_samples_that_others_made_are_imported(recipe, tmp_path):
    made, out = make_folder(tmp_path / "atrain"), tmp_path / "s.zarr"
    code, said = run("build", recipe, tmp_path / "atrain", "-o", out, "--patch-size", 16)
    assert code == 2
    assert "no --patch-size" in said
    code, said = run("build", recipe, tmp_path / "atrain", "-o", out, "-v")
    assert code == 0, said
    assert re.search(rf"importing {len(made)}/{len(made)}", said)
    assert open_samples(out).sizes["sample"] == len(made)


def test_a_store_is_exported_where_the_output_ends_in_h5(built, recipe, tmp_path):
    out = tmp_path / "s.h5"
    code, said = run("build", recipe, built[0], "-o", out, "-v")
    assert code == 0
    assert "exporting 9/9" in said
    store = open_samples(built[0])
    with h5py.File(out) as file:
        assert sorted(file) == sorted(store["id"].values.tolist())
        for number, name in enumerate(store["id"].values.tolist()):
            assert len(file[name]["output/lat"]) == store["row_size"].values[number]
            assert file[name]["input"].shape == (16, 16, store.sizes["channel"])
    code, said = run("build", recipe, built[0], "-o", out)
    assert code == 2
    assert "--overwrite" in said
    assert run("build", recipe, built[0], "-o", out, "--overwrite")[0] == 0
    for words in (
        (built[0], "-o", tmp_path / "t.zarr"),
        (built[0], tmp_path, "-o", tmp_path / "t.h5"),
        (built[0], "-o", tmp_path / "t.h5", "--patch-size", 16),
    ):
        assert run("build", recipe, *words)[0] == 2
    assert run("build", recipe, tmp_path, "-o", tmp_path / "t.h5")[0] == 1
    assert not (tmp_path / "t.h5").exists()
