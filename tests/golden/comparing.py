"""Facts beside those recorded: what differs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
HASH = re.compile(r"(?<![\w.])(?=\w*[a-f])(?=\w*\d)[0-9a-f]{8,}(?!\w|\.\d|[-+]\d)")
"""Part of a sha256 in a text: by its digits it may look like a number, such as 12345e67."""
HASHES = {"sha256", "samples_id", "DATASUM", "MASKSHA"}
SHARE, LEAST = 5e-3, 5e-3
"""Where another machine's arithmetic moves the last bit of a probability (1e-6), it may fall on the
other side of a threshold, or round to another step of 1/250, in a pixel in some thousands: means,
counts and quantiles stay well within half a percent; what a wrong step does to them is more."""


def differences(recorded: Any, found: Any, same_machine: bool) -> list[str]:
    """A line for each fact that is not as recorded.

    Args:
        recorded, found: facts, see `golden.facts`.
        same_machine: whether the arithmetic is that of the recording, so that bits must agree.
    """
    return list(_walk("", recorded, found, exact=True, same=same_machine))


def _walk(place: str, old: Any, new: Any, exact: bool, same: bool) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        if "near" in old and "near" in new:
            within = old["within"] if same else max(old["within"], SHARE)
            yield from _numbers(place, old["near"], new["near"], within, within)
            return
        yield from _keys(place, old, new, exact, same)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        if not exact and old and isinstance(old[0], str) and old[0] in HASHES:
            return
        for number, (first, second) in enumerate(zip(old, new, strict=True)):
            yield from _walk(f"{place}[{number}]", first, second, exact, same)
    elif exact or isinstance(old, bool):
        both_nan = old != old and new != new
        if (old != new and not both_nan) or type(old) is not type(new):
            yield f"{place}: recorded {_shown(old)}, now {_shown(new)}"
    else:
        yield from _numbers(place, old, new, SHARE, LEAST)


def _keys(
    place: str, old: dict[str, Any], new: dict[str, Any], exact: bool, same: bool
) -> Iterator[str]:
    for key in [*old, *(key for key in new if key not in old)]:
        if key not in new:
            yield f"{place}/{key}: is gone; recorded {_shown(old[key])}"
        elif key not in old:
            yield f"{place}/{key}: is new: {_shown(new[key])}"
        elif exact or key not in HASHES:
            deeper = exact and (same or key != "computed")
            inside = place if key == "computed" else f"{place}/{key}"
            yield from _walk(inside, old[key], new[key], deeper, same)


def _numbers(place: str, old: Any, new: Any, share: float, least: float) -> Iterator[str]:
    """Texts alike but for numbers in them; numbers within a tolerance."""
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (first, second) in enumerate(zip(old, new, strict=True)):
            yield from _numbers(f"{place}[{number}]", first, second, share, least)
        return
    texts = [HASH.sub("<hash>", str(each)) for each in (old, new)]
    words, others = (NUMBER.sub("#", each) for each in texts)
    values = [[float(value) for value in NUMBER.findall(each)] for each in texts]
    alike = words == others and all(
        abs(a - b) <= least + share * max(abs(a), abs(b)) for a, b in zip(*values, strict=True)
    )
    if not alike:
        yield f"{place}: recorded {_shown(old)}, now {_shown(new)} (tolerance {share:g})"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]} …"
