"""Facts of the archive's documentation, each against a file written without our own writer."""

import h5py
import numpy as np
import pytest

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.polder import box, counts, datasets, half_orbit
from nephoscope.instruments.polder import read as read_half_orbit

from .conftest import FIRST_COL, FIRST_ROW, FLAGS, RADIANCES, SEEN

BOX = box((1200, 1204), (3000, 3006))
DIRECTIONAL = "Data_Directional_Fields"
SCALES = {
    **{name: 1e-4 for name in RADIANCES},
    "phi": 0.006,
    "thetas": 0.0015,
    "thetav": 0.0015,
    "phis": 0.006,
}


@pytest.mark.parametrize("name", FLAGS)
def test_quality_flags_are_no_radiances(changed, name):
    """Their names begin with Q, as the Stokes component does."""
    with h5py.File(changed, "r+") as file:
        file[f"{DIRECTIONAL}/thetas"][1200:1204, 3000:3006] = 40_000  # 60 degrees
        file[f"Quality_Flags_Directional_Fields/{name}"][1200:1204, 3000:3006] = 3
    plain, divided = (
        read_half_orbit(changed, [name, "I443NP", "Q490P"], BOX, as_reflectance=reflectance)
        for reflectance in (False, True)
    )
    flags = plain["field"].values == name
    assert set(np.unique(divided["image"].values[flags])) == {3}
    np.testing.assert_array_equal(divided["image"][flags], plain["image"][flags])
    for field in ("I443NP", "Q490P"):
        own = plain["field"].values == field
        np.testing.assert_allclose(
            divided["image"][own], plain["image"][own] / np.cos(np.radians(60)), rtol=1e-6
        )


@pytest.mark.parametrize("name", ["phi", "thetas", "thetav", "Nviews", "CCD_row"])
def test_what_is_no_radiance_is_never_divided(changed, name):
    if name == "CCD_row":
        with h5py.File(changed, "r+") as file:
            data = file.create_dataset(
                f"{DIRECTIONAL}/CCD_row", (3240, 6480, 16), "i2", chunks=(1, 6480, 16),
                compression="gzip", fillvalue=32767,
            )  # fmt: skip
            data.attrs.update({"scale_factor": 0.01, "add_offset": 0.0, "_FillValue": 32767})
            data[1200:1204, 3000:3006] = 1234
    plain, divided = (
        read_half_orbit(changed, [name, "I443NP"], BOX, as_reflectance=reflectance)
        for reflectance in (False, True)
    )
    own = plain["field"].values == name
    np.testing.assert_array_equal(divided["image"][own], plain["image"][own])
    if name == "CCD_row":
        assert float(plain["image"][own].max()) == pytest.approx(12.34)


@pytest.mark.parametrize("name", [*RADIANCES, "phi", "thetas", "thetav"])
def test_every_field_has_its_scale_and_its_missing_views(granule, count_of, name):
    image = read_half_orbit(granule, [name], BOX)["image"].values
    for row, col, view in ((0, 0, 0), (1, 3, 5), (3, 5, SEEN - 1)):
        expected = count_of(name, row, col, view) * SCALES[name]
        assert image[view, row, col] == pytest.approx(expected, rel=1e-6)
    assert np.isnan(image[SEEN:]).all()
    lost = np.isnan(image[SEEN - 1])
    assert lost.sum() == (1 if name in RADIANCES else 0)
    assert not lost.any() or lost[1, 2]


@pytest.mark.parametrize(
    ("name", "code"),
    [("I443NP", 32767), ("I443NP", -32767), ("Q865P", 32767), ("Q865P", -32767),
     ("thetav", 65535), ("thetav", 65534), ("thetas", 65534), ("phi", 65535)],
)  # fmt: skip
def test_fill_and_missing_codes_are_missing(changed, name, code):
    with h5py.File(changed, "r+") as file:
        file[f"{DIRECTIONAL}/{name}"][FIRST_ROW, FIRST_COL, 2] = code
    scene = read_half_orbit(changed, [name], BOX)
    assert np.isnan(scene["image"].values[2, 0, 0])
    assert not scene["view_valid"].values[2, 0, 0]


@pytest.mark.parametrize("code", [99999, -99999])
@pytest.mark.parametrize("name", ["Latitude", "Longitude"])
def test_places_have_codes_of_either_sign(changed, name, code):
    with h5py.File(changed, "r+") as file:
        file[f"Geolocation_Fields/{name}"][FIRST_ROW, FIRST_COL] = code
    image = read_half_orbit(changed, [name], BOX)["image"].values
    assert np.isnan(image).sum() == 1


@pytest.mark.parametrize("group", ["Data_Fields", "Geolocation_Fields"])
def test_the_cloud_indicator_lies_in_either_group(changed, group):
    with h5py.File(changed, "r+") as file:
        data = file["Geolocation_Fields/cloud_indicator"]
        data[FIRST_ROW, FIRST_COL : FIRST_COL + 4] = (0, 50, 100, 255)
        if group == "Data_Fields":
            file.move("Geolocation_Fields/cloud_indicator", "Data_Fields/cloud_indicator")
    image = read_half_orbit(changed, ["cloud_indicator"], BOX)["image"].values
    np.testing.assert_array_equal(image[0, 0, :4], [0, 50, 100, np.nan])


@pytest.mark.parametrize(
    "wrong",
    [{"views": "all"}, {"views": 3}, {"views": [16]}, {"views": []}, {"views": [1, 1]},
     {"rows": 5}, {"rows": (1, 2, 3)}, {"rows": ("a", 2)}, {"rows": (5, 5)}, {"rows": (0, 3241)},
     {"window": (1200, 1204)}, {"window": "all"}, {"window": BOX, "rows": (0, 3240)},
     {"fields": "everything"}, {"fields": ["I999NP"]}, {"fields": []}],
)  # fmt: skip
def test_requests_that_make_no_sense_say_what_is_wanted(granule, wrong):
    with pytest.raises(UsageError):
        read_half_orbit(granule, **wrong)


@pytest.mark.parametrize("error", [KeyError, ValueError, TypeError, AttributeError, RuntimeError])
def test_a_mistake_of_ours_is_no_damage_of_the_file(granule, monkeypatch, error):
    def broken(*_, **__):
        raise error("a mistake of ours")

    monkeypatch.setattr(half_orbit, "_slots", broken)
    with pytest.raises(error, match="a mistake of ours"):
        read_half_orbit(granule, ["I443NP"], BOX)


@pytest.mark.parametrize("error", [OSError, RuntimeError, KeyError, ValueError])
def test_what_the_library_raises_is(granule, monkeypatch, error):
    class Broken:
        def __init__(self, dataset):
            self._dataset = dataset

        def __getattr__(self, name):
            return getattr(self._dataset, name)

        @property
        def chunks(self):
            raise error("what HDF5 says of damage")

    found = datasets.dataset_of

    def wrapped(file, field):
        return Broken(found(file, field))

    monkeypatch.setattr(half_orbit, "dataset_of", wrapped)
    with pytest.raises(InputError, match="what HDF5 says of damage") as caught:
        read_half_orbit(granule, ["I443NP"], BOX)
    assert caught.value.field == f"{DIRECTIONAL}/I443NP"


def test_a_plain_layout_explains_its_damage_too(changed, monkeypatch):
    def broken(_):
        return False

    monkeypatch.setattr(counts, "_is_of_packed_rows", broken)
    with h5py.File(changed, "r") as file:
        info = file[f"{DIRECTIONAL}/I443NP"].id.get_chunk_info_by_coord((1201, 0, 0))
    content = bytearray(changed.read_bytes())
    content[info.byte_offset + info.size // 2] ^= 0x55
    changed.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_half_orbit(changed, ["I443NP"], BOX)
    assert caught.value.field == f"{DIRECTIONAL}/I443NP"
