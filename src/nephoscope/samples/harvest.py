"""Harvest: the samples of one picture with its tracks, and what its files were unfit for."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

import numpy as np

from nephoscope.errors import InputError
from nephoscope.instruments.granules import Granule
from nephoscope.samples.from_labels import Sample

NO_TRUTH = "picture without truth beside it"
MISSING_FIELD = "file with a missing field"
OTHER_KIND = "file of another kind than those before it"
DAMAGED = "file that is damaged or not whole"

Origin = Literal["track", "truth"]


@dataclass
class Harvest:
    """What was made of a half orbit, or of a picture.

    Attributes:
        samples: in the order of their rows.
        skipped: reason → number of what was not made.
        failed: files that cannot be used.
    """

    samples: list[Sample] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    failed: list[InputError] = field(default_factory=list)


class Harvester(Protocol):
    """What samples are asked for: it makes them of one granule, whatever was made of others."""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What a store says of how its samples were made."""

    def __call__(self, granule: Granule, /) -> Harvest:
        """The samples of a granule; what its files are unfit for is part of the answer."""


Asked = TypeVar("Asked")


def harvest_of(
    way: Callable[[Asked, Granule, Harvest], None], asked: Asked, granule: Granule
) -> Harvest:
    """The samples of a granule, made in some way; none where a file of it cannot be used."""
    harvest = Harvest()
    try:
        way(asked, granule, harvest)
    except InputError as error:
        absent = error.field is not None and "missing" in error.problem
        harvest.skipped[MISSING_FIELD if absent else DAMAGED] += 1
        harvest.failed.append(error)
        harvest.samples.clear()
    return harvest


def random_of(granule: Granule, seed: int) -> np.random.Generator:
    """Random numbers of a granule, by the name of its picture."""
    digest = hashlib.sha256(granule.picture.id.encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest, np.uint32)])
