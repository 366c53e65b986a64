"""A tree of the stand-in's maps."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from tiny_runs import make_map


@pytest.fixture
def tree(tmp_path) -> Path:
    for day in range(1, 5):
        make_map(tmp_path / "raw" / "P" / "P01" / f"P01_day{day:02d}.npy", day)
    for day in range(1, 3):
        make_map(tmp_path / "raw" / "P" / "P02" / f"P02_day{day:02d}.npy", 10 + day)
    (tmp_path / "raw" / "P" / "P01" / "P01_ls.txt").write_text("P01_day01 28 132.5\n")
    return tmp_path / "raw"
