"""Conditions of a pixel's views, against vectors in space and by hand."""

import numpy as np
import pytest
import xarray as xr

from nephoscope.instruments.polder import CONDITIONS, conditions
from nephoscope.instruments.polder.conditions import GLINT

ANGLES = {
    "thetas": [[30.0, 31, np.nan], [85, 86, 87]],
    "thetav": [[50.0, 4, 2], [np.nan, 60, 20]],
    "phi": [[180.0, 90, 10], [0, 200, np.nan]],
}


def scene_of(angles, **flags):
    names = [f"{name}_{view:02d}" for name, cube in angles.items() for view in range(len(cube[0]))]
    image = np.concatenate([np.array(cube, np.float32).T for cube in angles.values()])
    for name, values in flags.items():
        names.append(name)
        image = np.concatenate([image, np.array([values], np.float32)])
    return xr.Dataset({"image": (("channel", "y", "x"), image[:, None])}, {"channel": names})


def direction(zenith, azimuth):
    zenith, azimuth = np.radians(zenith), np.radians(azimuth)
    return np.array(
        [np.sin(zenith) * np.cos(azimuth), np.sin(zenith) * np.sin(azimuth), np.cos(zenith)]
    )


def test_views_count_where_all_angles_are_there():
    found = conditions(scene_of(ANGLES))
    np.testing.assert_array_equal(found["views"], [[2, 1]])
    np.testing.assert_array_equal(found["view_zenith"], [[4, 60]])
    np.testing.assert_array_equal(found["solar_zenith"], [[31, 86]])
    assert found.keys() == CONDITIONS.keys()


@pytest.mark.parametrize(
    ("sun", "view", "phi"), [(30, 30, 180), (30, 30, 0), (60, 20, 140), (5, 50, 300)]
)
def test_the_angle_from_the_mirror_is_that_of_vectors(sun, view, phi):
    """With phi 180 the satellite stands where a mirror sends the sun."""
    angles = {"thetas": [[sun]], "thetav": [[view]], "phi": [[phi]]}
    mirrored = direction(sun, 0) * [-1, -1, 1]
    expected = np.degrees(np.arccos(np.clip(mirrored @ direction(view, phi), -1, 1)))
    np.testing.assert_allclose(conditions(scene_of(angles))["glint"], expected, atol=0.05)


def test_land_does_not_glitter():
    angles = {name: [[value], [value], [value]] for name, value in
              (("thetas", 30.0), ("thetav", 30.0), ("phi", 180.0))}  # fmt: skip
    found = conditions(scene_of(angles, land_sea_flag=[0, 50, 100]))["glint"][0]
    assert (found[:2] < GLINT).all()
    assert np.isnan(found[2])


def test_what_is_not_there_is_not_told():
    radiance = scene_of({"I865P": [[0.1, np.nan], [np.nan, np.nan]]})
    found = conditions(radiance)
    assert found.keys() == {"views"}
    np.testing.assert_array_equal(found["views"], [[1, 0]])
    found = conditions(scene_of({name: ANGLES[name] for name in ("thetas", "thetav")}))
    assert found.keys() == {"views", "view_zenith", "solar_zenith"}


def test_without_any_view_there_is_no_number():
    nothing = {name: [[np.nan, np.nan]] for name in ANGLES}
    found = conditions(scene_of(nothing))
    assert found.pop("views") == 0
    assert all(np.isnan(values).all() for values in found.values())
