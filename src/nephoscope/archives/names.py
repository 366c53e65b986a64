"""Safe names: paths that an archive gives, made such that they stay below the output folder."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

from nephoscope.errors import InputError, shown

_UNSAFE = frozenset('\\:*?"<>|')
_DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(10)),
}


def safe_path(path: str) -> PurePosixPath:
    r"""A path that an archive gives, as one below the output folder.

    Letters that some file systems do not take (line breaks and other control characters, ``\ : * ?
    " < > |``) and a leading dot, which would hide a file, are written as in a URL ("%0A").

    Raises:
        InputError: it is absolute, leads up, or has an empty part.
    """
    parts = path.split("/")
    if not path or path.startswith("/") or (len(path) > 1 and path[1] == ":" and path[0].isalpha()):
        raise InputError(path or "''", "is no path below a folder: refused")
    for part in parts:
        if part in {"", ".", ".."} or part.strip(" .") == "":
            raise InputError(path, f"has a part {shown(part)!r} that leads elsewhere: refused")
    return PurePosixPath(*map(_safe_part, parts))


def _safe_part(part: str) -> str:
    safe = "".join(_escaped(letter) if _is_unsafe(letter) else letter for letter in part)
    if safe.startswith(".") or safe.split(".")[0].lower() in _DEVICES:
        safe = _escaped(safe[0]) + safe[1:]
    if safe[-1] in " .":
        safe = safe[:-1] + _escaped(safe[-1])
    return safe


def _is_unsafe(letter: str) -> bool:
    return letter in _UNSAFE or unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _escaped(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogateescape"))
