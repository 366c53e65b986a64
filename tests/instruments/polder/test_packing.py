"""Every count of a file comes back exactly from the float32 of the Scene."""

import h5py
import numpy as np
import pytest

from nephoscope.instruments.polder import FIELDS, SCHEMES, box
from nephoscope.instruments.polder import read as read_half_orbit
from nephoscope.instruments.polder.packing import turns_of

ROW, WIDTH, VIEWS = 1200, 4096, 16  # 4096 columns of 16 views: all 65536 codes in one row
BOX = box((ROW, ROW + 1), (1000, 1000 + WIDTH))
NAMES = ("I443NP", "Q490P", "U865P", "thetas", "thetav", "phi")


@pytest.fixture(scope="module")
def of_all_codes(granule, tmp_path_factory):
    """The half orbit with every code there is in one row of some fields."""
    path = tmp_path_factory.mktemp("codes") / granule.name
    path.write_bytes(granule.read_bytes())
    with h5py.File(path, "r+") as file:
        for name in NAMES:
            data = file["Data_Directional_Fields"][name]
            codes = np.arange(2**16, dtype=np.uint16).astype(data.dtype)
            data[ROW, 1000 : 1000 + WIDTH] = codes.reshape(WIDTH, VIEWS)
    return path


def counts_of(scene, field):
    """(view, y, x) float64, as a store packs them; NaN where missing."""
    part = scene.isel(channel=scene["field"].values == field)
    scale, offset = (part[name].values[:, None, None] for name in ("scale_factor", "add_offset"))
    return (part["image"].values - offset) / scale


@pytest.mark.parametrize("name", NAMES)
def test_every_code_comes_back(of_all_codes, name):
    scene = read_half_orbit(of_all_codes, fields=[name], window=BOX)
    found = counts_of(scene, name).transpose(1, 2, 0).ravel()
    codes = np.arange(2**16, dtype=np.uint16)
    if FIELDS[name].dtype == "int16":
        wanted = codes.view(np.int16).astype(float)
        wanted[np.isin(wanted, [32767, -32767])] = np.nan
    else:
        wanted = codes.astype(float) - 32767
        wanted[codes >= 65534] = np.nan
    np.testing.assert_array_equal(np.rint(found), wanted)
    # -32768 of a radiance is -3.2768: the count that a store has for missing.
    held = wanted[np.isfinite(wanted) & (wanted > -32768)]
    assert np.abs(held).max() <= 32767
    assert np.nanmax(np.abs(found - np.rint(found))) < 0.02  # of a count: far from the next
    assert np.unique(held).size == held.size


def test_what_the_file_says_is_the_scale(changed):
    with h5py.File(changed, "r+") as file:
        data = file["Data_Directional_Fields/thetav"]
        data.attrs["scale_factor"], data.attrs["add_offset"] = 0.002, 1.5
    scene = read_half_orbit(changed, ["thetav"], window=box((1200, 1204), (3000, 3006)))
    assert (scene["scale_factor"] == 0.002).all()
    assert scene["add_offset"].values == pytest.approx(1.5 + 32767 * 0.002)
    found = counts_of(scene, "thetav")
    with h5py.File(changed) as file:
        raw = file["Data_Directional_Fields/thetav"][1200:1204, 3000:3006].astype(float)
    raw[raw >= 65534] = np.nan
    np.testing.assert_array_equal(np.rint(found), np.moveaxis(raw, -1, 0) - 32767)


def test_every_field_has_a_packing_and_places_lose_little(granule):
    scene = read_half_orbit(granule, "all", window=box((1200, 1204), (3000, 3006)))
    assert scene["scale_factor"].dtype == scene["add_offset"].dtype == np.float64
    for field in SCHEMES["all"]:
        found = counts_of(scene, field)
        away = np.nanmax(np.abs(found - np.rint(found)))
        assert away <= (0.5 if field in {"Latitude", "Longitude"} else 0.02), field
    for field, degrees in (("Latitude", 90), ("Longitude", 180)):
        scale = scene["scale_factor"].sel(channel=field).values
        assert degrees / scale <= 32767
        assert scale / 2 < 1 / 36  # half a pixel


def test_what_is_computed_is_rounded_to_the_step_of_radiances(granule):
    window = box((1200, 1204), (3000, 3006))
    scene = read_half_orbit(granule, ["DoLP865P", "I865P"], window=window)
    assert set(scene["scale_factor"].values) == {1e-4}
    assert not scene["add_offset"].values.any()
    divided = read_half_orbit(granule, ["I865P"], window=window, as_reflectance=True)
    assert "scale_factor" not in divided.coords
    assert "turns" in divided.coords


def test_how_channels_change_in_a_mirror(granule):
    scene = read_half_orbit(granule, "all", window=box((1200, 1204), (3000, 3006)))
    turns = dict(zip(scene["channel"].values, scene["turns"].values, strict=True))
    assert {name for name, how in turns.items() if how == "sign"} == {
        f"U{band}P_{view:02d}" for band in (490, 670, 865) for view in range(16)
    }
    assert {name for name, how in turns.items() if how == "relative_azimuth"} == {
        f"phi_{view:02d}" for view in range(16)
    }
    assert [name for name, how in turns.items() if how == "azimuth"] == ["phis"]
    assert turns_of("delta_thetav.sinphi") == "sign"
