"""Copies of one picture are found, and are in one part; a split that leaks is refused."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from nephoscope.errors import UsageError
from nephoscope.evaluation.protocol import run_evaluation
from nephoscope.instruments import find_scenes
from nephoscope.models import load_model
from nephoscope.models.lineage import copies_seen
from nephoscope.recipe import load_recipe
from nephoscope.reports.document import document_of
from nephoscope.reports.leaderboard import write_leaderboard
from nephoscope.reports.markdown import markdown_of
from nephoscope.reports.seal import digest_of, spec_hash
from nephoscope.samples.sources import source_numbers, without_leaks
from nephoscope.samples.split import split_samples
from nephoscope.samples.store import PARTS, open_samples
from nephoscope.samples.writer import write_samples
from nephoscope.tasks import task_named

LAYOUTS = {
    # frames, labels, format of the labels, first number
    "SWIMSEG": ("images/{:04d}.png", "GTmaps/{:04d}_GT.png", "png"),
    "SWINSEG": ("images/{:04d}.jpg", "GTmaps/{:04d}_GT.jpg", "jpeg"),
    "SWINySEG": ("images/d{:04d}.jpg", "GTmaps/d{:04d}.png", "png"),
}


def sky(seed, shape=(48, 60)):
    """A blue picture with white cloud, (y, x, channel) uint8, and its mask, (y, x) bool."""
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.normal(size=shape), 4)
    cloudy = field > np.quantile(field, 0.6)
    soft = gaussian_filter(cloudy.astype(float), 1)[..., None]
    picture = soft * [210, 212, 215] + (1 - soft) * [60, 110, 190]
    picture = picture + rng.normal(0, 2, (*shape, 1))
    return picture.clip(1, 255).astype(np.uint8), cloudy


def changed(picture, way):
    """One of eight ways to turn and mirror a picture, (y, x, ...)."""
    turned = np.rot90(picture, way % 4)
    return np.ascontiguousarray(turned[:, ::-1] if way >= 4 else turned)


def resaved(picture, quality=70):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "jpeg", quality=quality)
    return np.asarray(Image.open(file))


def channels(picture):
    return np.moveaxis(picture, 2, 0)


def test_turned_mirrored_and_saved_again_a_picture_is_known_and_strangers_are_not():
    pictures = [sky(seed)[0] for seed in range(12)]
    copies = [resaved(changed(picture, seed % 8)) for seed, picture in enumerate(pictures)]
    names = [f"x{n}" for n in range(24)]
    found = source_numbers(names, map(channels, [*pictures, *copies]))
    assert found.tolist() == 2 * list(range(12))


@pytest.mark.parametrize("count", [3, 12])
def test_what_all_frames_of_a_camera_have_does_not_make_them_copies(count):
    rows, cols = np.mgrid[:60, :60] - 29.5
    inside = np.hypot(rows, cols) < 28
    mast = np.abs(cols) < 1.5
    frames = []
    for seed in range(count):
        frame = np.where(inside[..., None], sky(seed, (60, 60))[0], 0)
        frame[mast & inside] = 20
        frames.append(frame.astype(np.uint8))
    found = source_numbers(list("abcdefghijkl"[:count]), map(channels, frames))
    assert found.tolist() == list(range(count))
    copies = [resaved(changed(frame, 2)) for frame in frames]
    names = [f"x{n}" for n in range(2 * count)]
    both = source_numbers(names, map(channels, [*frames, *copies]))
    assert both.tolist() == 2 * list(range(count))


def test_a_name_behind_that_of_another_frame_is_a_copy_whatever_it_shows():
    pictures = [channels(sky(seed)[0]) for seed in range(5)]
    names = ["d0001", "d0001_1", "d0002_1", "cam_1", "cam_2"]
    assert source_numbers(names, pictures).tolist() == [0, 0, 1, 2, 3]


def test_frames_that_show_nothing_are_no_copies():
    flat = [np.full((3, 40, 40), 100 + n, np.uint8) for n in range(3)]
    assert source_numbers(["a", "b", "c"], flat).tolist() == [0, 1, 2]


def test_of_a_picture_in_two_parts_the_earlier_part_gives_way():
    parts = ["train", "train", "validation", "test", "", "train", "validation"]
    sources = np.array([0, 1, 0, 2, 3, 2, 4])
    assert without_leaks(parts, sources, PARTS) == [
        "", "train", "validation", "test", "", "", "validation"
    ]  # fmt: skip


def write_set(folder, layout, numbers, copies=0):
    """Frames and labels of a set; `copies` of each as SWINySEG names them. Returns the frames."""
    image, mask, kind = LAYOUTS[layout]
    made = 0
    for number in numbers:
        picture, cloudy = sky(number)
        for copy in range(copies + 1):
            for name, part, form in (
                (image, picture, "png" if image.endswith("png") else "jpeg"),
                (mask, 255 * cloudy.astype(np.uint8), kind),
            ):
                path = folder / name.format(number)
                path = path.with_stem(path.stem + (f"_{copy}" if copy else ""))
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(changed(part, copy)).save(path, form, quality=95)
            made += 1
    return made


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """SWIMSEG, SWINSEG and SWINySEG, whose pictures are those of the others, and changed ones."""
    folder = tmp_path_factory.mktemp("sets")
    made = write_set(folder / "raw" / "swimseg", "SWIMSEG", range(1, 7))
    made += write_set(folder / "raw" / "swinseg", "SWINSEG", range(7, 10))
    made += write_set(folder / "raw" / "swinyseg", "SWINySEG", range(1, 10), copies=2)
    write_samples(
        find_scenes(folder / "raw", "skycam"), folder / "s.zarr", load_recipe("sky-colour")
    )
    assert open_samples(folder / "s.zarr").sizes["sample"] == made == 36
    return folder / "s.zarr"


def number_of(name):
    return int(name.removeprefix("d").split("_")[0])


@pytest.mark.parametrize("by", ["group", "block"])
def test_no_picture_of_the_public_sets_is_in_two_parts(store, by):
    split_samples(store, by, (6, 2, 1), buffer=0 if by == "block" else None)
    found = open_samples(store)
    parts: dict[int, set[str]] = {}
    source_of = dict(zip(found["id"].values, found["source"].values, strict=True))
    for name, part in zip(found["id"].values, found["split"].values, strict=True):
        parts.setdefault(number_of(name), set()).add(part)
        assert source_of[name] == source_of[f"d{number_of(name):04d}"]
    assert all(len(held - {""}) <= 1 for held in parts.values())
    assert {*found["split"].values} - {""} == {*PARTS}
    assert len({*found["source"].values}) == 9


def test_a_set_without_copies_is_stored_as_ever(tmp_path):
    write_set(tmp_path / "raw", "SWIMSEG", range(1, 8))
    files = find_scenes(tmp_path / "raw", "skycam")
    write_samples(files, tmp_path / "s.zarr", load_recipe("sky-colour"))
    split_samples(tmp_path / "s.zarr", "block", (5, 1, 1), buffer=0)
    assert "source" not in open_samples(tmp_path / "s.zarr")


class Fitted:
    """A shipped model that says it was fitted to some samples of a store."""

    def __init__(self, store, ids):
        model = load_model("sky-colour")
        self.name, self.weights_sha256, self.decision = "x", "f" * 64, model.decision
        self.info = {"samples_id": store.attrs["samples_id"], "split": {"train": ids}}


def test_a_split_that_leaks_is_told_and_its_report_is_refused(store, tmp_path):
    ids = open_samples(store)["id"].values.tolist()
    leaky = {"train": ids[::2], "test": ids[1::2]}
    split_samples(store, named=leaky)
    opened = open_samples(store)

    def half(sample):
        fields = {"cloud_probability": np.full(sample.label.shape, 0.5, np.float32)}
        return task_named("mask").variables(fields, load_model("sky-colour").decision)

    model = Fitted(opened, leaky["train"])
    found = run_evaluation(model, opened, split="test", predict=half)
    trained = {number_of(name) for name in leaky["train"]}
    assert found.copies == sum(number_of(name) in trained for name in leaky["test"]) > 0
    text = markdown_of(document_of(found, {}))
    assert f"{found.copies} of these samples are copies of pictures" in text
    model.info["split"] = {"train": []}
    clean = run_evaluation(model, opened, split="test", predict=half)
    assert clean.copies == 0
    assert "none of these is a copy" in markdown_of(document_of(clean, {}))
    content = {
        "spec": found.spec, "spec_hash": spec_hash(found.spec),
        "model": found.model, "seen": found.seen,
        "metrics": {"f1": {"value": 0.5}}, "copies": found.copies,
        "command": "nephoscope evaluate", "nephoscope": "0",
    }  # fmt: skip
    content["digest"] = digest_of(content)
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "scores.json").write_text(json.dumps(content))
    with pytest.raises(UsageError, match="copies of pictures that the model was fitted to"):
        write_leaderboard([tmp_path / "r"], tmp_path / "board")


def test_copies_of_other_stores_say_nothing():
    info = {"samples_id": "a", "split": {"train": ["p"]}}
    sources = {"p": 0, "q": 0, "r": 1}
    assert copies_seen(info, "a", sources, ["p", "q", "r"]) == 1
    assert copies_seen(info, "b", sources, ["q", "r"]) == 0
