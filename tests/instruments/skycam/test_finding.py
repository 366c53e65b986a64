"""Frames are found in any tree; what lies beside them is left out quietly, once, or by name."""

import errno
import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nephoscope.errors import InputError, UsageError
from nephoscope.folders import LeftOut
from nephoscope.instruments import find_all
from nephoscope.instruments.scene_file import SceneFile, name_products
from nephoscope.instruments.skycam import find as find_frames
from nephoscope.instruments.skycam import recognises as is_frame
from nephoscope.plots.quicklook import save_picture
from nephoscope.products.fits import write_frame_fits


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((16, 16, 3), 90, np.uint8)).save(path)
    return path


def frame(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.PrimaryHDU(np.ones((16, 16), np.int16)).writeto(path)
    return path


def product(path):
    ones = np.ones((16, 16), np.float32)
    facts = {"SKYSTATE": ("clear", "")}
    header = "\n".join(f"KEY{number:<5}= {number:>20}" for number in range(400))
    write_frame_fits(path, ones, ones.astype(np.int8), ones, header, facts)
    return path


def found_in(root):
    left_out = LeftOut()
    found = find_frames(root, left_out)
    return [file.path.relative_to(root).as_posix() for file in found], left_out


def test_the_tree_of_an_all_sky_camera(tmp_path):
    night = tmp_path / "images" / "20231001"
    picture(night / "image-20231001121500.jpg")
    picture(night / "thumbnails" / "image-20231001121500.jpg")
    picture(night / "keogram" / "keogram-20231001.jpg")
    picture(night / "startrails" / "startrails-20231001.jpg")
    picture(night / "allsky-keogram_ccd1_20231001_night.jpg")
    picture(night / "Star_Trails.png")
    picture(night / "image_thumb.jpg")
    (night / "allsky-20231001.mp4").write_bytes(b"\0\0\0 ftypisom")
    (night / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (night / "desktop.ini").write_text("[.ShellClassInfo]")
    (night / ".DS_Store").write_bytes(b"\0")
    found, left_out = found_in(tmp_path)
    assert found == ["images/20231001/image-20231001121500.jpg"]
    assert (left_out.errors, left_out.others) == ([], [])
    (remark,) = left_out.remarks()
    assert remark.startswith("7 pictures and films derived from frames, e.g. ")


@pytest.mark.parametrize(
    "name", ["thumbelina.fits", "keogrammar.fits", "timelapse/0001.fits", "my_frames/a.fits"]
)
def test_words_that_only_begin_alike_are_frames(tmp_path, name):
    frame(tmp_path / name)
    assert found_in(tmp_path)[0] == [name]


def test_products_of_an_earlier_run_are_no_frames(tmp_path):
    from matplotlib.figure import Figure

    frame(tmp_path / "a.fits")
    fits.HDUList(
        [fits.PrimaryHDU(), fits.CompImageHDU(np.ones((16, 16), np.int16))]
    ).writeto(tmp_path / "packed.fits.fz")  # fmt: skip
    product(tmp_path / "old" / "a.fits")
    packed = gzip.compress(product(tmp_path / "old" / "b.fits").read_bytes())
    (tmp_path / "old" / "c.fits.gz").write_bytes(packed)
    save_picture(Figure(), tmp_path / "old" / "a.png")
    for name in ("frames.csv", "blobs.csv", "predict-journal.jsonl"):
        (tmp_path / "old" / name).write_text("")
    found, left_out = found_in(tmp_path)
    assert found == ["a.fits", "packed.fits.fz"]
    assert (left_out.errors, left_out.others) == ([], [])
    (remark,) = left_out.remarks()
    assert remark.startswith("7 products of an earlier run, e.g. ")
    with pytest.raises(InputError, match="is a product of nephoscope"):
        find_frames(tmp_path / "old" / "a.fits")
    assert not is_frame(tmp_path / "old")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO])
def test_a_file_that_cannot_be_opened_is_named_and_the_rest_is_found(tmp_path, monkeypatch, code):
    frame(tmp_path / "a.fits")
    frame(tmp_path / "locked.fits")
    opened = Path.open

    def refuse(path, *arguments, **options):
        if path.name == "locked.fits":
            raise OSError(code, os.strerror(code), str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    found, left_out = found_in(tmp_path)
    assert found == ["a.fits"]
    (error,) = left_out.errors
    assert str(error) == f"{tmp_path / 'locked.fits'}: cannot be read: {os.strerror(code)}"
    with pytest.raises(InputError, match="locked"):
        find_frames(tmp_path)
    both = LeftOut()
    places = [tmp_path / "locked.fits", tmp_path / "a.fits"]
    assert [scene.path for scene in find_all(places, "skycam", both)] == [tmp_path / "a.fits"]
    assert len(both.errors) == 1


def test_each_file_is_opened_once(tmp_path, monkeypatch):
    for name in ("a.fits", "b.png", "notes.txt"):
        (picture if name == "b.png" else frame)(tmp_path / name)
    (tmp_path / "notes.txt").write_text("x")
    opened, names = Path.open, []

    def note(path, *arguments, **options):
        names.append(path.name)
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", note)
    found_in(tmp_path)
    assert sorted(names) == ["a.fits", "b.png", "notes.txt"]


def test_an_input_is_listed_once_however_it_is_given(tmp_path):
    path = frame(tmp_path / "night" / "a.fits")
    (tmp_path / "link").symlink_to(tmp_path / "night")
    (tmp_path / "b.fits").symlink_to(path)
    places = [tmp_path / "night", path, tmp_path / "link", tmp_path / "b.fits", tmp_path]
    assert [scene.path for scene in find_all(places, "skycam", LeftOut())] == [path]


def test_what_is_said_of_places_that_overlap_is_said_once(tmp_path):
    frame(tmp_path / "night" / "a.fits")
    (tmp_path / "night" / "notes.txt").write_text("x")
    (tmp_path / "night" / "gone.fits").symlink_to(tmp_path / "nothing")
    (tmp_path / "night" / "Thumbs.db").write_bytes(b"x")
    left_out = LeftOut()
    places = [tmp_path / "night", tmp_path / "night", tmp_path / "night" / "Thumbs.db"]
    assert len(find_all(places, "skycam", left_out)) == 1
    assert len(left_out.errors) == len(left_out.others) == 1
    frame(tmp_path / ".hidden" / "b.fits")
    places = [tmp_path / ".hidden", tmp_path / ".hidden" / ".." / "night"]
    assert len(find_all(places, "skycam", LeftOut())) == 2, "what is asked for by name is taken"


def test_places_without_frames_are_named_if_others_hold_some(tmp_path):
    frame(tmp_path / "night" / "a.fits")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    places = [tmp_path / name for name in ("empty", "night", "notes.txt", "gone")]
    left_out = LeftOut()
    assert len(find_all(places, "skycam", left_out)) == 1
    said = [error.problem for error in left_out.errors]
    assert said == ["holds no frame", "is no frame", "does not exist"]
    with pytest.raises(InputError, match="holds no frame"):
        find_all(places[:1], "skycam", LeftOut())
    with pytest.raises(InputError, match="nowhere: does not exist"):
        find_all([*places, tmp_path / "nowhere"], "skycam", LeftOut())


stems = st.sampled_from(["a", "a.fits", "a.png", "b", "x" * 250])
endings = st.sampled_from([".fits", ".fit", ".fits.gz", ".png", ".jpg", ".FITS", ""])


@given(st.sets(st.tuples(stems, endings)))
def test_products_of_one_folder_never_share_a_name(names):
    from nephoscope.instruments.skycam.names import stem_of

    paths = [Path("night") / f"{stem}{ending}" for stem, ending in names]
    scenes = [SceneFile(path, stem_of(path), "", 0) for path in set(paths)]
    named = name_products(scenes, ".fits")
    assert sorted(named.values(), key=str) == sorted(scenes, key=str)
    assert all(len(name.name) <= 255 and name.suffix == ".fits" for name in named)


def test_frames_of_two_inputs_for_one_product_are_refused():
    scenes = [SceneFile(Path(night) / "a.fits", "a", "", 0) for night in ("one", "two")]
    with pytest.raises(UsageError, match=r"one/a\.fits would both become a_binned\.fits"):
        name_products(scenes, "_binned.fits")
