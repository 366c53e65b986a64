"""Source `icare`: ICARE (AERIS, Lille), by SFTP: PARASOL, CALTRACK, CloudSat, DARDAR.

Folders: `<root>/<group>/<product>[.vN.NN]/<YYYY>/<YYYY_MM_DD>/<file>`. The host and root are those
of ICARE's instructions for SFTP access (2024); the plain FTP host of older programs is closed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from urllib.parse import quote

from nephoscope.archives.connections import Access
from nephoscope.archives.credentials import Login, need_login
from nephoscope.archives.facts import SftpFacts, with_own
from nephoscope.archives.listing import Listing
from nephoscope.archives.remote import RemoteFile
from nephoscope.archives.request import Request, check_products
from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.cloudsat.names import parse_caltrack_name
from nephoscope.instruments.polder.names import parse_name

OPTIONS = frozenset({"product", "from", "to", "pair", "daytime", "fresh"})
ACCOUNT = (
    "Register (free) at https://www.icare.univ-lille.fr, then set NEPHOSCOPE_ICARE_USER and "
    "NEPHOSCOPE_ICARE_PASSWORD or write them into ~/.netrc"
)
PREFIX = "NEPHOSCOPE_ICARE"
WITHIN = timedelta(minutes=10)
"""Greatest difference between the starts of a half orbit of PARASOL and one of CALIPSO."""
PAIRS_OF = "polder"
"""The instrument that `build --fetch` makes samples of, and `pair` finds tracks for."""
PAIRED = ("parasol", "cs-2b-cldclass", "par-rb2")


class IcareFacts(SftpFacts):
    """Where ICARE's files lie."""

    host: str = "sftp.icare.univ-lille.fr"
    root: str = "/SPACEBORNE"
    products: dict[str, str] = {  # noqa: RUF012 - copied by pydantic
        "parasol": "PARASOL/L1_B-HDF",
        "par-rb2": "CALIOP/CALTRACK-5km_PAR-RB2",
        "cs-2b-cldclass": "CALIOP/CALTRACK-5km_CS-2B-CLDCLASS",
        "2b-cldclass": "CLOUDSAT/2B-CLDCLASS",
        "2b-cldclass-lidar": "CLOUDSAT/2B-CLDCLASS-LIDAR",
        "dardar-nice": "CLOUDSAT/DARDAR-NICE_L2-PRO",
        "dardar-cloud": "CLOUDSAT/DARDAR-CLOUD",
    }


def facts() -> IcareFacts:
    """The facts, with the user's own."""
    return with_own("icare", IcareFacts())


def host() -> tuple[str, int]:
    """Host and port that are asked."""
    known = facts()
    return known.host, known.port


def login_of(host: str) -> Login | None:
    """The credentials for ICARE.

    Raises:
        CredentialsError: there are none.
    """
    return need_login(host, PREFIX, ACCOUNT)


def plan(request: Request, access: Access) -> list[RemoteFile]:
    """The files of products and days; with `pair` those that belong together alone.

    Raises:
        UsageError: no product or no day is named, or none of that name is known.
        TransferError: the archive cannot be listed.
    """
    known, names = facts(), list(request.products)
    if request.pair:
        names = names or list(PAIRED)
        if not set(names) >= set(PAIRED[:2]):
            raise UsageError(f"--pair: is of the products {' and '.join(PAIRED[:2])}")
    if not names:
        raise UsageError(f"fetch icare: name a --product of {', '.join(known.products)}")
    check_products(names, known.products)
    with closing(Listing(access, request.listings, request.fresh)) as listing:
        found = {name: _product(listing, known, name, request) for name in names}
    request.tell(listing)
    if request.pair:
        found |= pair(found, request.days())
    files = [file for name in names for file in found[name]]
    return [file for file in files if not (request.daytime and is_night(file))]


def pair(found: dict[str, list[RemoteFile]], days: Sequence[date]) -> dict[str, list[RemoteFile]]:
    """Half orbits of PARASOL and of CALIPSO by day that start together, each with its nearest.

    Args:
        found: files by product.
        days: those wanted; a pair is of the day on which CALIPSO's half orbit starts.
    """
    pictures = sorted(
        (file for file in found["parasol"] if file.time), key=lambda file: file.time or datetime.max
    )
    starts = [file.time for file in pictures if file.time]
    kept: dict[str, set[RemoteFile]] = {name: set() for name in PAIRED}
    tracks: dict[datetime, RemoteFile] = {}
    for track in found["cs-2b-cldclass"]:
        if track.time and track.time.date() in set(days) and not is_night(track):
            tracks[track.time] = max(tracks.get(track.time, track), track, key=_newest)
    offsets = {file.time: file for file in found.get("par-rb2", ()) if not is_night(file)}
    for start, track in tracks.items():
        place = bisect_left(starts, start)
        near = [(abs(starts[n] - start), n) for n in (place - 1, place) if 0 <= n < len(starts)]
        if near and min(near)[0] <= WITHIN:
            kept["parasol"].add(pictures[min(near)[1]])
            kept["cs-2b-cldclass"].add(track)
            kept["par-rb2"] |= {offsets[start]} if start in offsets else set()
    return {
        name: [file for file in found[name] if file in kept[name]]
        for name in PAIRED
        if name in found
    }


def is_night(file: RemoteFile) -> bool:
    """Whether a file is of the night side, as its name says."""
    name = parse_caltrack_name(file.path.name)
    return name is not None and name.half == "night"


def _newest(file: RemoteFile) -> str:
    return file.path.name


def _product(listing: Listing, known: IcareFacts, name: str, request: Request) -> list[RemoteFile]:
    group, _, wanted = known.products[name].rpartition("/")
    base = f"{known.url}/{quote(group)}"
    product = listing.newest(base, wanted)
    if product is None:
        request.failed.append(InputError(f"{base}/{wanted}", "the archive has no such product"))
        return []

    days = request.days()
    if request.pair and name == "parasol":  # a pair may lie on both sides of midnight
        days = [days[0] - timedelta(days=1), *days, days[-1] + timedelta(days=1)]
    files = listing.files_of_days(
        days, f"{base}/{quote(product)}", f"{group}/{product}", "%Y_%m_%d"
    )
    return [replace(file, time=_time(file)) for file in files]


def _time(file: RemoteFile) -> datetime | None:
    name = file.path.name
    picture, track = parse_name(name), parse_caltrack_name(name)
    return picture.start if picture else track.start if track else None
