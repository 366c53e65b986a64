"""What a run or a study is of, so that another one is never taken for it when it goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import xarray as xr
import yaml

from nephoscope.errors import InputError
from nephoscope.recipe import Recipe

_MOST_NAMED = 5


def identity_of(recipe: Recipe, store: xr.Dataset, start: str | None = None) -> dict[str, Any]:
    """What decides how a training goes.

    Args:
        recipe: that is trained.
        store: the open samples, of any task.
        start: sha256 of the weights it begins from.
    """
    parts = "\n".join(str(part) for part in store["split"].values)
    return {
        "samples_id": str(store.attrs.get("samples_id", "")),
        "split": hashlib.sha256(parts.encode()).hexdigest(),
        "background": str(store.attrs.get("background_sha256", "")),
        "from": start,
        "recipe": recipe.model_dump(mode="json"),
    }


def check_same(path: Path, identity: Mapping[str, Any], what: str) -> None:
    """Refuse to go on with what was started with something else.

    Args:
        path: the YAML file that holds the identity of what was started.
        identity: what `identity_of` gives now.
        what: "run" or "study", for the message.

    Raises:
        InputError: the file cannot be read, or the identity is another one: what changed is named.
    """
    try:
        known = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(path, f"cannot be read: {error}") from error
    for field, value in identity.items():
        before = known.get(field) if isinstance(known, dict) else None
        if before == value:
            continue
        changed = list(changes(before, value)) if field == "recipe" else []
        named = f": {', '.join(changed[:_MOST_NAMED])}" if changed else ""
        raise InputError(
            path,
            f"the {what} was started with another one{named}",
            field=field,
            remedy=f"begin a new {what} in another folder",
        )


def changes(before: object, now: object, key: str = "") -> Iterator[str]:
    """The dotted keys at which two trees of YAML differ, with both values."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted({*before, *now}, key=str):
            yield from changes(before.get(name), now.get(name), f"{key}.{name}" if key else name)
    elif before != now:
        yield f"{key} was {before}, is {now}"
