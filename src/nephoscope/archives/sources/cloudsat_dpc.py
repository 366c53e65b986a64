"""Source `cloudsat-dpc`: the CloudSat Data Processing Center (CIRA), by SFTP with a key.

Folders: `<root>/<product>.P1_R05/<YYYY>/<DDD>/<file>`, DDD the day of the year (instructions of the
Data Processing Center, 2024).
"""

from __future__ import annotations

from contextlib import closing
from urllib.parse import quote

from nephoscope.archives.connections import Access
from nephoscope.archives.credentials import Login, need_login
from nephoscope.archives.facts import SftpFacts, with_own
from nephoscope.archives.listing import Listing
from nephoscope.archives.remote import RemoteFile
from nephoscope.archives.request import Request, check_products
from nephoscope.errors import InputError, UsageError

OPTIONS = frozenset({"product", "from", "to", "fresh"})
ACCOUNT = (
    "Register (free) at https://www.cloudsat.cira.colostate.edu, upload a public SSH key there, "
    "then set NEPHOSCOPE_CLOUDSAT_DPC_USER and NEPHOSCOPE_CLOUDSAT_DPC_KEY (file of the private "
    "key; its passphrase in NEPHOSCOPE_CLOUDSAT_DPC_PASSWORD)"
)
PREFIX = "NEPHOSCOPE_CLOUDSAT_DPC"


class CloudsatFacts(SftpFacts):
    """Where CloudSat's files lie."""

    host: str = "www.cloudsat.cira.colostate.edu"
    root: str = "/Data"
    products: dict[str, str] = {  # noqa: RUF012 - copied by pydantic
        "2b-cldclass": "2B-CLDCLASS.P1_R05",
        "2b-cldclass-lidar": "2B-CLDCLASS-LIDAR.P1_R05",
        "2c-ice": "2C-ICE.P1_R05",
    }


def facts() -> CloudsatFacts:
    """The facts, with the user's own."""
    return with_own("cloudsat-dpc", CloudsatFacts())


def host() -> tuple[str, int]:
    """Host and port that are asked."""
    known = facts()
    return known.host, known.port


def login_of(host: str) -> Login | None:
    """The credentials for the Data Processing Center.

    Raises:
        CredentialsError: there are none.
    """
    return need_login(host, PREFIX, ACCOUNT)


def plan(request: Request, access: Access) -> list[RemoteFile]:
    """The files of products and days.

    Raises:
        UsageError: no product or no day is named, or none of that name is known.
        TransferError: the archive cannot be listed.
    """
    known = facts()
    if not request.products:
        raise UsageError(f"fetch cloudsat-dpc: name a --product of {', '.join(known.products)}")
    check_products(request.products, known.products)
    with closing(Listing(access, request.listings, request.fresh)) as listing:
        found = [_product(listing, known, name, request) for name in request.products]
    request.tell(listing)
    return [file for files in found for file in files]


def _product(
    listing: Listing, known: CloudsatFacts, name: str, request: Request
) -> list[RemoteFile]:
    product = known.products[name]
    if not listing.has(known.url, product):
        request.failed.append(
            InputError(f"{known.url}/{product}", "the archive has no such product")
        )
        return []
    return listing.files_of_days(request.days(), f"{known.url}/{quote(product)}", product, "%j")
