"""`build`, `split`, `train`, `evaluate`: what does not go together is refused, losses are said."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr
from astropy.io import fits
from PIL import Image
from typer.testing import CliRunner

from nephoscope import cli
from nephoscope.samples.store import open_samples
from nephoscope.simulate.sky.writing import simulate_sky


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


def write_pictures(folder: Path, shapes: list[tuple[int, int]], cloud: float = 0.5) -> Path:
    """Blue pictures, the left share of them white, with masks of 0 and 255."""
    for number, (rows, cols) in enumerate(shapes):
        rng = np.random.default_rng(number)
        cloudy = np.broadcast_to(np.arange(cols) < cloud * cols, (rows, cols))
        colour = np.where(cloudy[..., None], 200, [60, 110, 190]) + rng.integers(
            0, 9, (rows, cols, 1)
        )
        for place, pixels in (("images", colour), ("GTmaps", 255 * cloudy)):
            (folder / place).mkdir(parents=True, exist_ok=True)
            name = f"{number:04d}_GT.png" if place == "GTmaps" else f"{number:04d}.png"
            Image.fromarray(pixels.astype(np.uint8)).save(folder / place / name)
    return folder


@pytest.fixture(scope="module")
def colour(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("colour")
    raw = write_pictures(folder / "raw", 8 * [(24, 32)])
    code, said = run("build", "sky-colour", raw, "-o", folder / "s.zarr")
    assert code == 0, said
    assert "8 samples, 6,144 labelled pixels, 3,072 of them cloudy" in said
    return folder / "s.zarr"


@pytest.fixture(scope="module")
def thermal(tmp_path_factory) -> Path:
    """Folders `clear` and `cloudy`, as people sort their frames."""
    folder = tmp_path_factory.mktemp("thermal")
    for path in simulate_sky(folder / "all", scenes=24, seed=1):
        truth = path.parent.parent / "truth" / path.name.replace("_flux", "_truth")
        header = fits.getheader(truth)
        if header["CLOUDY"] and header["COVER"] < 0.05:
            continue
        place = folder / "raw" / ("cloudy" if header["CLOUDY"] else "clear")
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    code, said = run("build", "sky-state", folder / "raw", "-o", folder / "s.zarr")
    assert code == 0, said
    return folder / "s.zarr"


@pytest.mark.parametrize("model", ["mars", "sky-thermal", "sky-state"])
def test_a_model_is_not_scored_on_samples_of_another_instrument_or_kind(colour, tmp_path, model):
    code, said = run("evaluate", model, colour, "-o", tmp_path / "report")
    assert code in (1, 2)
    assert "s.zarr" in said
    assert {"mars": "the instrument skycam, model 'mars' is for marci",
            "sky-thermal": "wants one channel of counts",
            "sky-state": "task mask, wanted are those of sky_state"}[model] in said  # fmt: skip
    assert not (tmp_path / "report").exists()


def test_a_model_of_pixels_is_not_scored_on_states_and_states_have_no_baselines(thermal, tmp_path):
    code, said = run("evaluate", "sky-thermal", thermal, "-o", tmp_path / "report")
    assert code == 1
    assert "task sky_state, wanted are those of mask" in said
    code, said = run("evaluate", "sky-state", thermal, "-o", tmp_path / "r", "--no-baselines")
    assert (code, "no baselines" in said) == (2, True)


@pytest.mark.parametrize("verb", ["train", "tune"])
@pytest.mark.parametrize("recipe", ["mars", "sky-state", "sky-thermal"])
def test_a_recipe_is_not_trained_on_samples_of_another(colour, tmp_path, verb, recipe):
    code, said = run(verb, recipe, colour, "-o", tmp_path / "out")
    assert code in (1, 2), said
    assert "s.zarr" in said
    assert not (tmp_path / "out").exists()


def test_folders_clear_and_cloudy_make_parts_that_hold_both(thermal):
    store = open_samples(thermal)
    held = set(zip(store["split"].values, store["label"].values.tolist(), strict=True))
    assert held == {("train", 0), ("train", 1), ("validation", 0), ("validation", 1)}


def test_states_can_be_split(thermal, tmp_path):
    shutil.copytree(thermal, tmp_path / "s.zarr")
    code, said = run("split", tmp_path / "s.zarr", "--fractions", "2,1,1")
    assert code == 0, said
    assert "test: " in said
    store = open_samples(tmp_path / "s.zarr")
    held = set(zip(store["split"].values, store["label"].values.tolist(), strict=True))
    assert len(held) == 6
    code, said = run("split", tmp_path / "s.zarr", "--by", "block", "--buffer", 0)
    assert code == 0, said
    for words in (["--by", "day"], ["--buffer", 2], ["--by", "block", "--buffer", 99]):
        code, said = run("split", tmp_path / "s.zarr", *words)
        assert code == 2, said


def test_what_a_split_leaves_out_is_said(colour, tmp_path):
    shutil.copytree(colour, tmp_path / "s.zarr")
    words = ("split", tmp_path / "s.zarr", "--by", "block", "--fractions", "3,1,0")
    code, said = run(*words, "--buffer", 1)
    assert code == 0, said
    assert "left out by the buffer, too near another part: 1 (0005)" in said
    code, said = run(*words, "--buffer", 8)
    assert (code, "no sample is left for train" in said) == (2, True)
    assert list(open_samples(tmp_path / "s.zarr")["split"].values) == [
        *5 * ["train"], "", *2 * ["validation"],
    ]  # fmt: skip


def test_a_split_of_many_names_the_first_and_the_last(tmp_path):
    raw = write_pictures(tmp_path / "raw", 24 * [(24, 32)])
    assert run("build", "sky-colour", raw, "-o", tmp_path / "s.zarr")[0] == 0
    words = ("--by", "block", "--fractions", "3,1,0", "--buffer", 0)
    code, said = run("split", tmp_path / "s.zarr", *words)
    assert code == 0, said
    assert "train: 18 (0000 ... 0017)" in said
    assert "validation: 6 (0018 ... 0023)" in said


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ("sky-state", ["--background", "b.nc"]),
        ("sky-state", ["--choose", "3"]),
        ("sky-state", ["--seed", "3"]),
        ("sky-colour", ["--background", "b.nc"]),
        ("sky-colour", ["--seed", "3"]),
    ],
)
def test_an_option_that_a_pipeline_does_not_have_is_an_error(tmp_path, recipe, words):
    code, said = run("build", recipe, tmp_path, "-o", tmp_path / "s.zarr", *words)
    assert code == 2
    assert words[0] in said


def test_a_store_is_replaced_only_when_asked_and_anything_else_never(colour, tmp_path):
    raw, out = colour.parent / "raw", tmp_path / "s.zarr"
    shutil.copytree(colour, out)
    run("split", out, "--by", "block", "--buffer", 0)
    before = list(open_samples(out)["split"].values)
    code, said = run("build", "sky-colour", raw, "-o", out)
    assert (code, "--overwrite" in said) == (2, True)
    assert list(open_samples(out)["split"].values) == before
    assert run("build", "sky-colour", raw, "-o", out, "--overwrite")[0] == 0
    assert set(open_samples(out)["split"].values) == {""}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    code, said = run("build", "sky-colour", raw, "-o", tmp_path / "mine", "--overwrite")
    assert (code, "no samples store" in said) == (2, True)
    code, said = run("evaluate", "sky-colour", out, "-o", tmp_path / "mine", "--no-baselines")
    assert (code, "holds no report" in said) == (2, True)
    assert (tmp_path / "mine" / "thesis.txt").is_file()


SEVERAL = [(24, 32), (30, 40), (24, 32), (48, 40), (30, 24), (26, 56), (24, 32), (30, 40)]


def test_pictures_of_several_sizes_are_built_split_and_scored(tmp_path):
    raw, store = write_pictures(tmp_path / "raw", SEVERAL), tmp_path / "s.zarr"
    code, said = run("build", "sky-colour", raw, "-o", store)
    pixels = sum(rows * cols for rows, cols in SEVERAL)
    assert code == 0, said
    assert f"8 samples, {pixels:,} labelled pixels" in said
    run("split", store, "--by", "block", "--buffer", 0, "--fractions", "5,2,1")
    words = "-o", tmp_path / "r", "--split", "all"
    code, said = run("evaluate", "sky-colour", store, *words)
    assert code == 0, said
    scores = json.loads((tmp_path / "r" / "scores.json").read_text())
    assert scores["metrics"]["f1"]["n"] == pixels
    assert {"Otsu", "blue-red", "blue-red-hybrid"} <= scores["baselines"].keys()
    # White on blue: the formulas see all of it, and nothing of what fills the arrays.
    assert scores["baselines"]["blue-red"]["metrics"]["accuracy"]["value"] == 1


def test_evaluation_of_one_class_says_what_is_undefined(colour, tmp_path):
    shutil.copytree(colour, tmp_path / "s.zarr")
    labels = zarr.open_group(tmp_path / "s.zarr", mode="r+", use_consolidated=False)["label"]
    labels[:] = np.zeros(labels.shape, np.int8)
    run("split", tmp_path / "s.zarr", "--by", "block", "--buffer", 0)
    code, said = run("evaluate", "sky-colour", tmp_path / "s.zarr", "-o", tmp_path / "r")
    assert code == 0, said
    assert "no baselines: every label is clear" in said
    assert "auc undefined" in said
    assert "auc" in (tmp_path / "r" / "report.md").read_text().lower()
