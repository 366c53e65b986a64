"""Scores in words, for who trains."""

from __future__ import annotations

from collections.abc import Mapping


def score_lines(scores: Mapping[str, float | None]) -> list[str]:
    """The scores of the validation samples, a line each, to four figures."""
    return [f"validation {name.replace('_', ' ')} {_said(score)}" for name, score in scores.items()]


def _said(score: float | None) -> str:
    if score is None:
        return "cannot be told"
    return str(score if isinstance(score, int) else float(f"{score:.4g}"))
