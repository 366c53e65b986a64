"""Times as people say them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """A time in the unit in which people would say it, e.g. `40 s`, `12 min` or `3.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
