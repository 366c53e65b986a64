"""Walks meet every file once, whatever links there are, and name what cannot be looked into."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.errors import InputError, shown
from nephoscope.folders import LeftOut, files_below, is_of_tool, real_paths


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def walk(root):
    left_out = LeftOut()
    found = [path.relative_to(root).as_posix() for path in files_below(root, left_out)]
    return found, left_out.errors


def test_hidden_folders_and_those_of_tools_are_left_out(tmp_path):
    touch(
        tmp_path,
        "a.fits", "night/b.fits", "night/deep/er/c.fits", ".snapshot/hourly/a.fits",
        "night/.ipynb_checkpoints/b.fits", "@eaDir/a.fits/SYNOPHOTO_THUMB_M.jpg", "#recycle/a.fits",
        "__MACOSX/a.fits", "$RECYCLE.BIN/a.fits", "lost+found/a.fits", ".part", "Thumbs.db",
        ".DS_Store", "night/desktop.ini", "System Volume Information/x.fits", "night/._b.fits",
    )  # fmt: skip
    assert sorted(walk(tmp_path)[0]) == ["a.fits", "night/b.fits", "night/deep/er/c.fits"]
    # What is asked for by name is looked into.
    assert walk(tmp_path / ".snapshot" / "hourly")[0] == ["a.fits"]


def test_links_are_followed_once_and_never_in_a_loop(tmp_path):
    touch(tmp_path, "tree/real/a.fits", "tree/z/b.fits", "elsewhere/c.fits", "elsewhere/d/e.fits")
    tree = tmp_path / "tree"
    (tree / "again").symlink_to(tree / "real")  # the real one is met under its own name
    (tree / "0latest.fits").symlink_to(tree / "z" / "b.fits")
    (tree / "loop").symlink_to(tree)
    (tree / "z" / "up").symlink_to(tmp_path)
    (tree / "off").symlink_to(tmp_path / "elsewhere")
    (tree / "off2").symlink_to(tmp_path / "elsewhere")
    (tree / "off3").symlink_to(tmp_path / "elsewhere" / "d")
    (tmp_path / "elsewhere" / "back").symlink_to(tree)
    found, errors = walk(tree)
    assert sorted(found) == ["off/c.fits", "off/d/e.fits", "real/a.fits", "z/b.fits"]
    assert errors == []


def test_a_link_to_a_file_that_is_hidden_elsewhere_is_followed(tmp_path):
    touch(tmp_path, ".git/annex/objects/abc")
    (tmp_path / "a.fits").symlink_to(tmp_path / ".git/annex/objects/abc")
    assert walk(tmp_path)[0] == ["a.fits"]


def test_a_folder_is_skipped_where_it_lies_below(tmp_path):
    touch(tmp_path, "a.fits", "out/a.fits", "out/deep/b.fits")
    (tmp_path / "way").symlink_to(tmp_path / "out")
    left_out = LeftOut(skip=tmp_path / "out")
    assert list(files_below(tmp_path, left_out)) == [tmp_path / "a.fits"]
    assert len(list(files_below(tmp_path / "out", left_out))) == 2


def test_links_that_lead_nowhere_are_named(tmp_path):
    touch(tmp_path, "a.fits")
    (tmp_path / "gone.fits").symlink_to(tmp_path / "nothing")
    (tmp_path / "round.fits").symlink_to(tmp_path / "round.fits")
    found, errors = walk(tmp_path)
    assert found == ["a.fits"]
    assert [Path(error.path).name for error in errors] == ["gone.fits", "round.fits"]
    assert "No such file" in str(errors[0])


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO])
def test_a_folder_that_cannot_be_looked_into_is_named_and_the_rest_is_walked(
    tmp_path, monkeypatch, code
):
    touch(tmp_path, "a.fits", "locked/b.fits", "z/c.fits")
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "locked":
            raise OSError(code, os.strerror(code), str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found, (error,) = walk(tmp_path)
    assert found == ["a.fits", "z/c.fits"]
    assert error.path == str(tmp_path / "locked")
    assert os.strerror(code) in str(error)


def test_what_was_listed_before_an_error_is_kept(tmp_path, monkeypatch):
    touch(tmp_path, "a.fits", "b.fits")
    scandir = os.scandir

    class Torn:
        def __init__(self, path):
            self.entries = list(scandir(path))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def __iter__(self):
            yield self.entries[0]
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "scandir", Torn)
    found, errors = walk(tmp_path)
    assert len(found) == len(errors) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_what_is_no_file_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.fits")
    (tmp_path / "link.fits").symlink_to(tmp_path / "pipe.fits")
    assert walk(tmp_path) == ([], [])


def test_the_order_depends_on_names_alone(tmp_path, monkeypatch):
    touch(tmp_path, "b/a", "a/b", "c", "a.x", "b/c/d")
    expected = walk(tmp_path)
    scandir = os.scandir

    class Reversed:
        def __init__(self, path):
            self.entries = sorted(scandir(path), key=lambda entry: entry.name, reverse=True)

        def __enter__(self):
            return self.entries

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(os, "scandir", Reversed)
    assert walk(tmp_path) == expected


names = st.binary(min_size=1, max_size=60).filter(
    lambda name: b"/" not in name and b"\0" not in name and not name.startswith(b".")
)


@given(st.lists(st.lists(names, min_size=1, max_size=3), max_size=6))
def test_every_file_with_any_bytes_in_its_name_is_met_once(tmp_path_factory, paths):
    root = tmp_path_factory.mktemp("walk")
    made = set()
    for parts in paths:
        path = root.joinpath(*map(os.fsdecode, parts))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        except OSError:
            continue  # a file where a folder is needed, or the reverse
        made.add(path)
    left_out = LeftOut()
    met = list(files_below(root, left_out))
    assert left_out.errors == []
    assert len(met) == len(set(met))
    shown_ones = {path for path in made if not any(map(is_of_tool, path.relative_to(root).parts))}
    assert set(met) == shown_ones
    assert list(real_paths(met)) == [os.path.realpath(path) for path in met]


@given(names)
def test_a_name_is_shown_as_one_line_of_text(name):
    text = shown(os.fsdecode(name))
    text.encode("utf-8")
    assert len(text.splitlines()) == 1
    error = str(InputError(os.fsdecode(name), "is bad"))
    assert error == f"{text}: is bad"


@pytest.mark.parametrize("name", ["a b.fits", "Wolken über ñ 雲.fits", "x\u3000y", "'quoted'"])
def test_a_name_that_prints_is_shown_as_it_is(name):
    assert shown(name) == name


def test_what_is_left_out_is_said_once_for_each_kind(tmp_path):
    left_out = LeftOut()
    for name in ("b", "a", "c\n"):
        left_out.add("films", tmp_path / name)
    assert left_out.remarks() == [f"3 films, e.g. {tmp_path / 'a'}"]
