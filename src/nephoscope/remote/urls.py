"""URLs of objects: what is one, how it is shown, where its copies lie, and what opens it.

Credentials are found by the libraries themselves (environment, configuration, roles). Where an URL
holds some all the same, or a signature, it is never shown, stored or sent on with them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from nephoscope.errors import UsageError
from nephoscope.extras import MissingExtraError, is_there, need

CACHE = "NEPHOSCOPE_CACHE"
"""Names the folder of copies, in place of that in the user's cache folder."""
EXTRA = "cloud"
_URL = re.compile(r"[a-z][a-z0-9+]+://")
_USER = re.compile(r"(?<=://)[^/@\s]*@")
_QUERY = re.compile(r"(://[^\s?#'\"]*)[?#][^\s'\")]*")
_OWN_PACKAGES = {"gs": "gcsfs", "gcs": "gcsfs"}
"""Schemes that need a package which no extra brings."""


def is_url(place: object) -> bool:
    """Whether a place is an URL, not a path."""
    return isinstance(place, str) and _URL.match(place) is not None


def shown_url(text: str) -> str:
    """A text without user names, passwords, signatures and what else is in the URLs of it."""
    return _QUERY.sub(r"\1", _USER.sub("", text))


def cache() -> Path:
    """The folder of copies; it need not be there."""
    if named := os.environ.get(CACHE):
        return Path(named).absolute()
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "nephoscope" / "remote"


def copies_of(url: str) -> Path:
    """Where copies of what lies at an URL are."""
    scheme, _, rest = shown_url(url).partition("://")
    parts = [part for part in PurePosixPath(rest).parts if part not in {"/", ".", ".."}]
    return cache().joinpath(scheme, *parts)


class Place(NamedTuple):
    """A file system behind an URL, and a path in it.

    Attributes:
        system: of fsspec.
        path: of the file or prefix, as the system names it.
        url: as it may be shown.
    """

    system: Any
    path: str
    url: str


def place_of(url: str) -> Place:
    """What opens an URL.

    Raises:
        MissingExtraError: what it needs is not installed.
        UsageError: nothing opens such an URL.
    """
    scheme = url.partition("://")[0]
    need(f"{scheme}://", EXTRA)
    own = _OWN_PACKAGES.get(scheme, "fsspec")
    if not is_there(own):
        raise MissingExtraError(f"{scheme}:// needs {own}: pip install {own}")
    from fsspec.core import url_to_fs

    try:
        system, path = url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise UsageError(f"{shown_url(url)}: {shown_url(str(error))}") from None
    return Place(system, str(path).rstrip("/") if "?" not in path else path, shown_url(url))


def failures() -> tuple[type[Exception], ...]:
    """What the libraries raise of a place that cannot be reached, read or written."""
    found: list[type[Exception]] = [OSError, ValueError, TimeoutError]
    if is_there("aiohttp"):
        import aiohttp

        found.append(aiohttp.ClientError)
    if is_there("botocore"):
        import botocore.exceptions

        found += [botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError]
    if is_there("gcsfs"):
        import gcsfs.retry
        from google.auth.exceptions import GoogleAuthError

        found += [gcsfs.retry.HttpError, gcsfs.retry.ChecksumError, GoogleAuthError]
    return tuple(found)


def reason_of(error: Exception) -> str:
    """What a library says of a failure, without secrets, in one line."""
    said = " ".join(shown_url(str(error)).split())
    return said or type(error).__name__


ASK = "see to the address and to the credentials that its own tools use"
"""What to do about a place that does not answer."""
