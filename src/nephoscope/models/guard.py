"""Guard of a model: spans of numbers over its training frames; a frame beyond them is unknown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass as plain_dataclass
from typing import ClassVar, Self

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


@plain_dataclass(frozen=True)
class Guard:
    """What a model knows of frames or pixels: name of a number → its span.

    Raises:
        ValueError: a number is not in `known`, or a span ends before it begins.
    """

    known: ClassVar[Collection[str]]
    spans: Mapping[str, Span]

    def __post_init__(self) -> None:
        """Check the spans."""
        names = self.names
        for name, span in self.spans.items():
            if name not in names:
                raise ValueError(f"no number '{name}'; there are: {', '.join(names)}")
            for key, (low, high) in (("seen", span.seen), ("accepted", span.accepted)):
                if low > high:
                    raise ValueError(f"{name}.{key}: {low} is above {high}")

    @property
    def names(self) -> Collection[str]:
        """Numbers that there can be."""
        return self.known

    def after(self, earlier: Guard | None) -> Self | None:
        """What a model knows that began from another; here what its own training shows.

        Args:
            earlier: of that other model; None where it kept none.
        """
        del earlier
        return self

    def plain(self) -> dict[str, dict[str, list[float]]]:
        """Spans as plain numbers, for a file."""
        return {
            name: {"seen": [*span.seen], "accepted": [*span.accepted]}
            for name, span in self.spans.items()
        }
