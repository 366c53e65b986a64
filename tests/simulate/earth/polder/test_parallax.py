"""A tower is seen where its parallax says, in every view, on the track and far from it."""

from __future__ import annotations

import hand_made
import numpy as np
import pytest

from nephoscope.inputs import View, assemble
from nephoscope.inputs.directional import pixels_per_km
from nephoscope.instruments.polder.windows import Window
from nephoscope.simulate.earth.atmosphere import LocalGrid
from nephoscope.simulate.earth.atrain import Revolution
from nephoscope.simulate.earth.polder.geometry import HALF_WIDTH, swath_window, views_of
from nephoscope.simulate.earth.polder.picture import observe

HEIGHT = 11_910.0  # m: the middle of a level
SIDE = 25
VIEWS = 16


def seen_over(latitude, away):
    """A tower in the middle of a window of the swath, and its picture in all views.

    Args:
        latitude: degrees north.
        away: columns from the track.
    """
    revolution = Revolution.over(latitude, 30.0, np.datetime64("2008-06-03"))
    first = round((90 - latitude) * 18) - SIDE // 2
    origin = swath_window(revolution, (first, first + SIDE)).origin + HALF_WIDTH - SIDE // 2 + away
    views = views_of(revolution, Window(first, origin, SIDE))
    grid = LocalGrid.covering(views.latitude, views.longitude, 3000.0, 60_000.0)
    place = views.latitude[SIDE // 2, SIDE // 2], views.longitude[SIDE // 2, SIDE // 2]
    row, col = (round(float(one)) for one in grid.to_index(*place))
    depth = np.zeros(grid.shape)
    depth[row - 3 : row + 4, col - 3 : col + 4] = 60.0
    air = hand_made.atmosphere(grid, ice=[(HEIGHT - 50, HEIGHT + 50, depth)])
    fields = observe(air, views, np.random.default_rng(0))
    at = grid.to_place(row, col)
    window_row = (90 - at[0]) * 18 - 0.5 - first
    step = np.mean(np.diff(views.longitude[SIDE // 2].astype(float)))
    window_col = SIDE // 2 + (at[1] - place[1]) / step
    return views, fields, float(window_row), float(window_col)


def parallax(views, fields, leaning):
    names = [f"{name}_{view:02d}" for name in ("phi", "thetav") for view in range(VIEWS)]
    image = np.concatenate([fields["phi"], fields["thetav"], fields["phis"][None]])
    places = views.latitude, views.longitude
    view = View(
        image.astype(np.float32), np.isfinite(image).any(axis=0), *places,
        channels=(*names, "phis"), per_km=pixels_per_km(*places) if leaning else None,
    )  # fmt: skip
    wanted = [f"parallax_{axis}_{view:02d}" for axis in "yx" for view in range(VIEWS)]
    return assemble(view, wanted).reshape(2, VIEWS, SIDE, SIDE)[:, :, SIDE // 2, SIDE // 2]


@pytest.mark.parametrize(("latitude", "away"), [(20.0, 0), (55.0, 95), (55.0, -95)])
def test_a_tower_is_seen_where_its_parallax_says(monkeypatch, latitude, away):
    monkeypatch.setattr("nephoscope.simulate.earth.polder.picture.add_noise", lambda *_: None)
    views, fields, row, col = seen_over(latitude, away)
    said, upright = (parallax(views, fields, leaning) for leaning in (True, False))
    off, off_upright, farthest = [], [], 0.0
    for view in range(VIEWS):
        plane = fields["I865P"][view]
        if not np.isfinite(plane).all():
            continue
        bright = np.maximum(plane - plane.min() - 0.5 * np.ptp(plane), 0)
        rows, cols = np.indices(plane.shape)
        found = [(bright * each).sum() / bright.sum() for each in (rows, cols)]
        for errors, vector in ((off, said), (off_upright, upright)):
            wanted = np.array([row, col]) + vector[:, view] * HEIGHT / 1000
            errors.append(np.hypot(*(found - wanted)))
        farthest = max(farthest, float(np.hypot(*said[:, view]) * HEIGHT / 1000))
    assert len(off) >= 10
    assert farthest > 1.5
    assert np.mean(off) < 0.5
    assert max(off) < 1.0
    assert np.mean(off) < np.mean(off_upright)
