"""A pytest plugin: folders are listed in an order that is as good as any, and never sorted.

`python -m pytest -p shuffled` with this folder on the path. `pathlib` and `glob` list through these
two functions of `os`.
"""

import os
import random

_listdir, _scandir = os.listdir, os.scandir
_random = random.Random(0)  # noqa: S311 - no secret


class _Shuffled:
    """What `os.scandir` gives, in another order."""

    def __init__(self, path):
        with _scandir(path) as found:
            self._entries = list(found)
        _random.shuffle(self._entries)

    def __iter__(self):
        return self

    def __next__(self):
        if not self._entries:
            raise StopIteration
        return self._entries.pop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._entries.clear()


def listdir(path="."):
    names = _listdir(path)
    _random.shuffle(names)
    return names


def scandir(path="."):
    return _scandir(path) if isinstance(path, int) else _Shuffled(path)


def pytest_configure():
    os.listdir, os.scandir = listdir, scandir
