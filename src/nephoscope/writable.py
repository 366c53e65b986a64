"""Whether an output can be written, tried before the work that makes it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile

from nephoscope.errors import OutputError, UsageError, shown


def check_folder_writable(folder: Path) -> None:
    """See that a folder can be made and written to.

    Raises:
        UsageError: it is a file.
        OutputError: it cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{shown(folder)}: is a file; -o names the folder of the products")
    _try_to_write(folder, folder)


def check_place_writable(final: Path) -> None:
    """See that a file or folder can be put under a name, in place of one that is there.

    Raises:
        OutputError: it cannot.
    """
    _try_to_write(final.parent, final)
    if final.is_dir():  # what is replaced must be moved away, and removed
        _try_to_write(final, final)


def _try_to_write(folder: Path, named: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(f"{shown(named)}: could not be written: {error.strerror}") from error
