"""Speed and safety of `nephoscope fetch` against a server in another process that misbehaves.

Run as `python -m benchmarks.fetch [cuts|kills|link|plan ...]`; what each measures:

cuts: 1,000 files through a line that is cut every 2 MB: right checksums, bytes that came twice.
kills: the command killed 50 times at random moments, then run to its end: the same tree.
link: a line of 20 MB/s for all streams together: share of it that is used, and processors.
plan: a year of 30,000 files planned from kept listings.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import date, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
BLOCK = 1 << 17
_POOL = 1 << 26


def body_of(number: int, size: int) -> memoryview:
    """The bytes of a file: those of one random block, from a place of its own."""
    block = _block()
    start = (number * 65_537) % (_POOL - size)
    return memoryview(block)[start : start + size]


_BLOCKS: list[bytes] = []


def _block() -> bytes:
    if not _BLOCKS:
        _BLOCKS.append(random.Random(1).randbytes(_POOL))  # noqa: S311 - no secret
    return _BLOCKS[0]


def serve(sizes: dict[str, int], cut: int, link: float | None, pipe: Connection) -> None:
    """Serve files in a process of its own; tells its URL, at the end what it sent."""
    from http_archive import Archive, serving
    from nephoscope.archives.pace import Throttle

    files = {f"/{name}": body_of(n, size) for n, (name, size) in enumerate(sizes.items())}
    archive = Archive(files, cut=cut, on_sent=Throttle(link).passed)  # type: ignore[arg-type]
    with serving(archive):
        pipe.send(archive.url)
        pipe.recv()
        pipe.send((dict(archive.sent), Counter(path for path, _ in archive.seen)))


class Server:
    """A server process, for a `with` block."""

    def __init__(self, sizes: dict[str, int], cut: int = 0, link: float | None = None) -> None:
        self.pipe, other = get_context("spawn").Pipe()
        self.process = get_context("spawn").Process(
            target=serve, args=(sizes, cut, link, other), daemon=True
        )

    def __enter__(self) -> Server:
        self.process.start()
        self.url = self.pipe.recv()
        return self

    def __exit__(self, *args: object) -> None:
        self.pipe.send("end")
        self.sent, self.seen = self.pipe.recv()
        self.process.join()


def files_of(server: Server, sizes: dict[str, int], checksums: bool = False) -> list:  # noqa: D103
    from nephoscope.archives.remote import RemoteFile

    return [
        RemoteFile(
            f"{server.url}/{name}", PurePosixPath(name), size,
            f"md5:{hashlib.md5(body_of(n, size), usedforsecurity=False).hexdigest()}"
            if checksums else "",
        )
        for n, (name, size) in enumerate(sizes.items())
    ]  # fmt: skip


def transfer_all(server: Server, sizes: dict[str, int], folder: Path, checksums: bool) -> dict:
    """Transfer; seconds, processors in use, and files that did not arrive."""
    from nephoscope.archives.transfer import Fetched, Settings, plan, transfer

    planned = plan(files_of(server, sizes, checksums), folder)
    begin, used = time.perf_counter(), time.process_time()
    results = [result for _, result in transfer(planned, Settings())]
    seconds = time.perf_counter() - begin
    return {
        "seconds": round(seconds, 1),
        "processors": round((time.process_time() - used) / seconds, 2),
        "failed": sum(not isinstance(result, Fetched) for result in results),
    }


def wrong(folder: Path, sizes: dict[str, int]) -> int:
    """Files under a final name whose bytes are not those served."""
    return sum(
        (folder / name).exists() and (folder / name).read_bytes() != body_of(n, size)
        for n, (name, size) in enumerate(sizes.items())
    )


def cuts(folder: Path) -> dict:
    """1,000 files through a line that is cut every 2 MB."""
    chance = random.Random(0)  # noqa: S311 - no secret
    sizes = {f"f{n:04d}": chance.randint(1_000_000, 5_000_000) for n in range(1000)}
    with Server(sizes, cut=2_000_000) as server:
        found = transfer_all(server, sizes, folder, checksums=True)
    total, sent = sum(sizes.values()), sum(server.sent.values())
    number = sum(server.seen.values()) - len(sizes)
    most = max(
        (server.sent[f"/{name}"] - size) / max(server.seen[f"/{name}"] - 1, 1)
        for name, size in sizes.items()
    )
    return found | {
        "bytes": total, "cuts": number, "twice": sent - total, "twice_per_cut_at_most": most,
        "block": BLOCK, "wrong": wrong(folder, sizes),
        "missing": sum(not (folder / name).exists() for name in sizes),
    }  # fmt: skip


def kills(folder: Path, times: int = 50) -> dict:
    """The command killed at random moments."""
    chance = random.Random(2)  # noqa: S311 - no secret
    sizes = {f"f{n:03d}": chance.randint(500_000, 3_000_000) for n in range(200)}
    bad, stopped = 0, 0
    with Server(sizes, cut=2_000_000, link=4e6) as server:
        urls = folder.with_suffix(".txt")
        urls.write_text("\n".join(f"{server.url}/{name}" for name in sizes))
        words = [sys.executable, "-m", "nephoscope", "fetch", "url", "--list", str(urls)]
        words += ["-o", str(folder)]
        for _ in range(times):
            process = subprocess.Popen(words, stdout=-3, stderr=-3)  # noqa: S603 - our own
            time.sleep(chance.uniform(0.5, 3.5))
            stopped += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.wait()
            bad += wrong(folder, sizes)
        arrived = sum((folder / name).exists() for name in sizes)
        done = subprocess.run(words, capture_output=True)  # noqa: S603 - our own
    verified = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "nephoscope", "fetch", "--verify", str(folder)], capture_output=True
    )
    visible = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    return {
        "kills_while_running": stopped, "arrived_before_the_last": arrived,
        "bad_at_any_time": bad + wrong(folder, sizes), "exit": done.returncode,
        "verify": verified.returncode, "same_tree": visible == set(sizes),
        "parts_left": len([*folder.glob(".*part")]),
    }  # fmt: skip


def link(folder: Path) -> dict:
    """A line of 20 MB/s."""
    sizes = {f"f{n:03d}": 20_000_000 for n in range(30)}
    with Server(sizes, link=20e6) as server:
        found = transfer_all(server, sizes, folder, checksums=False)
    rate = sum(sizes.values()) / found["seconds"]
    return found | {"share_of_the_line": round(rate / 20e6, 3), "wrong": wrong(folder, sizes)}


def plan(folder: Path) -> dict:
    """A year of 30,000 files from kept listings of ICARE."""
    from nephoscope.archives.connections import Access
    from nephoscope.archives.listing import Listing
    from nephoscope.archives.remote import Entry
    from nephoscope.archives.request import Request
    from nephoscope.archives.sources import icare
    from nephoscope.archives.transfer import plan as plan_transfer

    known, listing = icare.facts(), Listing(Access(), folder)
    days = Request(first=date(2008, 1, 1), last=date(2008, 12, 31)).days()
    forms = {
        "parasol": "POLDER3_L1B-BG1-080176M_{0:%Y-%m-%d}T{1}_V1-01.h5",
        "cs-2b-cldclass": "CALTRACK-5km_CS-2B-CLDCLASS_V1-00_{0:%Y-%m-%d}T{1}ZD.hdf",
        "par-rb2": "CALTRACK-5km_PAR-RB2_V1-00_{0:%Y-%m-%d}T{1}ZD.hdf",
    }
    for name, form in forms.items():
        group, _, product = known.products[name].rpartition("/")
        base = f"sftp://{known.host}:{known.port}{known.root}/{group}"
        kept = {base: [Entry(known.products[n].rpartition("/")[2], True) for n in forms]}
        top = f"{base}/{product}"
        more = [days[0] - timedelta(days=1), *days, days[-1] + timedelta(days=1)]
        kept[top] = [Entry(year, True) for year in ("2007", "2008", "2009")]
        for day in more:
            kept.setdefault(f"{top}/{day:%Y}", []).append(Entry(f"{day:%Y_%m_%d}", True))
            kept[f"{top}/{day:%Y}/{day:%Y_%m_%d}"] = [
                Entry(
                    form.format(day, f"{n * 50 // 60:02d}-{n * 50 % 60:02d}-01"), False, 10**8, "1"
                )
                for n in range(28)
            ]
        for url, entries in kept.items():
            listing._write(url, entries)
    access = Access(lambda host: None)
    begin = time.perf_counter()
    request = Request(first=days[0], last=days[-1], pair=True, listings=folder)
    planned = plan_transfer(icare.plan(request, access), folder / "out")
    return {"files": len(planned.wanted), "seconds": round(time.perf_counter() - begin, 1)}


PARTS = {"cuts": cuts, "kills": kills, "link": link, "plan": plan}


def main(names: list[str]) -> None:
    """Measure and print one JSON object a line."""
    os.environ.setdefault("PYTHONPATH", str(ROOT / "src"))
    for name in names or PARTS:
        with tempfile.TemporaryDirectory() as place:
            found = PARTS[name](Path(place) / "out")
        sys.stdout.write(json.dumps({"part": name} | found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
