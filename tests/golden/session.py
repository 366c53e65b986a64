"""All cases, and the files in which their facts are recorded."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from golden import applying, faces, learning, misusing, storing  # noqa: F401 - each registers its cases
from golden.facts import Facts

REFERENCE = Path(__file__).parent / "reference"
WIDTH, LONG = 200, 60


def as_written(facts: Any) -> Any:
    """Facts as they come back from their file."""
    if isinstance(facts, float) and math.isnan(facts):
        return "NaN"  # which is not itself
    if isinstance(facts, dict):
        return {str(key): as_written(each) for key, each in facts.items()}
    return [as_written(each) for each in facts] if isinstance(facts, list | tuple) else facts


def read(name: str) -> Any:
    """The facts recorded of a case."""
    held = json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))
    return _spread(held["facts"], held["shared"])


def write(name: str, facts: Facts) -> None:
    """Record the facts of a case."""
    seen = Counter(_long_parts(facts))
    shared: dict[str, Any] = {}
    held = _gathered(facts, {text for text, number in seen.items() if number > 1}, shared)
    text = laid_out({"facts": held, "shared": shared})
    (REFERENCE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def _long_parts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        text = json.dumps(value)
        if len(text) > LONG:
            yield text
            for each in value.values() if isinstance(value, dict) else value:
                yield from _long_parts(each)


def _gathered(value: Any, repeated: set[str], shared: dict[str, Any]) -> Any:
    """Facts with each long part that occurs again replaced by `{"shared": its number}`."""
    if not isinstance(value, dict | list):
        return value
    text = json.dumps(value)
    if text in repeated:
        key = hashlib.sha256(text.encode()).hexdigest()[:8]
        if key not in shared:
            shared[key] = {}
            shared[key] = _each(value, lambda part: _gathered(part, repeated, shared))
        return {"shared": key}
    return _each(value, lambda part: _gathered(part, repeated, shared))


def _spread(value: Any, shared: dict[str, Any]) -> Any:
    """Facts with their shared parts in place again."""
    if isinstance(value, dict) and list(value) == ["shared"]:
        return _spread(shared[value["shared"]], shared)
    return _each(value, lambda part: _spread(part, shared))


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: change(part) for key, part in value.items()}
    return [change(part) for part in value] if isinstance(value, list) else value


def laid_out(value: Any, depth: int = 0) -> str:
    """JSON whose small parts stand in one line each: short, and its differences can be read."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) + depth <= WIDTH or not isinstance(value, dict | list) or not value:
        return text
    pad = " " * (depth + 1)
    if isinstance(value, list):
        inner, ends = [laid_out(each, depth + 1) for each in value], "[]"
    else:
        named = {json.dumps(key, ensure_ascii=False): each for key, each in value.items()}
        inner, ends = [f"{key}: {laid_out(each, depth + 1)}" for key, each in named.items()], "{}"
    return f"{ends[0]}\n{pad}" + f",\n{pad}".join(inner) + f"\n{' ' * depth}{ends[1]}"


def recorded_machine() -> Facts | None:
    """The fingerprint of the machine of the references."""
    path = REFERENCE / "machine.json"
    return read("machine") if path.is_file() else None
