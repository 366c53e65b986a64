"""What `info` says of pictures, samples, models and folders, and of what is none of them."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import nephoscope
from nephoscope import cli
from nephoscope.errors import InputError
from nephoscope.models import load_model
from nephoscope.products.fits import write_frame_fits
from nephoscope.reports.contents import contents_of
from nephoscope.samples.store import open_samples


def test_a_shipped_model_and_its_folder_are_the_same():
    by_name, by_path = contents_of("mars"), contents_of(load_model("mars").folder)
    assert by_name.kind == "model"
    assert by_name.facts == by_path.facts
    assert by_name.problems == []
    assert by_name.facts["weights sha256"] == load_model("mars").weights_sha256


def test_a_model_with_a_changed_byte_is_refused(tmp_path):
    shutil.copytree(load_model("mars").folder, tmp_path / "m")
    weights = tmp_path / "m" / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(InputError, match="sha256 is not the recorded one"):
        contents_of(tmp_path / "m")


def test_samples_tell_their_parts_and_what_comes_next(tmp_path):
    for number in range(4):
        for place, colour in (("images", (90, 120, 200 - number)), ("GTmaps", (255, 255, 255))):
            (tmp_path / "raw" / place).mkdir(parents=True, exist_ok=True)
            name = f"{number:04d}{'_GT' if place == 'GTmaps' else ''}.png"
            Image.new("RGB", (32, 24), colour).save(tmp_path / "raw" / place / name)
    samples = tmp_path / "s.zarr"
    CliRunner().invoke(cli.app, ["build", "sky-colour", str(tmp_path / "raw"), "-o", str(samples)])
    found = contents_of(samples)
    assert found.kind == "samples"
    assert found.facts["samples id"] == open_samples(samples).attrs["samples_id"]
    assert found.arrays["image"].startswith("(sample 4, channel 3, y 24, x 32) uint8")
    assert found.facts["parts"] == "not split yet"
    assert found.commands[0] == f"nephoscope split {samples}"
    assert "every label is cloudy: nothing can be learned from that" in found.problems


@pytest.mark.parametrize("name", ["a folder", "plain"])
def test_a_picture_a_product_and_their_folder(name, tmp_path):
    folder = tmp_path / name
    folder.mkdir()
    picture = folder / "sky.jpg"
    Image.new("RGB", (64, 48), (90, 120, 200)).save(picture)
    found = contents_of(picture)
    assert found.kind == "picture of skycam"
    assert found.facts["channels"] == "red, green, blue"
    assert found.commands == [
        f"nephoscope predict sky {picture} -o OUT".replace(str(picture), _typed(picture))
    ]
    assert contents_of(folder).facts["skycam"].startswith("1 pictures")


def _typed(path):
    return f"'{path}'" if " " in str(path) else str(path)


def test_what_is_nothing_is_said_to_be_nothing(tmp_path):
    with pytest.raises(InputError, match="does not exist, and no shipped model"):
        contents_of(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds nothing"):
        contents_of(tmp_path)
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(InputError, match="nothing that is known"):
        contents_of(tmp_path / "notes.txt")
    (tmp_path / "cut.nc").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    with pytest.raises(InputError, match=r"cut\.nc"):
        contents_of(tmp_path / "cut.nc")


def test_the_verb_prints_each_and_fails_where_one_is_nothing(tmp_path):
    said = CliRunner().invoke(cli.app, ["info", "mars", str(tmp_path / "nowhere")])
    assert said.exit_code == 1
    assert "mars: model" in said.output
    assert "failed: " in said.output
    said = CliRunner().invoke(cli.app, ["info", "--json", "mars"])
    assert json.loads(said.output)["facts"]["name"] == "mars"


def test_a_recipe_is_listed_shown_and_exported(tmp_path):
    run = CliRunner().invoke
    assert "sky-state  skycam sky_state  network linear" in run(cli.app, ["recipes", "list"]).output
    shown = run(cli.app, ["recipes", "show", "mars"]).output
    out = tmp_path / "own.yaml"
    assert run(cli.app, ["recipes", "export", "mars", "-o", str(out)]).exit_code == 0
    assert out.read_text() == shown
    assert nephoscope.load_recipe(out) == nephoscope.load_recipe("mars")
    assert run(cli.app, ["recipes", "export", "mars", "-o", str(out)]).exit_code == 2
    every = run(cli.app, ["recipes", "show", "mars", "--all"]).output
    (tmp_path / "every.yaml").write_text(every)
    assert nephoscope.load_recipe(tmp_path / "every.yaml") == nephoscope.load_recipe("mars")


def test_a_product_of_a_frame_is_no_picture_to_predict(tmp_path):
    frame = np.full((6, 8), 3, np.float32)
    facts = {"SKYSTATE": ("cloudy", ""), "CLOUDFRC": (0.25, ""), "THRESH": (0.4, "")}
    mask = np.zeros((6, 8), np.int8)
    write_frame_fits(tmp_path / "a.fits", frame, mask, frame, facts=facts)
    found = contents_of(tmp_path / "a.fits")
    assert found.kind == "product of a sky camera's frame"
    assert found.facts == {"state": "cloudy", "cloud fraction": "0.25", "threshold": "0.4"}
    assert found.arrays == {"IMAGE": "6 x 8", "MASK": "6 x 8", "PROBABILITY": "6 x 8"}
    assert found.commands == []
