"""Copies of remote files: whole, true, resumed, and told without secrets."""

import gc
import os
import warnings
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from nephoscope.errors import InputError, OutputError
from nephoscope.extras import MissingExtraError
from nephoscope.remote import copies, is_url, shown_url, urls
from nephoscope.remote.copies import local_copy, local_places
from nephoscope.remote.store import ObjectStore

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("NEPHOSCOPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def memory():
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://bucket/a/b.nc", "s3://bucket/a/b.nc"),
        ("https://me:word@host/a.nc?sig=x&y=z", "https://host/a.nc"),
        ("no https://me:word@host/a.nc?sig=x, said it", "no https://host/a.nc said it"),
        ("what is it? nothing", "what is it? nothing"),
    ],
)  # fmt: skip
def test_secrets_of_urls_are_not_shown(url, shown):
    assert shown_url(url) == shown


def test_paths_are_no_urls(tmp_path):
    assert is_url("s3://bucket")
    for place in (tmp_path, str(tmp_path), "a:b", "C://x", "scheduler.json", "//host/share"):
        assert not is_url(place)
    assert local_places([str(tmp_path), f"file://{tmp_path}"]) == [tmp_path, tmp_path]


def test_a_prefix_is_copied_once_and_follows_what_is_there(memory, cache, monkeypatch):
    memory.pipe({"/maps/P/a.txt": b"first", "/maps/b.txt": b"second", "/other": b"no"})
    folder = local_copy("memory://maps")
    assert folder == cache / "memory" / "maps"
    held = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("[!.]*.txt")}
    assert held == {"P/a.txt": b"first", "b.txt": b"second"}
    kept = (folder / "b.txt").stat()
    memory.pipe("/maps/P/a.txt", b"changed")
    memory.rm("/maps/b.txt")
    memory.pipe("/maps/c.txt", b"new")
    monkeypatch.setattr(copies, "_AT_ONCE", 1)
    local_copy("memory://maps")
    assert (folder / "P" / "a.txt").read_bytes() == b"changed"
    assert not (folder / "b.txt").exists()
    state = (folder / "c.txt").stat()
    local_copy("memory://maps")
    assert (folder / "c.txt").stat().st_ino == state.st_ino
    assert state.st_mtime == pytest.approx(memory.info("/maps/c.txt")["created"].timestamp())
    assert kept.st_size == 6


def test_a_copy_that_was_cut_goes_on_where_it_was(memory, monkeypatch):
    content = os.urandom(1000)
    memory.pipe("/maps/a.bin", content)
    monkeypatch.setattr(copies, "_PIECE", 300)
    asked, whole = [], type(memory).cat_file

    def cut(self, path, start=None, end=None, **options):
        asked.append(start)
        if len(asked) == 3:
            raise ConnectionResetError("cut")
        return whole(self, path, start=start, end=end, **options)

    monkeypatch.setattr(type(memory), "cat_file", cut)
    with pytest.raises(InputError, match=r"a\.bin: cannot be read: cut \(run again: it goes on\)"):
        local_copy("memory://maps")
    assert (local_copy("memory://maps") / "a.bin").read_bytes() == content
    assert asked == [0, 300, 600, 600, 900]


def test_what_gives_other_bytes_than_it_said_is_no_copy(memory, monkeypatch):
    memory.pipe("/maps/a.bin", b"12345")
    monkeypatch.setattr(type(memory), "cat_file", lambda *_, **__: b"123")
    with pytest.raises(InputError, match=r"memory://maps/a\.bin: gave 3 bytes of 5"):
        local_copy("memory://maps")


def test_what_is_not_there_is_told(memory):
    with pytest.raises(InputError, match="memory://nowhere: "):
        local_copy("memory://nowhere")


def test_a_full_disk_is_told_with_what_to_do(memory, cache):
    memory.pipe("/maps/a.bin", b"12345")
    cache.write_bytes(b"a file in the way")
    with pytest.raises(OutputError, match=r"copies of memory://maps could not .*NEPHOSCOPE_CACHE"):
        local_copy("memory://maps")


def test_a_scheme_without_its_package_says_which(monkeypatch):
    monkeypatch.setattr(urls, "is_there", lambda name: name != "gcsfs")
    with pytest.raises(MissingExtraError, match=r"gs:// needs gcsfs: pip install gcsfs"):
        local_copy("gs://bucket/a")


def test_what_is_put_is_there_and_replaces(memory, tmp_path):
    store = ObjectStore("memory://out")
    store.check()
    assert store.sizes() == {}
    (tmp_path / "a.nc").write_bytes(b"123")
    store.put(tmp_path / "a.nc", "P/a.nc")
    (tmp_path / "a.nc").write_bytes(b"1234")
    store.put(tmp_path / "a.nc", "P/a.nc")
    assert store.sizes() == {"P/a.nc": 4}
    store.get("P/a.nc", tmp_path / "back" / "a.nc")
    assert (tmp_path / "back" / "a.nc").read_bytes() == b"1234"


@pytest.fixture
def web(tmp_path):
    """(host, folder): a server on loopback that shows a folder, with pages that list it."""
    pytest.importorskip("aiohttp", reason="aiohttp is not installed")
    folder = tmp_path / "web"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", folder
    finally:
        server.shutdown()
        server.server_close()
        for system in list(fsspec.get_filesystem_class("http")._cache.values()):
            system.close_session(system.loop, system._session)
        fsspec.get_filesystem_class("http").clear_instance_cache()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gc.collect()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_file_of_the_web_is_copied_without_its_secrets(web, cache):
    host, folder = web
    (folder / "map one.txt").write_bytes(b"from the web")
    path = local_copy(f"http://{host}/map%20one.txt?signature=hidden")
    assert path.read_bytes() == b"from the web"
    assert path == cache / "http" / host / "map%20one.txt"
    with pytest.raises(InputError) as told:
        local_copy(f"http://me:hidden@{host}/nowhere.txt?signature=hidden")
    assert f"http://{host}/nowhere.txt: " in str(told.value)
    assert "hidden" not in str(told.value)
    assert not [p for p in cache.rglob("*") if p.is_file() and b"hidden" in p.read_bytes()]


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_page_that_lists_files_is_copied_with_its_folders(web, cache):
    host, folder = web
    files = {
        "maps/a.txt": b"first",
        "maps/P/b c.txt": b"second",
        "maps/P/Q/d.bin": bytes(range(256)),
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "other.txt").write_bytes(b"beside it")
    copy = local_copy(f"http://{host}/maps/")
    assert copy == cache / "http" / host / "maps"
    held = [p for p in copy.rglob("*") if p.is_file() and not p.name.startswith(".")]
    assert {p.relative_to(copy).as_posix(): p.read_bytes() for p in held} == {
        name.removeprefix("maps/").replace(" ", "%20"): content for name, content in files.items()
    }
    (folder / "maps" / "a.txt").unlink()
    (folder / "maps" / "e.txt").write_bytes(b"new")
    local_copy(f"http://{host}/maps/")
    assert not (copy / "a.txt").exists()
    assert (copy / "e.txt").read_bytes() == b"new"
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match=f"http://{host}/empty/: holds no file"):
        local_copy(f"http://{host}/empty/")
