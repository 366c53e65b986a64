"""2B-CLDCLASS-LIDAR as CloudSat's page has it, with the attributes of its swath."""

import numpy as np
import pytest

import nephoscope

from .archive import SWATH, caltrack_fields, granule
from .conftest import PROFILES

pytest.importorskip("pyhdf")


def layers(**changed):
    def empty(fill, dtype):
        return np.full((PROFILES, 10), fill, dtype)

    fields = {
        "CloudLayerBase": empty(-99, "f4"),
        "CloudLayerTop": empty(-99, "f4"),
        "CloudLayerType": empty(-9, "i1"),
        "CloudPhase": empty(-9, "i1"),
        "Height": caltrack_fields(-9999)["Height"][0],
    }
    for name, value in zip(fields, (5.0, 6.0, 2, 1), strict=False):
        fields[name][0, 0] = value
    return fields | changed


LAYER_SAYS = {
    "CloudLayerBase.missing": np.float32(-99), "CloudLayerBase.missop": "==",
    "CloudLayerTop.missing": np.float32(-99), "CloudLayerTop.missop": "==",
    "CloudLayerType.missing": np.int8(-9), "CloudPhase.missing": np.int8(-9),
    "Cloudlayer.missing": np.int8(-9), "Cloudlayer.missop": "==",
}  # fmt: skip


@pytest.mark.parametrize(("count", "known"), [(1, True), (0, True), (-9, False), (-1, False)])
def test_layers_by_the_page_of_2b_cldclass_lidar(tmp_path, count, known):
    counts = np.array([1, 0, 0, 0, 0, count], np.int8)
    fields = layers()
    if count == 1:
        for name, value in zip(fields, (1.0, 2.0, 4, 3), strict=False):
            fields[name][5, 0] = value
    path = granule(
        tmp_path / "a_2B-CLDCLASS-LIDAR.hdf", fields, LAYER_SAYS, {**SWATH, "Cloudlayer": counts}
    )
    track = nephoscope.open_track(path)
    inside = (track["height"].values[0] >= 5000) & (track["height"].values[0] <= 6000)
    assert set(track["cloud_type"].values[0][inside]) == {2}
    assert set(track["cloud_type"].values[0][~inside & np.isfinite(track["height"][0])]) == {0}
    assert track["layer_base"].values[0, 0] == 5000
    assert (set(track["cloud_type"].values[5]) == {-1}) == (not known)


def test_layers_that_are_counted_but_nowhere_are_not_clear(tmp_path):
    counts = np.array([1, 2, 0, 0, 0, 0], np.int8)
    path = granule(
        tmp_path / "a_2B-CLDCLASS-LIDAR.hdf", layers(), LAYER_SAYS, {**SWATH, "Cloudlayer": counts}
    )
    kinds = nephoscope.open_track(path)["cloud_type"].values
    assert set(kinds[1]) == {-1}
    assert set(kinds[2][:100]) == {0}


@pytest.mark.parametrize("fill", [99.0, 1e36, -999.0])
def test_layers_without_a_place_by_the_file_s_own_fill(tmp_path, fill):
    base = np.full((PROFILES, 10), fill, "f4")
    base[0, 0] = 5
    fields = layers(CloudLayerBase=base)
    says = {**LAYER_SAYS, "CloudLayerBase.missing": np.float32(fill)}
    path = granule(
        tmp_path / "a_2B-CLDCLASS-LIDAR.hdf", fields, says,
        {**SWATH, "Cloudlayer": np.array([1, 0, 0, 0, 0, 0], np.int8)},
    )  # fmt: skip
    track = nephoscope.open_track(path)
    assert np.isfinite(track["layer_base"].values).sum() == 1
