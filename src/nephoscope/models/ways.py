"""Ways in which a model is scored: what may be withheld from it."""

from __future__ import annotations

from collections.abc import Mapping

WAYS: Mapping[str, tuple[str, ...]] = {
    "full": (),
    "without_background": ("background",),
    "without_position": ("position",),
    "without_both": ("background", "position"),
}
"""Name of a way → what the model may not know."""
