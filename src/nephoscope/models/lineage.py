"""Lineage: what a model and those it began from were fitted to, a record that is handed down."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nephoscope.models.folder import Model

_INHERITED = ("samples_id", "split", "initial_weights", "parent")


def parent_record(parent: Model) -> dict[str, Any]:
    """What a model keeps of the one it began from, with that one's own parents."""
    inherited = {key: parent.info[key] for key in _INHERITED if key in parent.info}
    return {"name": parent.name, "weights_sha256": parent.weights_sha256, **inherited}


def records_of(info: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The training records of a model and of its parents, youngest first."""
    record: Mapping[str, Any] | None = info
    while record is not None:
        yield record
        # Weights of a parent that left no record: it may have seen anything.
        record = record.get("parent") or ({} if record.get("initial_weights") else None)


def copies_seen(
    info: Mapping[str, Any], samples_id: str, sources: Mapping[str, int], ids: Collection[str]
) -> int:
    """How many samples are copies of what a model, or one that it began from, was fitted to.

    Args:
        info: the training facts of the model.
        samples_id: of the store that the samples are of; nothing is told of other stores.
        sources: name of each sample of the store → the picture that it is, or is a copy of.
        ids: of the samples that are scored; those that it was fitted to do not count.
    """
    fitted: set[str] = set()
    for record in records_of(info):
        if record.get("samples_id") == samples_id:
            fitted |= {*(record.get("split") or {}).get("train", ())}
    pictures = {sources[name] for name in fitted if name in sources}
    return sum(sources[name] in pictures for name in ids if name not in fitted)


def seen_of(
    info: Mapping[str, Any], samples_id: str, ids: Collection[str], *, unique: bool
) -> dict[str, int] | None:
    """How many samples a model, or one that it began from, was fitted to and chosen on.

    Args:
        info: the training facts of the model.
        samples_id: of the store that the samples are of.
        ids: of the samples.
        unique: whether an id names one sample of the whole world, as that of a map does. Files of
            two cameras may have the same name: of other samples a shared name says nothing.

    Returns:
        "train" and "validation" → number of samples; None where that cannot be told.
    """
    found: dict[str, set[str]] = {"train": set(), "validation": set()}
    known = True
    for record in records_of(info):
        split = record.get("split")
        shared = {part: {*(split or {}).get(part, ())} & {*ids} for part in found}
        other = not unique and record.get("samples_id") != samples_id
        if split is None or (other and any(shared.values())):
            known = False
            continue
        for part, names in shared.items():
            found[part] |= names
    if not known and not found["train"]:
        return None
    return {part: len(names) for part, names in found.items()}
