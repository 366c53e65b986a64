"""Transfer over real connections to a server that misbehaves."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

import pytest

from http_archive import Archive, serving
from nephoscope.archives import transfer as transfer_module
from nephoscope.archives.connections import Access
from nephoscope.archives.credentials import Login
from nephoscope.archives.manifest import NAME, Manifest, verify
from nephoscope.archives.part import parts_below
from nephoscope.archives.remote import RemoteFile, TransferError
from nephoscope.archives.room import make_room
from nephoscope.archives.transfer import OVERLAP, Fetched, Settings, plan, transfer
from nephoscope.errors import InputError, NephoscopeError, OutputError, UsageError
from nephoscope.files import part_path

BLOCK = 1 << 17


def some_bytes(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - no secret


def remote(archive: Archive, name: str, **facts: object) -> RemoteFile:
    return RemoteFile(f"{archive.url}/{name}", PurePosixPath(name), **facts)  # type: ignore[arg-type]


def settings(**access: object) -> Settings:
    return Settings(Access(**{"timeout": 5.0, **access}), retries=2, first_pause=0.01)  # type: ignore[arg-type]


def fetched(
    archive: Archive, folder: Path, names: list[str], how: Settings | None = None
) -> dict[str, Fetched | NephoscopeError]:
    files = [remote(archive, name) for name in names]
    return {
        str(file.path): result for file, result in transfer(plan(files, folder), how or settings())
    }


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != NAME
    }


def test_files_arrive_through_a_line_that_is_cut_and_no_byte_comes_twice(tmp_path):
    files = {f"/f{n}": some_bytes(300_000 + n, n) for n in range(12)}
    with serving(Archive(files, cut=90_000)) as archive:
        results = fetched(archive, tmp_path, [name[1:] for name in files])
    assert all(isinstance(result, Fetched) for result in results.values())
    assert tree(tmp_path) == {name[1:]: body for name, body in files.items()}
    for name, body in files.items():
        cuts = sum(path == name for path, _ in archive.seen) - 1
        assert cuts
        assert archive.sent[name] <= len(body) + cuts * BLOCK
    assert not verify(tmp_path, lambda path: None).bad


@pytest.mark.parametrize("tagged", [True, False])
def test_a_line_that_is_reset_loses_no_byte(tmp_path, tagged):
    files = {f"/f{n}": some_bytes(1_000_000 + n, n) for n in range(4)}
    with serving(Archive(files, cut=300_000, reset=True, tagged=tagged)) as archive:
        how = settings()
        how.retries = 8  # few bytes come of a line that is cut early, and none of them need be new
        results = fetched(archive, tmp_path, [name[1:] for name in files], how)
    assert all(isinstance(result, Fetched) for result in results.values()), results
    assert tree(tmp_path) == {name[1:]: body for name, body in files.items()}
    assert len(archive.seen) > len(files)


def test_without_tags_of_the_server_a_block_comes_twice_a_cut_and_no_more(tmp_path):
    body = some_bytes(600_000)
    with serving(Archive({"/f": body}, cut=150_000, tagged=False)) as archive:
        fetched(archive, tmp_path, ["f"])
    assert tree(tmp_path) == {"f": body}
    assert archive.sent["/f"] <= len(body) + (len(archive.seen) - 1) * OVERLAP


def test_a_server_without_ranges_begins_again(tmp_path):
    body = some_bytes(400_000)

    def uncut_at_last(path: str, count: int) -> None:
        if count == 3:
            archive.cut = 0

    with serving(Archive({"/f": body}, cut=50_000, ranges=False)) as archive:
        archive.on_get = uncut_at_last
        fetched(archive, tmp_path, ["f"])
    assert tree(tmp_path) == {"f": body}


def test_a_line_that_is_cut_at_the_same_byte_for_ever_is_given_up(tmp_path):
    with serving(Archive({"/f": some_bytes(9_000)}, lies={"/f": 10_000})) as archive:
        result = fetched(archive, tmp_path, ["f"])["f"]
    assert isinstance(result, TransferError)
    assert "given up" in str(result)
    assert not (tmp_path / "f").exists()
    with serving(Archive({"/f": some_bytes(9_000)})) as archive:
        fetched(archive, tmp_path, ["f"])
    assert tree(tmp_path) == {"f": some_bytes(9_000)}


def test_a_file_that_changes_while_it_is_fetched_is_begun_again(tmp_path):
    old, new = some_bytes(500_000, 1), some_bytes(500_000, 2)

    def change(path: str, count: int) -> None:
        if count == 2:
            archive.files["/f"] = new
            archive.cut = 0

    with serving(Archive({"/f": old}, cut=100_000)) as archive:
        archive.on_get = change
        result = fetched(archive, tmp_path, ["f"])["f"]
    assert isinstance(result, Fetched)
    assert "changed on the server" in result.remark
    assert tree(tmp_path) == {"f": new}


@pytest.mark.parametrize("size", [400_000, 500_000, 600_000])
def test_a_file_that_changed_is_noticed_also_without_tags_of_the_server(tmp_path, size):
    old, new = some_bytes(500_000, 1), some_bytes(size, 2)

    def change(path: str, count: int) -> None:
        if count == 2:
            archive.files["/f"] = new
            archive.cut = 0

    with serving(Archive({"/f": old}, cut=100_000, tagged=False)) as archive:
        archive.on_get = change
        fetched(archive, tmp_path, ["f"])
    assert tree(tmp_path) == {"f": new}


def test_a_file_that_changed_since_it_was_listed_is_said(tmp_path):
    with serving(Archive({"/f": b"longer"})) as archive:
        file = remote(archive, "f", size=4)
        ((_, result),) = transfer(plan([file], tmp_path), settings())
    assert isinstance(result, Fetched)
    assert (
        result.remark == "changed on the server since it was listed: 4 bytes in the listing, 6 now"
    )


def test_wrong_bytes_never_get_the_name(tmp_path):
    digest = hashlib.md5(b"right", usedforsecurity=False).hexdigest()
    with serving(Archive({"/f": b"wrong"})) as archive:
        file = remote(archive, "f", size=5, checksum=f"md5:{digest}")
        ((_, result),) = transfer(plan([file], tmp_path), settings())
        assert isinstance(result, TransferError)
        assert "md5" in str(result)
        assert not (tmp_path / "f").exists()
        archive.files["/f"] = b"right"
        ((_, result),) = transfer(plan([file], tmp_path), settings())
    assert isinstance(result, Fetched)
    assert tree(tmp_path) == {"f": b"right"}


def test_a_busy_server_is_asked_again_when_it_says(tmp_path):
    answers = {"/f": [(503, {"Retry-After": "1"}), (429, {})]}
    with serving(Archive({"/f": b"x"}, answers=answers)) as archive:
        begin = time.monotonic()
        fetched(archive, tmp_path, ["f"])
    assert time.monotonic() - begin >= 1
    assert tree(tmp_path) == {"f": b"x"}


def test_a_server_that_falls_silent_is_left(tmp_path):
    with serving(Archive({"/f": b"x"}, stall={"/f": 60})) as archive:
        fetched(archive, tmp_path, ["f"], settings(timeout=0.3))
    assert tree(tmp_path) == {"f": b"x"}


@pytest.mark.parametrize(
    ("status", "said"), [(404, "no such file"), (403, "refuses access"), (418, "HTTP 418")]
)
def test_what_is_not_to_be_had_is_asked_once(tmp_path, status, said):
    with serving(Archive(answers={"/f": [(status, {})] * 3})) as archive:
        result = fetched(archive, tmp_path, ["f"])["f"]
    assert said in str(result)
    assert len(archive.seen) == 1
    assert not parts_below(tmp_path)


def test_credentials_do_not_follow_to_another_host(tmp_path):
    login = Login("me", "topsecret")
    with serving(Archive({"/g": b"x"})) as other, serving(Archive()) as archive:
        archive.answers["/f"] = [(302, {"Location": f"{other.url}/g"})]
        access = {"login_of": lambda host: login, "plaintext": True}
        fetched(archive, tmp_path, ["f"], settings(**access))
    assert "Authorization" in archive.seen[0][1]
    assert "Authorization" not in other.seen[0][1]
    assert tree(tmp_path) == {"f": b"x"}


def test_a_password_does_not_go_over_plain_http_unasked(tmp_path):
    login = Login("me", "topsecret")
    with serving(Archive({"/f": b"x"})) as archive, pytest.raises(UsageError, match="plaintext"):
        fetched(archive, tmp_path, ["f"], settings(login_of=lambda host: login))
    assert not archive.seen
    assert "topsecret" not in repr(login)


def test_what_is_there_is_not_fetched_again_and_what_changed_is(tmp_path):
    with serving(Archive({"/f": b"one", "/g": b"two"})) as archive:
        fetched(archive, tmp_path, ["f", "g"])
        assert not plan([remote(archive, "f")], tmp_path).wanted
        (tmp_path / "g").write_bytes(b"hurt")
        with pytest.raises(AssertionError):
            assert not verify(tmp_path, lambda path: None).bad
        result = fetched(archive, tmp_path, ["g"])["g"]
        assert isinstance(result, InputError)  # it may be the user's
        (tmp_path / "g").unlink()
        archive.files["/f"] = b"newer"
        files = [remote(archive, "f", size=5), remote(archive, "g")]
        assert len(list(transfer(plan(files, tmp_path), settings()))) == 2
    assert tree(tmp_path) == {"f": b"newer", "g": b"two"}
    assert not verify(tmp_path, lambda path: None).bad


def test_a_file_that_was_killed_between_its_name_and_its_line_is_taken(tmp_path):
    with serving(Archive({"/f": b"one"})) as archive:
        file = remote(archive, "f", size=3)
        list(transfer(plan([file], tmp_path), settings()))
        (tmp_path / NAME).unlink()
        ((_, result),) = transfer(plan([file], tmp_path), settings())
        assert isinstance(result, Fetched)
    assert len(archive.seen) == 1
    assert list(Manifest(tmp_path)) == ["f"]


def test_killed_before_it_was_noted_a_file_of_unknown_size_is_taken(tmp_path, monkeypatch):
    with serving(Archive({"/f": b"one"})) as archive:
        with monkeypatch.context() as patch:
            patch.setattr(Manifest, "record", lambda *args: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                fetched(archive, tmp_path, ["f"])
        assert (tmp_path / "f").exists()
        result = fetched(archive, tmp_path, ["f"])["f"]
    assert isinstance(result, Fetched)
    assert len(archive.seen) == 1
    assert tree(tmp_path) == {"f": b"one"}
    assert list(Manifest(tmp_path)) == ["f"]


def test_killed_before_its_facts_were_removed_they_go_with_the_next_run(tmp_path):
    with serving(Archive({"/f": b"one"})) as archive:
        fetched(archive, tmp_path, ["f"])
        (tmp_path / ".f.fetch.json").write_text("{}")
        fetched(archive, tmp_path, ["f"])
    assert tree(tmp_path) == {"f": b"one"}


def test_what_another_process_has_just_fetched_is_taken(tmp_path):
    with serving(Archive({"/f": b"one"})) as archive:
        late = plan([remote(archive, "f")], tmp_path)
        run = transfer_module._Run(tmp_path, Manifest(tmp_path), settings())
        fetched(archive, tmp_path, ["f"])
        assert isinstance(run.fetch(late.wanted[0]), Fetched)
        run.connections.close()
    assert len(archive.seen) == 1


def test_the_manifest_holds_no_query_and_no_user(tmp_path):
    with serving(Archive({"/f": b"one"})) as archive:
        file = RemoteFile(f"{archive.url}/f?token=topsecret", PurePosixPath("f"))
        ((_, result),) = transfer(plan([file], tmp_path), settings())
    assert "topsecret" not in (tmp_path / NAME).read_text() + repr(result)


def test_two_files_of_one_name_are_an_error(tmp_path):
    files = [RemoteFile(f"http://h/{place}/F", PurePosixPath(name)) for place, name in ("aF", "bf")]
    with pytest.raises(InputError, match="same name"):
        plan(files, tmp_path)


def test_a_full_disk_is_seen_before_anything_is_fetched(tmp_path):
    file = RemoteFile("http://127.0.0.1:9/f", PurePosixPath("f"), size=10**18)
    with pytest.raises(OutputError, match="free"):
        list(transfer(plan([file], tmp_path / "new"), settings()))
    assert not (tmp_path / "new").exists()


def test_a_part_of_another_source_is_not_gone_on_with(tmp_path):
    with serving(Archive({"/a/f": b"a" * 9_000}, lies={"/a/f": 10_000})) as archive:
        file = RemoteFile(f"{archive.url}/a/f", PurePosixPath("f"))
        list(transfer(plan([file], tmp_path), settings()))
        archive.files["/b/f"] = b"b" * 10_000
        other = RemoteFile(f"{archive.url}/b/f", PurePosixPath("f"))
        list(transfer(plan([other], tmp_path), settings()))
    assert tree(tmp_path) == {"f": b"b" * 10_000}


def test_the_rate_is_kept(tmp_path):
    files = {f"/f{n}": some_bytes(250_000, n) for n in range(4)}
    with serving(Archive(files)) as archive:
        how = settings()
        how.rate = 1_000_000
        begin = time.monotonic()
        fetched(archive, tmp_path, [name[1:] for name in files], how)
        assert time.monotonic() - begin > 0.7


def test_no_more_streams_than_asked_for(tmp_path):
    busy, most = [0], [0]

    def watch(path: str, count: int) -> None:
        with archive.lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        time.sleep(0.03)
        with archive.lock:
            busy[0] -= 1

    files = {f"/f{n}": b"x" for n in range(8)}
    with serving(Archive(files)) as archive:
        archive.on_get = watch
        fetched(archive, tmp_path, [name[1:] for name in files], settings(streams=2))
    assert most[0] == 2


def kill_and_rerun(archive: Archive, folder: Path, kills: int, seed: int) -> None:
    """Fetch with the command line, kill it so many times at random moments, then let it end."""
    urls = [f"{archive.url}{name}" for name in archive.files]
    words = [sys.executable, "-m", "nephoscope", "fetch", "url", *urls, "-o", str(folder)]
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(kills):
        before = len(archive.seen)
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        while process.poll() is None and len(archive.seen) == before:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for path, body in tree(folder).items():
            assert path.startswith(".") or body == archive.files[f"/{path}"], path
    subprocess.run(words, check=True, capture_output=True)  # noqa: S603


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_random_moments_the_rerun_ends_with_the_same_tree(tmp_path, kills):
    files = {f"/f{n}": some_bytes(400_000, n) for n in range(10)}
    with serving(Archive(files, cut=200_000, rate=4_000_000)) as archive:
        kill_and_rerun(archive, tmp_path, kills, seed=1)
    assert tree(tmp_path) == {name[1:]: body for name, body in files.items()}
    assert not verify(tmp_path, lambda path: None).bad


def test_what_a_killed_run_was_writing_beside_a_part_is_removed(tmp_path):
    live = part_path(tmp_path / ".f.fetch.json").name
    (tmp_path / live.replace(f"-{os.getpid()}.", "-999999999.")).write_text("half")
    with serving(Archive({"/f": b"x"})) as archive:
        fetched(archive, tmp_path, ["f"])
    assert tree(tmp_path) == {"f": b"x"}


def test_room_is_made_of_what_was_fetched_first_and_of_nothing_else(tmp_path):
    files = {f"/f{n}": bytes(100_000) for n in range(4)}
    with serving(Archive(files)) as archive:
        for name in files:
            fetched(archive, tmp_path, [name[1:]])
    (tmp_path / "mine").write_bytes(bytes(100_000))
    (tmp_path / "f0").write_bytes(b"changed by me")
    assert make_room(tmp_path, 250_000, 40_000, {"f1"}) == ["f2", "f3"]
    assert sorted(tree(tmp_path)) == ["f0", "f1", "mine"]
    assert not verify(tmp_path, lambda path: None).bad[1:]  # f0, which was changed
    with pytest.raises(OutputError, match="limit"):
        make_room(tmp_path, 150_000, 0, {"f1"})
    assert sorted(tree(tmp_path)) == ["f0", "f1", "mine"]
