"""A folder of A-Train Cloud Segmentation becomes a store, and a store such a file, without loss."""

import os
import pickle
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import xarray as xr

from atcs_factory import DIRECTIONAL, PLAIN, SIZE, make_folder
from nephoscope.errors import InputError, UsageError
from nephoscope.samples.from_atcs import UNREADABLE, import_atcs, is_atcs
from nephoscope.samples.store import open_samples
from nephoscope.samples.to_hdf5 import export_hdf5

RECIPE = SimpleNamespace(
    task="cloud_type", name="made", instrument="polder", inputs=SimpleNamespace(side=None)
)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "atrain"
    make_folder(folder)
    return folder


@pytest.mark.parametrize("version", [0, 1])
def test_a_folder_becomes_a_store(tmp_path, version):
    made, told = make_folder(tmp_path / "atrain", version), []
    assert is_atcs(tmp_path / "atrain", "polder")
    assert not is_atcs(tmp_path, "polder")
    assert not is_atcs(tmp_path / "atrain", "marci")
    out = tmp_path / "atcs.zarr"
    skipped = import_atcs(tmp_path / "atrain", out, RECIPE, progress=told.append)
    assert not skipped
    assert told == sorted(made)
    store = open_samples(out)
    assert store["image"].dtype == np.int16
    assert store["image"].shape == (3, 16 * len(DIRECTIONAL) + len(PLAIN), SIZE, SIZE)
    assert list(store["id"].values) == sorted(made)
    assert list(store["split"].values) == ["train", "train", "validation"]
    assert store.attrs["geometry"] == ("native" if version else "equirectangular")
    assert store.attrs["fields"] == [*DIRECTIONAL, *PLAIN]
    assert (store.attrs["points"], store.attrs["truth"]) == ("track", "points")
    assert store.attrs["task"] == "cloud_type"
    sizes = [len(made[name]["output"]["lat"]) for name in sorted(made)]
    assert store["row_size"].values.tolist() == sizes
    codes = np.concatenate([made[name]["codes"] for name in sorted(made)])
    np.testing.assert_array_equal(store["cloud_scenario"], codes)
    np.testing.assert_array_equal(
        store["origin"], np.stack([made[name]["origin"] for name in sorted(made)])
    )
    assert store["orbit"].values.tolist() == [176, 207, 176]
    plain = xr.open_zarr(out)
    radiance = plain["image"].isel(sample=0).sel(channel="I443NP_00")
    values = radiance * plain["scale_factor"].sel(channel="I443NP_00")
    wanted = made["00000"]["picture"][..., 0]
    np.testing.assert_allclose(values, wanted, rtol=1e-6)


def test_what_was_imported_is_exported_as_it_was(tmp_path):
    made = make_folder(tmp_path / "atrain")
    import_atcs(tmp_path / "atrain", tmp_path / "atcs.zarr", RECIPE)
    told = []
    out = export_hdf5(tmp_path / "atcs.zarr", tmp_path / "atrain.h5", progress=told.append)
    assert told == sorted(made)
    with h5py.File(out) as file:
        assert sorted(file) == sorted(made)
        assert list(file.attrs["fields"]) == [*DIRECTIONAL, *PLAIN]
        assert len(file.attrs["channels"]) == 16 * len(DIRECTIONAL) + len(PLAIN)
        for name, sample in made.items():
            _compare(file[name], sample)


def _compare(group, sample):
    found, wanted = group["input"][()], sample["picture"].copy()
    assert found.shape == wanted.shape
    assert found.dtype == np.float32
    lost = np.concatenate([np.isnan(count) for count in sample["counts"].values()], axis=-1)
    assert (found[lost] == -32767).all()
    at = len(DIRECTIONAL) * 16 + PLAIN.index("Latitude")
    places = np.isin(np.arange(found.shape[-1]), [at, at + 1])
    np.testing.assert_allclose(found[..., places], wanted[..., places], atol=0.003)
    lost |= places
    np.testing.assert_allclose(found[~lost], wanted[~lost], rtol=1e-6, atol=1e-7)
    output = sample["output"]
    assert set(group["output"]) == set(output)
    for name in ("lat", "lon"):
        np.testing.assert_allclose(group["output"][name], output[name], atol=1e-5)
    for name in ("time", "corner_idx"):
        np.testing.assert_array_equal(group["output"][name], output[name])
    np.testing.assert_array_equal(group["output/height"], output["height"])
    np.testing.assert_allclose(group["output/corner_weights"], output["corner_weights"], rtol=1e-6)
    missing = sample["codes"] == -9999
    for name, part in output["cloud_scenario"].items():
        found = group["output/cloud_scenario"][name][()]
        assert found.dtype == np.int16
        np.testing.assert_array_equal(found, np.where(missing, 0, part))


def test_samples_that_cannot_be_used_are_left_out_and_counted(folder, tmp_path):
    pickles, arrays = (sorted(folder.rglob(ending)) for ending in ("*.pkl", "*.npy"))
    # The folders are of days: sorted by name they are the first, the third and the second sample.
    marker, errors = tmp_path / "ran", []

    class Evil:
        def __reduce__(self):
            return os.system, (f"touch '{marker}'",)

    pickles[0].write_bytes(pickle.dumps(Evil()))
    picture = np.load(arrays[1])
    np.save(arrays[1], np.concatenate([picture, picture[-1:]]))
    with pytest.raises(InputError, match="refused"):
        import_atcs(folder, tmp_path / "none.zarr", RECIPE)
    assert not (tmp_path / "none.zarr").exists()
    skipped = import_atcs(folder, tmp_path / "some.zarr", RECIPE, on_error=errors.append)
    assert skipped[UNREADABLE] == len(errors) == 2
    assert ["refused" in str(error) for error in errors] == [True, False]
    assert "as those before it" in str(errors[1])
    store = open_samples(tmp_path / "some.zarr")
    assert list(store["id"].values) == ["00001"]
    assert store.attrs["skipped"] == dict(skipped)
    assert not marker.exists()
    for path in pickles:
        path.write_bytes(b"")
    with pytest.raises(InputError, match="no sample that can be used"):
        import_atcs(folder, tmp_path / "none.zarr", RECIPE, on_error=errors.append)
    assert not (tmp_path / "none.zarr").exists()


def test_a_store_that_is_there_is_not_replaced_unasked(folder, tmp_path):
    out = tmp_path / "atcs.zarr"
    import_atcs(folder, out, RECIPE)
    with pytest.raises(UsageError, match="overwrite"):
        import_atcs(folder, out, RECIPE)
    make_folder(folder, samples=1)
    import_atcs(folder, out, RECIPE, overwrite=True)
    assert open_samples(out).sizes["sample"] == 1
    export_hdf5(out, tmp_path / "atcs.h5")
    with pytest.raises(UsageError, match="overwrite"):
        export_hdf5(out, tmp_path / "atcs.h5")
    export_hdf5(out, tmp_path / "atcs.h5", overwrite=True)


def test_the_same_folder_gives_the_same_samples(folder, tmp_path):
    for name in ("one.zarr", "two.zarr"):
        import_atcs(folder, tmp_path / name, RECIPE)
    one, two = (open_samples(tmp_path / name) for name in ("one.zarr", "two.zarr"))
    assert one.attrs["samples_id"] == two.attrs["samples_id"]
    xr.testing.assert_identical(one.drop_attrs(), two.drop_attrs())


def test_what_is_no_store_of_a_track_is_not_exported(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        export_hdf5(tmp_path / "none.zarr", tmp_path / "out.h5")


def test_other_instruments_and_tasks_have_no_such_folders(folder, tmp_path):
    other = SimpleNamespace(**vars(RECIPE) | {"instrument": "seviri"})
    with pytest.raises(UsageError, match="no other software"):
        import_atcs(folder, tmp_path / "x.zarr", other)
    other = SimpleNamespace(**vars(RECIPE) | {"task": "mask"})
    with pytest.raises(UsageError, match="points"):
        import_atcs(folder, tmp_path / "x.zarr", other)
