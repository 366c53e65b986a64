"""Directional fields as cubes, and the view nearest to nadir."""

import numpy as np
import xarray as xr

from nephoscope.instruments.polder import cubes_of, nearest_nadir


def test_cubes_are_the_views_of_each_directional_field():
    image = np.arange(5 * 2 * 3, dtype=np.float32).reshape(5, 2, 3)
    scene = xr.Dataset(
        {"image": (("channel", "y", "x"), image)},
        {
            "field": ("channel", ["I", "I", "thetav", "thetav", "Nviews"]),
            "view_of": ("channel", np.array([0, 1, 0, 1, -1])),
        },
    )
    cubes = cubes_of(scene)
    assert list(cubes) == ["I", "thetav"]
    np.testing.assert_array_equal(cubes["I"], image[:2])
    np.testing.assert_array_equal(cubes["thetav"], image[2:4])


def test_the_steepest_view_that_exists_is_taken():
    zenith = np.array([[[40, np.nan, 10]], [[20, 50, np.nan]], [[30, 60, 12]]], np.float32)
    light = np.array([[[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]]], np.float32)
    found = nearest_nadir({"thetav": zenith, "I": light})
    np.testing.assert_array_equal(found["I"], [[4, 5, 3]])
    np.testing.assert_array_equal(found["thetav"], [[20, 50, 10]])
