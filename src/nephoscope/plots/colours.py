"""Colours that mean the same in every picture."""

from __future__ import annotations

CLEAR = MODEL = "#1f5f8b"
"""Clear sky; and of curves the model."""
CLOUD = MARKED = "#d1495b"
"""Cloud; and what is pointed at."""
OTHER = "#9aa5ad"
"""What the model is compared with, and what is not known."""
LIKELY = "viridis"
"""Of probabilities: even to the eye, and without the grey that is no data."""
WORDS = "#4b5560"
"""Remarks, and what is neither clear nor cloudy."""
