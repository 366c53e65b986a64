"""Resampling between the columns of a row: linear, around circles, nearest for classes."""

import numpy as np
import pytest

from nephoscope.instruments.polder.packing import MISSING, Packing
from nephoscope.instruments.polder.resampling import resample

RADIANCE = Packing(1e-4, 0.0)
ANGLE = Packing(0.006, 0.006 * 32767)


def between(name, packed, packing, west, weight):
    packed = np.array([[packed]], np.int16)
    return resample(name, packed, packing, np.array([west]), np.array([weight]))[0, 0].tolist()


def test_radiances_are_linear():
    assert between("I443NP", [100, 200, 400], RADIANCE, [0, 0, 1], [0.0, 0.25, 0.5]) == [
        100,
        125,
        300,
    ]


def test_a_pixel_is_missing_where_one_that_weighs_anything_is():
    packed = [100, MISSING, 300]
    assert between("Q865P", packed, RADIANCE, [0, 0, 1, 1], [0.0, 0.01, 0.99, 1.0]) == [
        100, MISSING, MISSING, 300,
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["phi", "phis"])
def test_angles_go_the_shorter_way_round(name):
    counts = np.rint((np.array([350.0, 20.0, 180.0]) - ANGLE.add_offset) / 0.006)
    found = between(name, counts, ANGLE, [0, 0, 1], [0.5, 1.0, 0.0])
    degrees = np.array(found) * 0.006 + ANGLE.add_offset
    np.testing.assert_allclose(degrees, [5, 20, 20], atol=0.01)


def test_zenith_angles_are_no_circle():
    counts = np.rint((np.array([10.0, 30.0]) - ANGLE.add_offset) / 0.006)
    found = between("thetav", counts, ANGLE, [0], [0.5])
    np.testing.assert_allclose(np.array(found) * 0.006 + ANGLE.add_offset, 20, atol=0.01)


def test_longitude_crosses_the_date_line():
    packing = Packing(180 / 32000, 0.0)
    counts = np.rint(np.array([179.9, -179.9]) / packing.scale_factor)
    found = between("Longitude", counts, packing, [0, 0], [0.25, 0.75])
    np.testing.assert_allclose(
        np.array(found) * packing.scale_factor, [179.95, -179.95], atol=0.006
    )


@pytest.mark.parametrize("name", ["land_sea_flag", "cloud_indicator", "Nviews", "Quality_Flags_03"])
def test_classes_come_from_the_nearer_column(name):
    assert between(name, [0, 100], Packing(1.0, 0.0), [0, 0], [0.49, 0.51]) == [0, 100]
