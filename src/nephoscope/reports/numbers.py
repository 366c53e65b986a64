"""How scores are written, in tables and in what commands say."""

from __future__ import annotations

from nephoscope.evaluation.intervals import Score
from nephoscope.reports.words import form_of

UNDEFINED = "undefined"


def number(score: Score, form: str = ".3f", none: str = "-") -> str:
    """The value of a score; `none` where it has none."""
    return none if score.value is None else format(score.value, form)


def with_interval(score: Score, name: str = "", sign: str = "") -> str:
    """A score with its interval, as its name wants it written; `sign` "+" shows one always."""
    form = sign + form_of(name).removeprefix(sign)
    if score.low is None or score.high is None:
        return number(score, form)
    return f"{number(score, form)} ({score.low:{form}} to {score.high:{form}})"


def exact(score: Score, name: str = "") -> str:
    """A score to four decimals, as commands say it."""
    form = form_of(name)
    return number(score, ".4f" if form == ".3f" else form, UNDEFINED)
