"""Work for crews of tests: a module that workers of a cluster find by its name."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nephoscope.errors import InputError


def squared(folder, number):
    if number == 3:
        raise InputError("three.nc", "is damaged", field="image")
    if number == 5:
        raise ZeroDivisionError("a bug of ours")
    if number == 6:
        os._exit(9)
    if number == 0:
        time.sleep(0.3)  # the others end before it
    (folder / f"{number}-{os.getpid()}").touch()
    return np.full(4, number**2)


def gone(number):
    """Files of an item that no machine sees."""
    return [Path(f"/nowhere/{number}.nc")]


@dataclass(frozen=True)
class Dying:
    """A harvester whose process dies over one picture as often as there are files in a folder."""

    asked: Any
    picture: str
    deaths: Path

    @property
    def attributes(self):
        return self.asked.attributes

    def __call__(self, granule):
        if granule.picture.id == self.picture:
            for left in sorted(self.deaths.iterdir()):
                left.unlink()
                os._exit(9)
        return self.asked(granule)
