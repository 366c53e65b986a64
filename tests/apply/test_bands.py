"""Bands: what is in memory is bounded by a row of tiles, however many numbers a pixel has."""

import dataclasses
import itertools
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr
from pydantic import BaseModel

from nephoscope.apply import network
from nephoscope.apply.network import Predictor
from nephoscope.inputs import View
from nephoscope.products.pack import pack
from nephoscope.recipe import Recipe, load_recipe

OUTPUTS, SIDE, WIDTH = 40, 1000, 1000
DIMS, PACKED = ("level", "y", "x"), {"scale_factor": 0.01, "_FillValue": np.int16(-32768)}
RECIPE = load_recipe(
    "mars", ["inputs.features=[blue, known]", "apply.tile=[96, 128]", "apply.overlap=32"]
)


class Profiles:
    """A task of 40 levels in each pixel."""

    name = "profiles"

    def fields(self, raw, decision):
        return {"amount": raw}

    def variables(self, fields, decision):
        packed = pack(fields["amount"], np.int16, PACKED)
        return xr.Dataset({"amount": (DIMS, packed, PACKED)})


@dataclass
class Model:
    recipe: Recipe = RECIPE
    decision: BaseModel | None = None
    divisor: int = 8
    limits: None = None
    seasons: None = None


class Repeats:
    """A 'network' whose output number n is n times blue."""

    def run(self, inputs, wanted=None):
        levels = np.arange(OUTPUTS, dtype=np.float32)[:, None, None]
        return (levels * inputs[0, 0])[None]


@pytest.fixture
def predictor(monkeypatch):
    monkeypatch.setattr(network, "open_engine", lambda *_: Repeats())
    monkeypatch.setattr(network, "task_named", lambda _: Profiles())
    return Predictor(Model(), workers=2)


@pytest.fixture(scope="module")
def view():
    rng = np.random.default_rng(0)
    image = rng.integers(60, 200, (3, SIDE, WIDTH)).astype(np.float32)
    known = np.ones((SIDE, WIDTH), np.bool_)
    known[:30], known[500:520, 300:400] = False, False
    return View(image, known, np.zeros(SIDE), np.zeros(WIDTH))


def packed_and_peak(predictor, view):
    """Packed fields of a scene, and bytes that were held at the most beside them."""
    found = np.full((OUTPUTS, *view.known.shape), PACKED["_FillValue"], np.int16)
    tracemalloc.start()
    for rows, fields in predictor.bands(view):
        found[:, rows] = Profiles().variables(fields, None)["amount"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found, peak


def test_memory_is_bounded_by_a_band_and_not_by_the_scene(predictor, view):
    half = dataclasses.replace(
        view,
        image=view.image[:, : SIDE // 2],
        known=view.known[: SIDE // 2],
        latitude=view.latitude[: SIDE // 2],
    )
    _, of_half = packed_and_peak(predictor, half)
    found, peak = packed_and_peak(predictor, view)
    assert peak < 1.05 * of_half
    assert peak < 0.5 * OUTPUTS * SIDE * WIDTH * 4
    blue = np.where(view.known, (view.image[2] - 90) / 30, np.nan)
    for level in (0, 7, OUTPUTS - 1):
        expected = pack(level * blue, np.int16, PACKED)
        np.testing.assert_allclose(found[level], expected, atol=1)


def test_each_row_comes_once_from_north_to_south(predictor, view):
    rows = [rows for rows, _ in predictor.bands(view)]
    assert rows[0].start == 30
    assert rows[-1].stop == SIDE
    assert all(one.stop == two.start for one, two in itertools.pairwise(rows))
    assert len(rows) > 10


@pytest.mark.parametrize("turn", [slice(None), slice(None, None, -1)])
def test_it_is_told_what_share_of_the_known_pixels_is_done(predictor, view, turn):
    told = []
    known = view.known[turn].copy()
    known[SIDE // 2 :, 100:] = False
    predictor.variables(dataclasses.replace(view, known=known), None, tell=told.append)
    assert told[0] == 0
    assert told[-1] == 1
    stops = [rows.stop for rows, _ in predictor.bands(dataclasses.replace(view, known=known))]
    assert told[1:] == pytest.approx([known[:stop].sum() / known.sum() for stop in stops])
