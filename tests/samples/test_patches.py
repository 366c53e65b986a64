"""Choice of patches before a pixel is read: properties of all choices, and how likely each is."""

from collections import Counter
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.grids.patches import Patch
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.samples.patches import (
    EDGE,
    FEW_LABELS,
    SHORT,
    Choice,
    OnGrid,
    _starts,
    along_track,
    in_swath,
)


def track(first=1000, rows=90, longitude=20.0, lean=-0.3, holes=(), step=5 / 111.2):
    """Profiles northwards over some rows; of those at the places `holes` none is usable."""
    south, north = POLDER.to_latitude(first + rows), POLDER.to_latitude(first)
    latitude = np.arange(south, north, step)
    longitude = (longitude + lean * (latitude - south) + 180) % 360 - 180
    corners = POLDER.corners(latitude, longitude)
    usable = corners.enclosed.copy()
    usable[list(holes)] = False
    return OnGrid(POLDER, latitude, longitude, corners, usable)


def cut(profiles, choice, seed=0):
    return along_track(profiles, choice, np.random.default_rng(seed), (0, POLDER.rows))


@given(
    seed=st.integers(0, 2**20),
    first=st.integers(200, 2900),
    longitude=st.floats(-180, 180, exclude_max=True),
    holes=st.lists(st.integers(0, 100), max_size=3),
    geometry=st.sampled_from(["native", "equirectangular"]),
    overlap=st.booleans(),
    padding=st.sampled_from([0, 4]),
)
def test_every_patch_keeps_what_was_asked(
    seed, first, longitude, holes, geometry, overlap, padding
):
    profiles = track(first, 90, longitude, holes=holes)
    choice = Choice(20, 4, 8, padding, overlap, geometry)
    patches, refused = cut(profiles, choice, seed)
    assert len(patches) <= 4
    assert set(refused) <= {SHORT, FEW_LABELS, EDGE}
    assert patches or refused
    for patch in patches:
        found = profiles.inside(patch)
        assert found.enclosed.sum() >= 8
        assert not found.enclosed[~profiles.usable].any()
        # The whole width of rows is usable: no hole lies in them.
        north = profiles.corners.row[:, 0]
        inside = (north >= patch.first_row) & (north < patch.first_row + 19)
        assert profiles.usable[inside].all()
        if padding:
            assert found.enclosed[inside].all()
            col = (found.col * found.weight).sum(axis=1)[inside]
            assert padding <= col.min()
            assert col.max() <= 19 - padding
    if not overlap:
        assert (np.diff([patch.first_row for patch in patches]) >= 20).all()


def test_as_many_patches_as_fit_without_overlap():
    profiles = track(1000, 82)
    patches, refused = cut(profiles, Choice(20, 16, 4), 0)
    assert len(patches) == 4
    assert not refused


def test_every_set_of_starts_is_as_likely():
    weight = np.zeros(10)
    weight[[0, 1, 2, 3, 5, 6]] = 1
    possible = [pair for pair in combinations(np.flatnonzero(weight).tolist(), 2)
                if pair[1] - pair[0] >= 3]  # fmt: skip
    rng = np.random.default_rng(0)
    drawn = Counter(tuple(_starts(weight, Choice(3, 2), rng)) for _ in range(3000))
    assert set(drawn) == set(possible)
    expected = 3000 / len(possible)
    assert min(drawn.values()) > 0.8 * expected
    assert max(drawn.values()) < 1.2 * expected


def test_shifts_reach_half_the_width_to_either_side():
    profiles, middles = track(1000, 60, lean=0.0), []
    for seed in range(60):
        patch = cut(profiles, Choice(20, 1, 8), seed)[0]
        middles.append((patch[0].longitude - 20.0) / patch[0].step)
    assert min(middles) < -8
    assert max(middles) > 8
    assert np.abs(middles).max() <= 10


def test_a_track_that_turns_round_near_the_pole_is_cut_on_either_side():
    """Rows are crossed twice there; no patch mixes both ways by its window of profiles."""
    angle = np.linspace(0, np.pi, 700)
    latitude = 70 + 10 * np.sin(angle)
    longitude = np.degrees(angle) - 90
    corners = POLDER.corners(latitude, longitude)
    profiles = OnGrid(POLDER, latitude, longitude, corners, corners.enclosed)
    seen = set()
    for seed in range(20):
        patches, _ = cut(profiles, Choice(20, 4, 8), seed)
        assert patches
        seen |= {patch.longitude > 0 for patch in patches}
    assert seen == {True, False}


@given(st.integers(0, 2**20), st.sampled_from(["native", "equirectangular"]), st.booleans())
def test_patches_of_the_swath_lie_within_it(seed, geometry, overlap):
    seen = np.zeros((80, POLDER.cols), bool)
    first = 1500
    for line in range(80):
        middle = int(POLDER.to_col(first + line, 179.5 + line / 100))
        columns = POLDER.wrap_col(first + line, middle + np.arange(-40, 40))
        seen[line, columns] = True
    choice = Choice(16, 6, overlap=overlap, geometry=geometry)
    patches, _ = in_swath(seen, first, choice, POLDER, np.random.default_rng(seed))
    assert patches
    for number, patch in enumerate(patches):
        columns = POLDER.wrap_col(
            patch.rows[:, None], patch.origin[:, None] + np.arange(patch.width)
        )
        assert seen[patch.rows[:, None] - first, columns].all()
        if not overlap:
            pixels = [_pixels(other) for other in (patch, *patches[number + 1 :])]
            assert all(pixels[0].isdisjoint(other) for other in pixels[1:])
            assert not any(patch.meets(other) for other in patches[number + 1 :])


def _pixels(patch):
    columns = patch.origin[:, None] + np.arange(patch.width)
    columns = POLDER.wrap_col(patch.rows[:, None], columns)
    rows = np.broadcast_to(patch.rows[:, None], columns.shape)
    return {*zip(rows.ravel().tolist(), columns.ravel().tolist(), strict=True)}


@given(
    st.integers(0, 3140), st.floats(-180, 180, exclude_max=True), st.integers(0, 2**20),
    st.sampled_from(["native", "equirectangular"]),
)  # fmt: skip
def test_corners_are_around_each_place_inside(first, longitude, seed, geometry):
    patch = Patch(first, longitude, 24, geometry)
    if not patch.fits:
        return
    rng = np.random.default_rng(seed)
    latitude, east = patch.places()
    y, x = rng.uniform(1, 22, (2, 30))
    row, low = np.floor(y).astype(int), np.floor(x).astype(int)
    north = latitude[row, 0] + (y - row) * (latitude[row + 1, 0] - latitude[row, 0])
    step = np.mod(east[row, low + 1] - east[row, low], 360)
    place = east[row, low] + (x - low) * step
    found = patch.corners(north, place)
    assert found.enclosed.mean() > 0.8  # native: the row below leans out of the patch at its sides
    kept = found.enclosed
    np.testing.assert_allclose(found.weight[kept].sum(axis=1), 1)
    np.testing.assert_array_equal(found.row[kept, 0], row[kept])
    np.testing.assert_array_equal(found.col[kept, 0], low[kept])
    weighed = (latitude[found.row, found.col] * found.weight).sum(axis=1)[kept]
    np.testing.assert_allclose(weighed, north[kept], atol=1e-7)
    turn = (east[found.row, found.col] - place[:, None] + 180) % 360 - 180
    np.testing.assert_allclose((turn * found.weight).sum(axis=1)[kept], 0, atol=1e-6)


def test_a_patch_around_a_pole_does_not_fit():
    assert not Patch(-1, 0.0, 16).fits
    assert not Patch(0, 0.0, 16).fits
    assert not Patch(3230, 0.0, 16).fits
    assert Patch(200, 0.0, 16).fits
