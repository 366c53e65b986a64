"""Source `url`: files that are named one by one, on any server."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from nephoscope.archives.connections import PROTOCOLS, Access
from nephoscope.archives.credentials import Login, find_login
from nephoscope.archives.names import safe_path
from nephoscope.archives.remote import RemoteFile, plain_url
from nephoscope.archives.request import Request
from nephoscope.errors import InputError, UsageError, shown

OPTIONS = frozenset({"items", "list"})
PREFIX = ""
ACCOUNT = "Where a server asks for credentials, put them into ~/.netrc (mode 600)."
_CHECKSUM = re.compile(r"(?:sha256:[0-9a-fA-F]{64}|md5:[0-9a-fA-F]{32}|sha1:[0-9a-fA-F]{40})")


def host() -> None:
    """None: any host."""


def login_of(host: str) -> Login | None:
    """The credentials of a host, if there are any; none are needed."""
    return find_login(host)[0]


def plan(request: Request, access: Access) -> list[RemoteFile]:
    """The files that the URLs name, and all of a folder where one ends in "/".

    Raises:
        UsageError: one is no URL, or holds a password.
    """
    return [remote_file(item) for item in request.items]


def read_list(path: Path) -> list[str]:
    """The URLs of a text file: one a line, a checksum behind it if there is one, "#" comments.

    Raises:
        InputError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, "cannot be read as a list of URLs") from error
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def remote_file(item: str) -> RemoteFile:
    """The file of a URL, which a checksum may follow ("sha256:…"); it is named as on the server.

    Raises:
        UsageError: it is no URL, or holds a password.
        InputError: it names no file.
    """
    url, _, checksum = item.partition(" ")
    checksum = checksum.strip()
    if checksum and not _CHECKSUM.fullmatch(checksum):
        raise UsageError(f"{plain_url(url)}: behind a URL goes a checksum, sha256:… or md5:…")
    parts = urlsplit(url)
    if parts.scheme.lower() not in PROTOCOLS or not parts.hostname:
        raise UsageError(f"{shown(plain_url(url))}: is no URL of {', '.join(PROTOCOLS)}")
    if "@" in parts.netloc:
        raise UsageError(
            f"{shown(plain_url(url))}: holds a user or password, which others would see; put them "
            "into ~/.netrc (mode 600)"
        )
    name = unquote(PurePosixPath(parts.path).name if not parts.path.endswith("/") else "")
    if not name:
        raise InputError(plain_url(url), "names no file")
    # A slash that was quoted is part of a name, and no folder.
    return RemoteFile(url, safe_path(name.replace("/", "%2F")), checksum=checksum)
