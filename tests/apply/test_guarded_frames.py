"""Frames unlike all that the colour model knows are unknown, with the reason, on every road."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from benchmarks.wrong_skies import wrong_sky
from PIL import Image
from typer.testing import CliRunner

import nephoscope
from nephoscope.cli import app
from nephoscope.errors import UsageError
from nephoscope.simulate.sky.colour import simulate_colour

sys.path.insert(0, str(Path(__file__).parent))
from sky_runs import chain_of

WRONG = ["night, stars", "night, moon", "one colour", "text, white on blue", "screenshot"]
GREY = ["lens cap", "white", "text, on grey"]


def save(path, picture):
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    picture.save(path)
    return path


@pytest.fixture
def day(tmp_path):
    return save(tmp_path / "day.png", simulate_colour(4, 1)[0])


@pytest.mark.parametrize("model", ["sky", "sky-colour"])
@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_picture_is_unknown_with_the_reason(tmp_path, model, kind):
    scene = nephoscope.open_scene(save(tmp_path / "a.png", wrong_sky(kind, 1)))
    result, facts = chain_of(model).judge(scene)
    assert result.state == "unknown"
    assert "training frames have" in result.note
    assert np.isnan(result.p_cloudy)
    assert (result.mask == -1).all()
    assert np.isnan(result.probability).all()
    assert (facts["SKYSTATE"][0], facts["MASKMOD"][0]) == ("unknown", "sky-colour")
    assert not {"PCLOUDY", "CLOUDFRC", "NBLOBS", "SKYQUAL"} & set(facts)


@pytest.mark.parametrize("kind", GREY)
def test_a_picture_without_colours_is_unknown_with_the_reason(tmp_path, kind):
    """Where all channels are the same it is no colour picture: one channel of unknown kind."""
    scene = nephoscope.open_scene(save(tmp_path / "a.png", wrong_sky(kind, 1)))
    result, _ = chain_of("sky").judge(scene)
    assert result.state == "unknown"
    assert result.note
    assert (result.mask == -1).all()


@pytest.mark.parametrize("level", [0, 2, 255])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_black_and_white_arrays_are_nan_everywhere(level, kind):
    image = np.full((3, 90, 120), level, kind)
    assert np.isnan(nephoscope.predict("sky-colour", image)).all()
    assert np.isnan(nephoscope.predict("sky", image)).all()


def test_a_good_day_is_answered_as_without_the_guard(day):
    from nephoscope.apply.network import Predictor
    from nephoscope.models import load_model

    scene = nephoscope.open_scene(day)
    result, _ = chain_of().judge(scene)
    image = scene["image"].values
    expected = Predictor(load_model("sky-colour")).predict_image(image, np.zeros(1), np.zeros(1))
    np.testing.assert_allclose(result.probability, expected, rtol=0, atol=0.0021)  # of 1/250
    assert result.state != "unknown"


def test_table_and_fits_say_why(tmp_path, day):
    save(tmp_path / "night.png", wrong_sky("night, stars", 1))
    out = tmp_path / "out"
    words = ["predict", "sky", str(tmp_path), "-o", str(out), "--workers", "1"]
    run = CliRunner().invoke(app, words)
    assert run.exit_code == 0, run.output
    with (out / "frames.csv").open(newline="") as file:
        good, night = csv.DictReader(file)
    assert good["blobs"] != ""
    assert night["state"] == "unknown"
    assert night["note"].startswith("dark frame: ")
    assert [night[name] for name in ("p_cloudy", "cloud_fraction", "blobs", "sky_quality")] == (
        [""] * 4
    )
    header = fits.getheader(out / "night.fits")
    assert header["NOTE1"].startswith("dark frame: ")
    assert "NBLOBS" not in header
    assert (out / "night.png").is_file()


def counts(path, **cards):
    """Cloud in a thermal camera's counts, with nothing in the header that says so."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:128, :160]
    waves = 60 * np.sin(x / 17 + np.cos(y / 13)) + rng.normal(0, 2, x.shape)
    fits.PrimaryHDU((3000 + waves).astype(np.int16), fits.Header(cards)).writeto(path)
    return path


def test_a_frame_is_thermal_by_the_flavour_that_is_named(tmp_path):
    path, states = counts(tmp_path / "a.fits"), {}
    common = ["predict", "sky", str(path), "--workers", "1", "--no-picture", "-o"]
    for words in ([], ["--flavour", "thermal"], ["--flavour", "grey"]):
        run = CliRunner().invoke(app, [*common, str(tmp_path / "out"), *words])
        assert run.exit_code == 0, run.output
        assert "1 done" in run.output  # another flavour is another question: nothing is skipped
        states[" ".join(words)] = fits.getheader(tmp_path / "out" / "a.fits")["SKYSTATE"]
    assert states == {"": "unknown", "--flavour thermal": "cloudy", "--flavour grey": "unknown"}
    colour = CliRunner().invoke(app, [*common, str(tmp_path / "c"), "--flavour", "colour"])
    assert colour.exit_code == 1
    assert "it is not colour" in colour.output


def test_the_flavour_is_for_frames_only_and_one_of_three(tmp_path):
    run = CliRunner().invoke(
        app, ["predict", "mars", str(tmp_path), "-o", str(tmp_path / "o"), "--flavour", "grey"]
    )
    assert run.exit_code == 2
    with pytest.raises(UsageError, match="no flavour 'infrared'"):
        chain_of(flavour="infrared")


@pytest.mark.parametrize(("side", "small"), [(120, False), (40, True)])
def test_a_thumbnail_of_a_sky_is_judged_by_the_formula(tmp_path, side, small):
    """A quarter of the training's size is judged, a twelfth would show half of the cloud."""
    sky = Image.fromarray(simulate_colour(4, 1)[0])
    thumbnail = sky.resize((side, round(side * sky.height / sky.width)))
    scene = nephoscope.open_scene(save(tmp_path / "a.png", thumbnail))
    named, _ = chain_of("sky-colour").judge(scene)
    assert (named.state == "unknown") == small
    assert ("small picture" in named.note) == small
    result, facts = chain_of().judge(scene)
    assert result.state == "cloudy"
    assert facts["MASKMOD"][0] == ("blue-red-hybrid" if small else "sky-colour")
    assert ("small picture" in result.note and "blue-red-hybrid" in result.note) == small
    if small:
        by_formula, _ = chain_of("blue-red-hybrid").judge(scene)
        np.testing.assert_array_equal(result.mask, by_formula.mask)


def test_a_thumbnail_of_a_night_stays_unknown(tmp_path):
    dark = Image.fromarray(wrong_sky("night, stars", 1)).resize((40, 40))
    result, _ = chain_of().judge(nephoscope.open_scene(save(tmp_path / "a.png", dark)))
    assert result.state == "unknown"
