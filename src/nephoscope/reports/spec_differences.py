"""In what two specifications differ, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_LETTERS = 24
"""Of a rule or a sha256; the first tell it from another."""
_FEW = 3
"""Names that are told; of more how many there are."""


def differences_in_words(here: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    """What is scored here and not there, a line each; none of specs that are the same."""
    mine, other = ({*map(str, spec.get("maps") or ())} for spec in (here, there))
    if mine and other and not mine & other:
        apart = f"other samples: {len(mine):,} here, {len(other):,} there, none of them in both"
        same = {"samples": None, "maps": None}
        return [apart, *differences_in_words({**here, **same}, {**there, **same})]
    found = []
    for name in dict.fromkeys([*here, *there]):
        one, two = here.get(name), there.get(name)
        if one == two:
            continue
        if name == "maps":
            found += _samples(list(one or ()), list(two or ()))
        else:
            found.append(f"{name.replace('_', ' ')}: {_short(one)} here, {_short(two)} there")
    return found


def _samples(mine: Sequence[Any], other: Sequence[Any]) -> list[str]:
    here = [str(each) for each in mine if each not in set(other)]
    there = [str(each) for each in other if each not in set(mine)]
    if not here and not there:
        return ["the same samples in another order"]
    pairs = ((here, "scored here alone"), (there, "scored there alone"))
    return [f"{_counted(names)} {where}" for names, where in pairs if names]


def _counted(names: Sequence[str]) -> str:
    told = ", ".join(names[:_FEW])
    more = f" and {len(names) - _FEW:,} more" if len(names) > _FEW else ""
    return f"{len(names):,} sample{'' if len(names) == 1 else 's'} ({told}{more})"


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"
