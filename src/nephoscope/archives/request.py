"""The request: which files of an archive are wanted, as the user says it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from nephoscope.archives.listing import Listing
from nephoscope.errors import NephoscopeError, UsageError


@dataclass(frozen=True)
class Request:
    """What is wanted.

    Attributes:
        items: URLs, of the source that takes them.
        products: names of products of the source; none for all that it has.
        first: first day (UTC).
        last: last day, included.
        step: minutes between pictures; None for all.
        bbox: west, south, east, north in degrees.
        pair: only pictures that a track crosses, and these tracks.
        listings: folder of the cached listings; None keeps none.
        fresh: list again what was listed before.
        daytime: no files of the night side.
        failed: told what cannot be had.
        remarks: told what the user should know.
    """

    items: Sequence[str] = ()
    products: Sequence[str] = ()
    first: date | None = None
    last: date | None = None
    step: int | None = None
    bbox: tuple[float, float, float, float] | None = None
    pair: bool = False
    listings: Path | None = None
    fresh: bool = False
    daytime: bool = False
    failed: list[NephoscopeError] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def tell(self, listing: Listing) -> None:
        """Take over what a listing refused, and the days that it does not have."""
        self.failed.extend(listing.refused)
        if missing := sorted(listing.missing & set(self.days())):
            some = ", ".join(f"{day}" for day in missing[:3])
            more = ", ..." if len(missing) > 3 else ""
            self.remarks.append(f"the archive lists no folder of {some}{more}")

    def days(self) -> list[date]:
        """Every day that is wanted.

        Raises:
            UsageError: no day is named.
        """
        if self.first is None:
            raise UsageError("--from: name the first day, e.g. --from 2009-07-01")
        last = self.last or self.first
        return [self.first + timedelta(days=n) for n in range((last - self.first).days + 1)]


def check_products(names: Iterable[str], known: Collection[str]) -> None:
    """See that a source has products of these names.

    Raises:
        UsageError: one is not known.
    """
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"--product {unknown[0]}: is none of {', '.join(known)}")


def day_of(text: str, option: str) -> date:
    """A day as users write it.

    Raises:
        UsageError: it is none.
    """
    for form in ("%Y-%m-%d", "%Y%m%d", "%Y_%m_%d", "%Y/%m/%d"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise UsageError(f"{option} {text}: is no day; write it as 2009-07-31")
