"""Folder of zarr arrays whose chunks can be forced to disk, so that a power loss takes none.

A journal line that is on the disk says that samples are: their chunks must have got there before.
"""

from __future__ import annotations

from pathlib import Path

from zarr.core.buffer import Buffer
from zarr.storage import LocalStore

from nephoscope.files import force_to_disk


class DurableStore(LocalStore):
    """A zarr store in a folder that knows what was written since it was last forced to disk."""

    def __init__(self, root: Path | str, *, read_only: bool = False) -> None:
        super().__init__(root, read_only=read_only)
        self._written: set[Path] = set()

    async def set(self, key: str, value: Buffer) -> None:
        """Write a chunk, or what is said of an array."""
        await super().set(key, value)
        self._written.add(self.root / key)

    async def set_if_not_exists(self, key: str, value: Buffer) -> None:
        """Write what is said of an array, once."""
        await super().set_if_not_exists(key, value)
        self._written.add(self.root / key)

    def sync(self) -> None:
        """Force all that was written to disk; what was removed since is none of it."""
        force_to_disk((path for path in self._written if path.exists()), self.root)
        self._written.clear()
