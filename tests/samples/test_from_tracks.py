"""What samples cut from half orbits hold: the right pixels, corners, truth and names."""

import shutil
from collections import Counter

import numpy as np
import pytest

import half_orbits_factory as factory
from nephoscope.errors import UsageError
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.grids.wgs84 import distance
from nephoscope.samples import harvest
from nephoscope.samples.patches import Choice

pytest.importorskip("pyhdf")
built, granules_of = factory.built, factory.granules_of


def test_images_are_counts_of_the_right_pixels(cut_samples):
    rows, cols = factory.channel(cut_samples, "I443NP_03"), factory.channel(cut_samples, "I490P_13")
    first = cut_samples["first_row"].values[:, None, None]
    np.testing.assert_array_equal(rows, first + np.arange(16)[:, None] + np.zeros(16, int))
    half = POLDER.half_length(rows)
    origin = cut_samples["origin"].values[:, :, None] + np.arange(16)
    start = POLDER.rows - half
    wrapped = start + np.mod(origin - start, 2 * half)
    np.testing.assert_array_equal(cols, wrapped)
    np.testing.assert_allclose(cut_samples["longitude"], POLDER.to_longitude(rows, cols), atol=2e-5)
    np.testing.assert_allclose(cut_samples["latitude"], POLDER.to_latitude(rows), atol=1e-5)
    assert (factory.channel(cut_samples, "I443NP_15") == -32768).all()
    assert cut_samples["known"].values.all()
    scale, offset = (cut_samples[name].values[-2] for name in ("scale_factor", "add_offset"))
    angle = factory.channel(cut_samples, "phis") * scale + offset
    np.testing.assert_allclose(angle, 100, atol=0.006)
    turns = dict(
        zip(
            cut_samples["channel"].values.tolist(),
            cut_samples["turns"].values.tolist(),
            strict=True,
        )
    )
    assert {turns[name] for name in ("U490P_00", "phi_07", "phis", "I490P_00")} == {
        "sign", "relative_azimuth", "azimuth", "",
    }  # fmt: skip


def test_corners_are_the_four_pixels_around_each_profile(cut_samples):
    """Told by the rows and columns that the channels count, and by nothing of ours but the grid."""
    rows, cols = factory.channel(cut_samples, "I443NP_00"), factory.channel(cut_samples, "I490P_00")
    sample = np.repeat(np.arange(cut_samples.sizes["sample"]), cut_samples["row_size"].values)
    corner = cut_samples["corner_row"].values, cut_samples["corner_col"].values
    row, col = (plane[sample[:, None], *corner] for plane in (rows, cols))
    track = {
        group: factory.track_places(longitude=longitude)
        for group, longitude in zip(
            dict.fromkeys(cut_samples["group"].values.tolist()), (20.0, 179.9, -60.0), strict=True
        )
    }
    groups = cut_samples["group"].values[sample].tolist()
    profile = cut_samples["profile"].values
    pairs = list(zip(groups, profile.tolist(), strict=True))
    places = np.array([[track[group][axis][number] for axis in (0, 1)] for group, number in pairs])
    latitude, longitude = np.float32(places).astype(float).T
    # North and south of it, in neighbouring rows.
    north, south = (POLDER.to_latitude(row[:, each]) for each in (0, 2))
    assert (row[:, 0] == row[:, 1]).all()
    assert (row[:, 2] == row[:, 3]).all()
    assert (row[:, 2] == row[:, 0] + 1).all()
    assert ((north >= latitude) & (latitude >= south)).all()
    # West and east of it, in neighbouring columns of that row.
    turn = (POLDER.to_longitude(row, col) - longitude[:, None] + 180) % 360 - 180
    step = 180 / POLDER.half_length(row)
    assert (turn[:, ::2] <= 1e-6).all()
    assert (turn[:, ::2] > -step[:, ::2] - 1e-6).all()
    assert (turn[:, 1::2] >= -1e-6).all()
    np.testing.assert_allclose(turn[:, 1::2] - turn[:, ::2], step[:, ::2], rtol=1e-9)
    weight = cut_samples["weight_bilinear"].values
    np.testing.assert_allclose(weight.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose((turn * weight).sum(axis=1), 0, atol=1e-5)
    away = distance(latitude[:, None], longitude[:, None], POLDER.to_latitude(row),
                    POLDER.to_longitude(row, col))  # fmt: skip
    expected = (1 / away) / (1 / away).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(cut_samples["weight_inverse_distance"], expected, rtol=2e-3)
    for name, index in (("row", corner[0]), ("col", corner[1])):
        np.testing.assert_allclose(cut_samples[name], (index * weight).sum(axis=1), atol=1e-4)


def test_truth_is_that_of_each_profile(cut_samples):
    profile = cut_samples["profile"].values
    kinds = (profile[:, None] + np.arange(factory.BINS)) % 9
    np.testing.assert_array_equal(cut_samples["cloud_type"], kinds)
    np.testing.assert_array_equal(cut_samples["cloud_scenario"].values >> 1 & 15, kinds)
    np.testing.assert_array_equal(cut_samples["height"][0], 25000 - 240 * np.arange(factory.BINS))
    assert set(cut_samples["time_offset"].values.tolist()) == {-131.0}


def test_samples_do_not_overlap_and_name_their_files(cut_samples):
    assert cut_samples.attrs["skipped"] == {}
    assert cut_samples.attrs["comment"] == "simulated by a test"
    groups = cut_samples["group"].values.tolist()
    assert cut_samples["id"].values.tolist() == [
        f"{group}_{Counter(groups[:n])[group]:02d}" for n, group in enumerate(groups)
    ]
    assert set(Counter(groups).values()) == {3}  # of 56 rows the outermost have no neighbours
    for group in set(groups):
        first = cut_samples["first_row"].values[cut_samples["group"].values == group]
        assert (np.diff(first) >= 16).all()
    picture = cut_samples["picture"].values.tolist()
    assert [name.split("-", 2)[2].rpartition("_V")[0] for name in picture] == groups
    assert all("CLDCLASS" in name for name in cut_samples["track"].values)
    assert all("PAR-RB2" in name for name in cut_samples["offsets"].values)
    assert (np.diff(cut_samples["order"].values) >= 0).all()
    assert cut_samples["image"].dtype == np.int16


@pytest.fixture(scope="module")
def simulated(half_orbits, tmp_path_factory):
    """The half orbits with a truth of the swath beside them."""
    folder = tmp_path_factory.mktemp("simulated") / "files"
    shutil.copytree(half_orbits, folder)
    return factory.write_truth(folder)


def test_points_of_the_swath_have_the_truth_of_their_pixels(simulated, tmp_path):
    pictures = factory.alone(simulated)
    found, skipped = built(
        simulated, tmp_path / "s.zarr", pairs=pictures, points="truth", points_per_sample=50,
        fewest_views=1,
    )  # fmt: skip
    assert skipped == {}
    assert found["row_size"].values.tolist() == [50] * found.sizes["sample"]
    assert found.sizes["sample"] >= 9
    sample = np.repeat(np.arange(found.sizes["sample"]), 50)
    heaviest = found["weight_bilinear"].values.argmax(axis=1)
    np.testing.assert_array_equal(found["weight_bilinear"].values.max(axis=1), 1)
    one = np.arange(len(sample)), heaviest
    corner = found["corner_row"].values[one], found["corner_col"].values[one]
    planes = [factory.channel(found, name) for name in ("I443NP_00", "I490P_00")]
    rows, cols = (plane[sample, *corner] for plane in planes)
    np.testing.assert_array_equal(corner[0], found["row"])
    level = np.arange(84)[::-1]
    kinds = np.where(level % 5 == 0, 0, (rows[:, None] + cols[:, None] + level) % 9)
    np.testing.assert_array_equal(found["cloud_type"], kinds)
    np.testing.assert_allclose(found["height"][0], 90 + 240.0 * np.arange(84)[::-1])
    np.testing.assert_array_equal(found["cloud_scenario"].values >> 1 & 15, kinds)
    assert set(found["time_offset"].values.tolist()) == {0.0}
    assert found.attrs["points"] == "truth"
    assert found["cloud_type"].attrs["flag_meanings"].split()[1] == "cirrus"
    assert len({*zip(sample.tolist(), rows.tolist(), cols.tolist(), strict=True)}) == len(sample)


def test_pictures_without_truth_are_counted(half_orbits, tmp_path):
    pictures = factory.alone(half_orbits)
    with pytest.raises(UsageError, match=f"3 x {harvest.NO_TRUTH}"):
        built(half_orbits, tmp_path / "s.zarr", pairs=pictures, points="truth")


def test_equirectangular_samples_stand_upright(half_orbits, tmp_path):
    found, _ = built(
        half_orbits, tmp_path / "s.zarr", Choice(16, fewest=8, geometry="equirectangular")
    )
    rows = factory.channel(found, "I443NP_00")
    longitude = found["longitude"].values.astype(float)
    turns = (longitude - longitude[:, :1] + 180) % 360 - 180
    np.testing.assert_allclose(turns, 0, atol=4e-5)  # each column is a meridian
    steps = (np.diff(longitude) + 180) % 360 - 180
    np.testing.assert_allclose(steps, steps[:, :1, :1] + 0 * steps, atol=6e-5)
    np.testing.assert_array_equal(
        rows, found["first_row"].values[:, None, None] + np.arange(16)[:, None] + 0 * rows
    )
    # The column of the grid, which the channel counts, at that longitude: between two of them.
    inside = found["group"].values != found["group"].values[3]  # of one, columns begin anew
    expected = POLDER.to_col(rows, found["longitude"].values)
    away = np.abs(factory.channel(found, "I490P_00") - expected)[inside]
    assert away.max() <= 0.51
    # Bilinear weights find the place of a profile in the picture.
    weight = found["weight_bilinear"].values
    sample = np.repeat(np.arange(found.sizes["sample"]), found["row_size"].values)
    corner = found["corner_row"].values, found["corner_col"].values
    north = (found["latitude"].values[sample[:, None], *corner] * weight).sum(axis=1)
    latitude = np.concatenate([factory.track_places()[0][found["profile"].values]])
    np.testing.assert_allclose(north, latitude, atol=1e-5)
    assert (found["origin"].values == -1).all()
