"""Image of a half orbit read on demand: the same numbers, of the rows and channels asked for."""

import h5py
import numpy as np
import pytest

from nephoscope.errors import InputError
from nephoscope.instruments.polder import half_orbit, read

FIELDS = ["I443NP", "I670P", "thetas", "DoLP490P", "land_sea_flag"]


@pytest.fixture(scope="module")
def whole(granule):
    return read(granule, FIELDS)


@pytest.fixture(scope="module")
def lazy(granule):
    return read(granule, FIELDS, lazy=True)


def test_it_holds_what_is_read_at_once(whole, lazy):
    np.testing.assert_array_equal(lazy["image"], whole["image"])
    for name in ("known", "latitude", "longitude", "row", "origin", "column", "field", "view_of"):
        np.testing.assert_array_equal(lazy[name], whole[name])
    assert lazy.attrs == whole.attrs


@pytest.mark.parametrize(
    "part",
    [
        {"y": slice(1, 3)},
        {"channel": [40, 3, 41], "x": slice(4, None)},
        {"channel": 16, "y": 2, "x": 5},
        {"y": [3, 0], "x": slice(None, None, 2)},
        {"channel": slice(5, 60, 7), "y": slice(0, 0)},
    ],
)
def test_a_part_is_that_part(whole, lazy, part):
    found = lazy["image"].isel(part)
    np.testing.assert_array_equal(found.values, whole["image"].isel(part).values)
    assert found.dims == whole["image"].isel(part).dims


def test_only_the_rows_and_fields_asked_for_are_read(lazy, monkeypatch):
    asked = []
    plain = half_orbit.read_counts

    def watched(dataset, first_row, columns, fill):
        asked.append((dataset.name.rpartition("/")[2], first_row, len(columns)))
        return plain(dataset, first_row, columns, fill)

    monkeypatch.setattr(half_orbit, "read_counts", watched)
    named = lazy["image"].sel(channel=["thetas_03", "thetas_11"])[:, 1:3]
    assert not asked
    _ = named.values
    assert asked == [("thetas", int(lazy["row"][1]), 2)]


def test_reflectances_are_divided_by_the_sun_of_their_own_rows(granule):
    options = {"fields": ["I443NP", "Q490P"], "as_reflectance": True}
    found = read(granule, lazy=True, **options)["image"][:, 2:].values
    np.testing.assert_array_equal(found, read(granule, **options)["image"][:, 2:].values)


def test_what_is_missing_is_said_when_the_file_is_opened(changed):
    with h5py.File(changed, "a") as file:
        del file["Data_Directional_Fields/thetas"]
    with pytest.raises(InputError, match="thetas"):
        read(changed, FIELDS, lazy=True)


def test_a_damaged_row_is_said_when_it_is_read(changed):
    with h5py.File(changed, "a") as file:
        info = file["Data_Directional_Fields/I670P"].id.get_chunk_info(2)
    with changed.open("r+b") as file:
        file.seek(info.byte_offset)
        file.write(b"\xff" * info.size)
    lazy = read(changed, FIELDS, lazy=True)
    assert lazy["image"][:, 0].shape
    with pytest.raises(InputError, match="is damaged") as caught:
        _ = lazy["image"].values
    assert caught.value.path == str(changed)
    assert "I670P" in str(caught.value)
