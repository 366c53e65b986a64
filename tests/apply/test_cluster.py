"""Bulk runs end with the same bytes whoever does them, and whoever dies meanwhile."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from tiny_cluster import local_cluster
from tiny_runs import ALL, run

pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # of distributed's own, as it is closed
]


@pytest.fixture(scope="module")
def cluster():
    with local_cluster() as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def same_date(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")


def bytes_of(out: Path) -> dict[str, bytes]:
    files = (path for path in sorted(out.rglob("*")) if path.is_file())
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in files
        if "journal" not in path.name and path.suffix != ".lock"
    }


def test_a_cluster_writes_what_one_process_writes(tree, tmp_path, cluster, monkeypatch):
    (tree / "P" / "P01" / "P01_day02.npy").write_bytes(b"")
    run(tree, tmp_path / "one")
    run(tree, tmp_path / "two", workers=2)
    monkeypatch.chdir(tmp_path)  # workers are elsewhere: relative names must do
    events = []
    summary = run(
        tree.relative_to(tmp_path),
        Path("cluster"),
        scheduler=cluster.scheduler_address,
        on_event=events.append,
    )
    assert (summary.done, len(summary.failed), summary.left) == (5, 1, 0)
    assert [event.number for event in events] == list(range(1, 7))
    assert "P01_day02.npy [image]: cannot be read" in summary.failed[0][1]
    assert bytes_of(tmp_path / "cluster") == bytes_of(tmp_path / "one")
    assert bytes_of(tmp_path / "two") == bytes_of(tmp_path / "one")
    assert {name for name in bytes_of(tmp_path / "one") if name.startswith("P/")} == {
        name for name in ALL if "P01_day02" not in name
    }
    again = run(tree, tmp_path / "cluster", scheduler=cluster.scheduler_address)
    assert (again.done, again.skipped, again.known) == (0, 5, 1)
