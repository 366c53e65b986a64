"""Source `dataverse`: the Mars Daily Global Maps and their cloud masks, at Harvard Dataverse.

Datasets (Dataverse's native API, guides.dataverse.org): its JSON lists files with size and md5;
`/api/access/datafile/<id>` sends one. No account is needed.
"""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any
from urllib.parse import quote

from nephoscope.archives.connections import Access
from nephoscope.archives.credentials import Login
from nephoscope.archives.facts import Facts, with_own
from nephoscope.archives.names import safe_path
from nephoscope.archives.pace import tried
from nephoscope.archives.remote import RemoteFile, TransferError, host_of
from nephoscope.archives.request import Request, check_products
from nephoscope.errors import InputError

OPTIONS = frozenset({"product", "keep-archives"})
PREFIX = ""
ACCOUNT = "No account is needed."
MEMBERS = "*"


class DataverseFacts(Facts):
    """Where the datasets lie."""

    url: str = "https://dataverse.harvard.edu"
    products: dict[str, str] = {  # noqa: RUF012 - copied by pydantic
        "maps": "doi:10.7910/DVN/U3766S",
        "masks": "doi:10.7910/DVN/WU6VZ8",
    }


def facts() -> DataverseFacts:
    """The facts, with the user's own."""
    return with_own("dataverse", DataverseFacts())


def host() -> tuple[str, int]:
    """Host and port that are asked."""
    return host_of(facts().url)


def login_of(host: str) -> Login | None:
    """None: the files are open."""
    return None


def plan(request: Request, access: Access) -> list[RemoteFile]:
    """The files of the datasets, each dataset in a folder of its own.

    Raises:
        UsageError: a product is not known.
        TransferError: a dataset cannot be listed.
    """
    known = facts()
    names = request.products or list(known.products)
    check_products(names, known.products)
    return [file for name in names for file in _dataset(known, name, access, request)]


def _dataset(
    known: DataverseFacts, name: str, access: Access, request: Request
) -> list[RemoteFile]:
    base = known.url.rstrip("/")
    url = f"{base}/api/datasets/:persistentId/?persistentId={quote(known.products[name], '')}"
    try:
        listed = json.loads(_page(url, access.timeout))["data"]["latestVersion"]["files"]
        found = [(each.get("directoryLabel") or "", each["dataFile"], each) for each in listed]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TransferError(url, "is no list of a dataset") from error
    if not found:
        raise TransferError(url, "lists no files")
    files = []
    for folder, data, each in found:
        try:
            files.append(_file(base, name, folder, data, each))
        except InputError as error:
            request.failed.append(error)
    return files


def _file(
    base: str, dataset: str, folder: str, data: dict[str, Any], entry: dict[str, Any]
) -> RemoteFile:
    try:
        url = f"{base}/api/access/datafile/{int(data['id'])}"
        label, size = str(entry.get("label") or data["filename"]), data.get("filesize")
        checksum = f"md5:{data['md5']}" if data.get("md5") else ""
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{base} {dataset}", "lists a file without number or name") from error
    if original := data.get("originalFileName"):
        # A table that Dataverse keeps in its own form: ask for it as it was given.
        url, label, size, checksum = f"{url}?format=original", str(original), None, ""
    path = safe_path("/".join(part for part in (dataset, *folder.split("/"), label) if part))
    return RemoteFile(url, path, int(size) if size is not None else None, checksum)


def _page(url: str, timeout: float) -> str:
    from nephoscope.archives.http import HttpConnection  # needs the extra

    with closing(HttpConnection(None, timeout)) as connection:
        return tried(lambda: connection.text(url), url, 0.5)
