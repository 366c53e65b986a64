"""Keeps Lightning's advertisements and loader advice off the terminal."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Within it Lightning warns of nothing and logs no less than warnings."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
            logging.getLogger(name).setLevel(logging.WARNING)
        yield
