"""Room in a folder of limited size: what was fetched first goes first, and nothing else ever."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from nephoscope.archives.manifest import Manifest
from nephoscope.archives.pace import size_text
from nephoscope.errors import OutputError, shown


def make_room(folder: Path, most: int, coming: int, wanted: Collection[str]) -> list[str]:
    """Delete files that were fetched into a folder until what is coming fits.

    Only files that are as they were fetched are deleted, by size and time of change: what the user
    wrote, or changed, stays, whatever it is called.

    Args:
        folder: of the output.
        most: bytes that it may hold.
        coming: bytes that are to come.
        wanted: paths below the folder that stay, for they are asked for.

    Returns:
        The paths that were deleted.

    Raises:
        OutputError: not enough could be deleted.
    """
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    held = sum(path.stat().st_size for path in files)
    manifest, deleted = Manifest(folder), list[str]()
    candidates = [path for path in manifest if manifest.asked_as(path) not in wanted]
    for path in candidates:
        if held + coming <= most:
            break
        final = folder / path
        if manifest.holds(path) and final.is_file():
            held -= final.stat().st_size
            final.unlink()
            manifest.forget(path)
            deleted.append(path)
    if held + coming > most:
        raise OutputError(
            f"{shown(folder)}: {size_text(held)} stay and {size_text(coming)} are to come, more "
            f"than the limit of {size_text(most)}"
        )
    return deleted
