"""Full white of a colour picture: colour in any depth is brought to DN 0..255, or refused.

Nothing in a file of 16 bits says whether its camera had 10, 12, 14 or 16. Where the file does not
state it either (`DATAMAX` or `SATURATE` of FITS, sBIT of PNG), the brightest pixel tells: that of a
day frame is not below `BRIGHTEST` of full white, and the depths lie a factor of four apart.
"""

from __future__ import annotations

from pathlib import Path

from nephoscope.errors import InputError

WHITE = 255.0
"""DN of full white in a Scene."""
FULL_SCALES = (WHITE, 1023.0, 4095.0, 16383.0, 65535.0)
"""Full white in 8, 10, 12, 14 and 16 bits; 1.0 in numbers with a fraction is another."""
BRIGHTEST = 0.6
"""Of full white; the brightest pixel of none of the public sets' day pictures is darker."""

_REMEDY = "state full white: DATAMAX in FITS, sBIT in PNG; or save it with 8 bits a channel"
_NEGATIVE = 0.02  # of full white; noise about a dark level is no more


def full_scale_in(
    path: Path, lowest: float, highest: float, *, whole: bool, stated: float | None = None
) -> float:
    """Number that is full white in a colour picture.

    Args:
        path: named in errors.
        lowest: number of all channels.
        highest: number of all channels.
        whole: whether all are whole numbers.
        stated: what the file says full white is, if it does.

    Raises:
        InputError: the numbers are beyond what is stated, negative, beyond 16 bits, or could be of
            two depths.
    """
    if stated is not None:
        full = stated
        if highest > full:
            problem = f"holds {highest:g}, beyond the full white of {full:g} that it states"
            raise InputError(path, problem, field="scale", remedy=_REMEDY)
    else:
        full = _guessed(path, highest, whole)
    if lowest < -_NEGATIVE * full:
        problem = f"holds {lowest:g}: light is not negative"
        raise InputError(path, problem, field="scale", remedy="leave nothing subtracted")
    return full


def scale_note(full: float, stated: bool) -> str:
    """Note on how the numbers were brought to DN, in a line; "" where they were not."""
    if full == WHITE:
        return ""
    return f"DN are 255/{full:g} of the numbers, {'as stated' if stated else 'by the brightest'}"


def _guessed(path: Path, highest: float, whole: bool) -> float:
    if highest <= 0:
        return WHITE  # black in any depth
    if highest <= 1 and not whole:
        return 1.0
    full = next((full for full in FULL_SCALES if highest <= full), None)
    if full is None:
        raise InputError(path, f"holds {highest:g}, beyond 16 bits", field="scale", remedy=_REMEDY)
    if highest < BRIGHTEST * full and full < FULL_SCALES[-1]:
        problem = f"holds at most {highest:g}: nothing says whether full white is {full:g} or more"
        raise InputError(path, problem, field="scale", remedy=_REMEDY)
    return full
