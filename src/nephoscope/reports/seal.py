"""Seal of a report: hashes by which reports are compared, and an altered one is told.

`spec_hash` is equal for evaluations that may be compared. `digest` is over all of `scores.json` but
itself, `page_sha256` is of `index.html`, and `counts_sha256` is of `counts.npz`: what was counted
of each unit, so that two reports can be compared pair by pair.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nephoscope.errors import InputError
from nephoscope.evaluation.intervals import Scores
from nephoscope.evaluation.paired import by_unit
from nephoscope.files import sha256_of
from nephoscope.reports.page import PAGE, head_of
from nephoscope.tasks import Counts

SCORES, COUNTS = "scores.json", "counts.npz"
_DIGEST, _SHA, _PAGE_SHA = "digest", "counts_sha256", "page_sha256"


def spec_hash(spec: Mapping[str, Any]) -> str:
    """sha256 of the spec as canonical JSON: equal for evaluations that may be compared."""
    return _hash_of(spec)


def digest_of(document: Mapping[str, Any]) -> str:
    """sha256 of a `scores.json` as canonical JSON, without the `digest` itself."""
    return _hash_of({name: value for name, value in document.items() if name != _DIGEST})


def sealed(content: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The content of `scores.json` with `digest`, and the sha256 of what it is written beside.

    Args:
        content: all else.
        folder: of the report, in which the page and the counts are written, if any are.
    """
    for name, file in ((_SHA, COUNTS), (_PAGE_SHA, PAGE)):
        if (folder / file).exists():
            content = {**content, name: sha256_of(folder / file)}
    return {**content, _DIGEST: digest_of(content)}


def write_counts(folder: Path, scores: Scores) -> None:
    """Write what was counted of each unit: `unit` (unit,) str and `counts` (unit, ...) int64."""
    counts = by_unit(scores.sums)
    with (folder / COUNTS).open("wb") as file:
        np.savez_compressed(
            file, unit=np.array(list(counts), np.str_), counts=scores.sums.by_unit()
        )


def read_scores(report: str | Path) -> dict[str, Any]:
    """The content of a report's `scores.json`.

    Raises:
        InputError: it is no report, or something in it was altered since it was written.
    """
    path = Path(report) / SCORES
    if not path.is_file():
        problem = "holds no report" if Path(report).exists() else "does not exist"
        raise InputError(report, problem, remedy="make one: nephoscope evaluate")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise InputError(path, f"cannot be read: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("spec"), dict):
        raise InputError(path, "is missing", field="spec")
    if spec_hash(content["spec"]) != content.get("spec_hash"):
        raise InputError(path, "does not fit the spec: it was altered", field="spec_hash")
    if _DIGEST not in content:
        remedy = "score the model again: nephoscope evaluate"
        problem = "is missing: the report may have been altered"
        raise InputError(path, problem, field=_DIGEST, remedy=remedy)
    if digest_of(content) != content[_DIGEST]:
        raise InputError(path, "does not fit the content: it was altered", field=_DIGEST)
    return content


def check_files(report: str | Path, scores: Mapping[str, Any]) -> None:
    """The files that a report names are there and as they were written.

    Args:
        report: its folder.
        scores: what `read_scores` gave.

    Raises:
        InputError: one is not, or the page is none that loads nothing and runs nothing.
    """
    for name, file in ((_SHA, COUNTS), (_PAGE_SHA, PAGE)):
        path = Path(report) / file
        if name not in scores:
            continue
        if not path.is_file():
            raise InputError(path, "is not there: it is a part of the report", field=name)
        if sha256_of(path) != scores[name]:
            raise InputError(path, "is not what was written: it was altered", field=name)
    if _PAGE_SHA in scores:
        opening = head_of().encode()
        with (Path(report) / PAGE).open("rb") as page:
            if page.read(len(opening)) != opening:
                raise InputError(Path(report) / PAGE, "does not begin as the page of a report does")


def read_counts(report: str | Path, scores: Mapping[str, Any] | None = None) -> dict[str, Counts]:
    """What was counted of each unit of a report, by unit.

    Args:
        report: its folder.
        scores: what `read_scores` gave, where it has been read.

    Raises:
        InputError: there is nothing, or it was altered since the report was written.
    """
    path = Path(report) / COUNTS
    scores = read_scores(report) if scores is None else scores
    if not path.is_file() or _SHA not in scores:
        raise InputError(path, "is not there: the report holds no counts by unit")
    if sha256_of(path) != scores[_SHA]:
        raise InputError(path, "is not what was written: it was altered", field=_SHA)
    try:
        with np.load(path, allow_pickle=False) as file:
            unit, counts = file["unit"], np.asarray(file["counts"], np.int64)
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise InputError(path, f"cannot be read: {error}") from error
    return dict(zip(unit.tolist(), counts, strict=True))


def _hash_of(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
