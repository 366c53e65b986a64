"""Variants of a recipe: what a study withholds from the network, or sets otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from pydantic import Field

from nephoscope.errors import UsageError
from nephoscope.recipe.section import Section


class Variant(Section):
    """One question of a study: how much is lost without these?"""

    drop: tuple[str, ...] = Field((), description="features withheld, by name; * stands for any")
    views: tuple[int, ...] | None = Field(None, description="views that are left, from 0")
    set: dict[str, Any] = Field(default_factory=dict, description="dotted key -> another value")

    def values(self, features: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
        """What to change in a recipe: dotted key → value.

        Args:
            features: the recipe's `inputs.features`.

        Raises:
            UsageError: a name to drop is that of no feature, or nothing is left.
        """
        every = {name for names in features.values() for name in names}
        for pattern in self.drop:
            if not any(_matches(name, pattern) for name in every):
                raise UsageError(f"the recipe has no feature {pattern} to drop")
        left = {
            group: kept
            for group, names in features.items()
            if (kept := [n for n in names if not any(_matches(n, each) for each in self.drop)])
        }
        if not left:
            raise UsageError(f"without {', '.join(self.drop)} no feature is left")
        changed: dict[str, Any] = {"inputs.features": left} if self.drop else {}
        if self.views is not None:
            changed["inputs.views"] = list(self.views)
        return changed | self.set


def _matches(name: str, pattern: str) -> bool:
    """Whether a feature is meant; its own `*`, which stands for every view, is a plain letter."""
    return name == pattern or fnmatchcase(name.replace("*", "0"), pattern)
