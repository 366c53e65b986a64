"""What the network sees: features in groups, the background, limits of brightness, views."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from pydantic import Field, PositiveFloat, field_validator, model_validator

from nephoscope.recipe.section import Section


class Background(Section):
    """How the clear-scene artefact is built: see `nephoscope.background`."""

    cell: int = Field(4, ge=1, description="side of a background cell, pixels")
    minimum_scenes: int = Field(5, ge=1, description="fewest scenes that make a background")
    channels: tuple[str, ...] = Field(description="features whose per-location median is kept")


class Limit(Section):
    """How the limits of brightness are learned from labels: see `nephoscope.limits`."""

    channel: str = Field("blue", description="whose brightness the labels follow")
    cell: int = Field(4, ge=1, description="side of a cell, pixels")
    levels: tuple[float, float, float] = Field((56.0, 164.0, 4.0), description="first, last, step")
    noise: float = Field(3.0, gt=0, description="of brightness against what was labelled")
    wrong: float = Field(0.03, gt=0, lt=1, description="share of pixels that say nothing")
    smoothing: float = Field(0.8, ge=0, description="how far cells share evidence, cells")


VIEWS = 16
"""Views of a scene that is seen from several directions, at most."""
SPARSE_GROUPS = {"context", "position"}
"""Groups of features that vary slowly: a network reads only some pixels of them."""


class Inputs(Section):
    """What the network sees: Scene channels and features derived from them, in named groups."""

    features: dict[str, tuple[str, ...]] = Field(
        description="group -> features; a list is the group picture; name_* is one of each view"
    )
    views: tuple[int, ...] | None = Field(
        None, description=f"which views name_* means, from 0; by default all {VIEWS}"
    )
    background: Background | None = None
    limit: Limit | None = None
    normalise: bool = Field(True, description="measure mean and spread; false: take them as made")
    statistics: dict[str, tuple[float, PositiveFloat]] = Field(
        default_factory=dict,
        description="feature -> mean and spread, instead of those that are measured of the samples",
    )
    side: int | None = Field(
        None, ge=16, description="frames are averaged over blocks to about this longer side, pixels"
    )

    @property
    def named(self) -> dict[str, tuple[str, ...]]:
        """Group → its features, where `name_*` is `name_00` and so on, view by view."""
        views = range(VIEWS) if self.views is None else self.views
        return {
            group: tuple(each for name in names for each in _of_views(name, views))
            for group, names in self.features.items()
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Every feature once, in the order of the network's input: as they first appear."""
        return tuple(dict.fromkeys(name for group in self.named.values() for name in group))

    @property
    def groups(self) -> dict[str, tuple[int, ...]]:
        """Group → where its features are among `names`; the flag `known` is also one by itself."""
        place = {name: number for number, name in enumerate(self.names)}
        groups = {"known": ("known",), **self.named} if "known" in place else self.named
        return {group: tuple(place[name] for name in names) for group, names in groups.items()}

    @property
    def sparse(self) -> frozenset[str]:
        """Features that are in none but `SPARSE_GROUPS`."""
        dense = (self.named[group] for group in self.named.keys() - SPARSE_GROUPS)
        return frozenset(self.names).difference(*dense)

    @field_validator("features", mode="before")
    @classmethod
    def _a_list_is_the_picture(cls, given: object) -> object:
        return {"picture": given} if isinstance(given, list | tuple) else given

    @field_validator("views")
    @classmethod
    def _views_are_there(cls, views: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if views is not None and (
            not views or len({*views}) < len(views) or not {*views} <= {*range(VIEWS)}
        ):
            raise ValueError(f"name some of the views 0 to {VIEWS - 1}, each once")
        return views

    @field_validator("features")
    @classmethod
    def _each_is_there_once(cls, groups: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if not groups or not all(groups.values()):
            raise ValueError("a group of features is empty")
        if any(len({*names}) < len(names) for names in groups.values()):
            raise ValueError("a feature is named twice")
        return groups

    @model_validator(mode="after")
    def _no_view_is_named_twice(self) -> Self:
        if any(len({*names}) < len(names) for names in self.named.values()):
            raise ValueError("a feature is named twice, once for all views")
        return self

    @model_validator(mode="after")
    def _statistics_are_of_features(self) -> Self:
        if unknown := self.statistics.keys() - {*self.names}:
            raise ValueError(f"statistics of '{min(unknown)}', which is none of the features")
        if self.statistics and not self.normalise:
            raise ValueError("statistics are given, and normalise is false")
        return self

    @model_validator(mode="after")
    def _each_has_its_source(self) -> Self:
        for begins, source in (("background_", self.background), ("limit", self.limit)):
            of_it = [name for name in self.names if name.startswith(begins)]
            if of_it and source is None:
                key = begins.strip("_")
                raise ValueError(
                    f"'{of_it[0]}' would be nothing but zeros: inputs.{key} is not set"
                )
        return self


def _of_views(name: str, views: Iterable[int]) -> tuple[str, ...]:
    """`name_*` of each view; any other name is one."""
    if not name.endswith("_*"):
        return (name,)
    return tuple(f"{name[:-1]}{view:02d}" for view in views)
