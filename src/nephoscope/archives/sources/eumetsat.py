"""Source `eumetsat`: SEVIRI's full disks (Level 1.5) from the EUMETSAT Data Store.

The client `eumdac` asks for tokens and searches; the zips, one a slot, are transferred as any other
file. A name holds the end of the scan: `MSG<n>-SEVI-MSG15-0100-NA-<YYYYMMDDhhmmss.fff>Z-NA`.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from nephoscope.archives.connections import Access
from nephoscope.archives.credentials import CredentialsError, Login, need_login
from nephoscope.archives.facts import Facts, with_own
from nephoscope.archives.names import safe_path
from nephoscope.archives.remote import RemoteFile, TransferError, host_of, plain_url
from nephoscope.archives.request import Request
from nephoscope.errors import InputError

OPTIONS = frozenset({"from", "to", "step", "bbox", "keep-archives"})
ACCOUNT = (
    "Register (free) at https://eoportal.eumetsat.int, take key and secret from "
    "https://api.eumetsat.int/api-key, then set NEPHOSCOPE_EUMETSAT_USER (key) and "
    "NEPHOSCOPE_EUMETSAT_PASSWORD (secret)"
)
PREFIX = "NEPHOSCOPE_EUMETSAT"
MEMBERS = "*.nat"
PAIRS_OF = "seviri"
"""The instrument that `build --fetch` makes samples of; the tracks are the user's."""
SLOT = 15
"""Minutes between two pictures."""
_NAME = re.compile(r"-(\d{14})(?:\.\d+)?Z")


class EumetsatFacts(Facts):
    """Where the pictures lie."""

    api: str = "https://api.eumetsat.int"
    collection: str = "EO:EUM:DAT:MSG:HRSEVIRI"


def facts() -> EumetsatFacts:
    """The facts, with the user's own."""
    return with_own("eumetsat", EumetsatFacts())


def host() -> tuple[str, int]:
    """Host and port that are asked."""
    return host_of(facts().api)


def login_of(host: str) -> Login | None:
    """Consumer key and secret.

    Raises:
        CredentialsError: there are none.
    """
    return need_login(host, PREFIX, ACCOUNT)


def plan(request: Request, access: Access) -> list[RemoteFile]:
    """The pictures of days; `access` gets the token that their transfer needs.

    Raises:
        UsageError: no day is named.
        CredentialsError: there are none, or they are refused.
        TransferError: the Data Store cannot be searched.
    """
    known, days = facts(), request.days()
    login = need_login(urlsplit(known.api).hostname or "", PREFIX, ACCOUNT)
    files: dict[str, RemoteFile] = {}
    with _explained(known.api, login):
        access.bearer = _Bearer(known, login)
        for found in _search(access.bearer.token, known, days, request):
            try:
                file = _file(found)
            except InputError as error:
                request.failed.append(error)
                continue
            if _is_of(file, days, request.step or SLOT):
                files[file.path.name] = file
    return sorted(files.values(), key=lambda file: file.path)


class _Bearer:
    """Gives the token of the time; each process asks for its own."""

    def __init__(self, known: EumetsatFacts, login: Login) -> None:
        self._of = known, login
        self._lock = threading.Lock()
        self.token = _token(known, login)

    def __call__(self) -> str:
        known, login = self._of
        with self._lock, _explained(known.api, login):
            return str(self.token)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self._of


def _token(known: EumetsatFacts, login: Login) -> Any:  # noqa: ANN401 - eumdac has no types
    from eumdac.token import AccessToken, URLs

    # Its logger writes tokens at the level of debugging.
    logging.getLogger("eumdac").setLevel(logging.WARNING)
    urls = URLs()
    urls["DEFAULT"]["api"] = known.api.rstrip("/")
    return AccessToken((login.user, login.password), urls=urls)


def _search(
    token: Any,  # noqa: ANN401 - eumdac has no types
    known: EumetsatFacts,
    days: list[date],
    request: Request,
) -> Iterator[Any]:
    from eumdac.datastore import DataStore

    collection = DataStore(token).get_collection(known.collection)
    query: dict[str, Any] = {
        "dtstart": datetime.combine(days[0], datetime.min.time()),
        "dtend": datetime.combine(days[-1] + timedelta(days=1), datetime.min.time()),
    }
    if request.bbox is not None:
        query["bbox"] = ",".join(map(str, request.bbox))
    yield from collection.search(**query)


def _file(product: Any) -> RemoteFile:  # noqa: ANN401 - eumdac has no types
    name = str(product)
    match = _NAME.search(name)
    if match is None:
        raise InputError(name, "has no time in its name")
    end = datetime.strptime(match[1], "%Y%m%d%H%M%S")
    # The URL of eumdac holds the token, which goes into a header instead.
    url = plain_url(product.url)
    return RemoteFile(url, safe_path(f"{end:%Y}/{end:%m}/{end:%d}/{name}.zip"), time=end)


def _is_of(file: RemoteFile, days: list[date], step: int) -> bool:
    end = file.time
    if end is None:
        return False
    begin = end - timedelta(minutes=end.minute % SLOT)  # a scan ends before its slot does
    return begin.date() in set(days) and (60 * begin.hour + begin.minute) % step == 0


@contextmanager
def _explained(api: str, login: Login) -> Iterator[None]:
    import requests
    from eumdac.errors import EumdacError

    try:
        yield
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status in {400, 401, 403}:
            raise CredentialsError(
                f"{urlsplit(api).hostname}: refuses the key and secret of {login.found_in}"
            ) from None
        raise TransferError(api, f"answers HTTP {status}") from None
    except requests.RequestException as error:
        raise TransferError(api, f"cannot be reached: {type(error).__name__}") from None
    except EumdacError as error:
        raise TransferError(api, login.hide(str(error))) from None
    except (KeyError, ValueError, TypeError, SyntaxError) as error:  # SyntaxError: no XML
        raise TransferError(
            api, f"answers what is not understood: {type(error).__name__}"
        ) from error
