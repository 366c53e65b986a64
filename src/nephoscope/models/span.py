"""Span of a number over the frames of a training: what was seen, and what is accepted of others."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

Pair = tuple[float, float]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class Span:
    """What the training frames spanned in one number, and what is accepted of others.

    Attributes:
        seen: lowest and highest value of the training frames and their parts.
        accepted: lowest and highest value that is not refused.
    """

    seen: Pair
    accepted: Pair


def check_spans(spans: Mapping[str, Span], known: Collection[str]) -> None:
    """Each span is of a known number, and ends after it begins.

    Raises:
        ValueError: one is not.
    """
    for name, span in spans.items():
        if name not in known:
            raise ValueError(f"no number '{name}'; there are: {', '.join(known)}")
        for key, (low, high) in (("seen", span.seen), ("accepted", span.accepted)):
            if low > high:
                raise ValueError(f"{name}.{key}: {low} is above {high}")


def plain(spans: Mapping[str, Span]) -> dict[str, dict[str, list[float]]]:
    """Spans as plain numbers, for a file."""
    return {n: {"seen": [*span.seen], "accepted": [*span.accepted]} for n, span in spans.items()}
