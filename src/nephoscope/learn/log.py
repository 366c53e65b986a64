"""The CSV log of a run that goes on: Lightning begins a new one, and deletes what was there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nephoscope.files import write_text

METRICS = "logs/csv/metrics.csv"
_EARLIER = "logs/csv/earlier.csv"

Rows = list[dict[str, str]]


@contextmanager
def kept_log(out: Path) -> Iterator[None]:
    """Within it a run is trained on; the rows of the steps before are in its log in the end.

    Args:
        out: the run folder.

    Raises:
        OutputError: a log cannot be written.
    """
    metrics, earlier = out / METRICS, out / _EARLIER
    # A killed run leaves both: what was set aside, and what came after it.
    _write(earlier, _joined(_read(earlier), _read(metrics)))
    try:
        yield
    finally:
        _write(metrics, _joined(_read(earlier), _read(metrics)))
        earlier.unlink(missing_ok=True)


def _joined(before: Rows, after: Rows) -> Rows:
    """Both, without what `before` says of steps that were done again."""
    first = min((int(row["step"]) for row in after), default=None)
    return [row for row in before if first is None or int(row["step"]) < first] + after


def _read(path: Path) -> Rows:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        # Of a run that was killed the last row may be cut off.
        return [row for row in csv.DictReader(file) if (row.get("step") or "").isdigit()]


def _write(path: Path, rows: Rows) -> None:
    if not rows:
        return
    names = sorted({name for row in rows for name in row})
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())
