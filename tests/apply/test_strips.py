"""Strips of an image that is read as it is used: the same numbers, each row read about once."""

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xarray as xr
from xarray.core.indexing import LazilyIndexedArray

from nephoscope.apply.strips import Strips, image_of
from nephoscope.instruments.polder.on_demand import ImageOnDemand
from nephoscope.instruments.polder.windows import along

HEIGHT, WIDTH = 200, 7


class Watched:
    """An image of which it is known how many rows were read."""

    def __init__(self):
        self.values = np.random.default_rng(0).random((3, HEIGHT, WIDTH)).astype(np.float32)
        self.rows = 0

    def read(self, names, window):
        rows, first = len(window.origin), window.first_row - 1000
        self.rows += rows
        return self.values[: len(names), first : first + rows]


@pytest.fixture
def watched():
    return Watched()


@pytest.fixture
def scene(watched):
    window = along((1000, 1000 + HEIGHT), 0.0, WIDTH)
    image = xr.Variable(
        ("channel", "y", "x"),
        LazilyIndexedArray(ImageOnDemand(watched.read, ["a", "b", "c"], window)),
    )
    image.encoding["preferred_chunks"] = {"y": 32}
    return xr.Dataset({"image": image})


def test_lines_of_tiles_read_each_row_once(scene, watched):
    strips = image_of(scene)
    assert isinstance(strips, Strips)
    assert (len(strips), strips.shape) == (3, (3, HEIGHT, WIDTH))
    for first in range(0, HEIGHT, 24):
        rows = slice(first, min(first + 40, HEIGHT))
        for _ in range(3):
            np.testing.assert_array_equal(strips[..., rows, :], watched.values[:, rows])
    assert watched.rows == HEIGHT


def test_what_was_handed_out_stays(scene, watched):
    strips = image_of(scene)
    early = strips[..., slice(0, 10), :]
    _ = strips[..., slice(150, 190), :]
    np.testing.assert_array_equal(early, watched.values[:, :10])


def test_a_gap_is_not_read(scene, watched):
    strips = image_of(scene)
    for rows in (slice(0, 40), slice(150, 190)):
        np.testing.assert_array_equal(strips[..., rows, :], watched.values[:, rows])
    assert watched.rows == 80


def test_threads_in_any_order_get_their_own_rows(scene, watched):
    strips, starts = image_of(scene), list(range(0, HEIGHT - 20, 5)) * 3
    random.Random(0).shuffle(starts)  # noqa: S311 - no secret
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda first: strips[..., slice(first, first + 20), :], starts))
    for first, rows in zip(starts, found, strict=True):
        np.testing.assert_array_equal(rows, watched.values[:, first : first + 20])


def test_what_is_in_memory_is_handed_out_as_it_is():
    image = np.zeros((1, 4, 4), np.float32)
    assert image_of(xr.Dataset({"image": (("channel", "y", "x"), image)})) is image
