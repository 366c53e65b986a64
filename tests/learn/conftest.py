import numpy as np
import pytest
import xarray as xr

from nephoscope.models import export
from samples import views_factory as factory


@pytest.fixture
def quick_export(monkeypatch):
    """Compiling takes long and is tested with the models: here it writes a stand-in."""

    def write(_, path, *__):
        path.write_bytes(b"stand-in")
        return 0.0

    monkeypatch.setattr(export, "export_onnx", write)


@pytest.fixture
def ice_store(tmp_path, quick_export):
    """The samples of many views, with ice in place of types of cloud; some of it unknown."""
    types = factory.write(tmp_path / "types.zarr")
    with xr.open_zarr(types, consolidated=False, mask_and_scale=False) as held:
        made = held.load()
    kinds = made["cloud_type"]
    rng = np.random.default_rng(0)
    ice = np.where(kinds > 4, 10 ** rng.normal(-5, 1, kinds.shape), 0).astype(np.float32)
    ice[kinds.values < 0] = np.nan
    made["iwc"] = kinds.dims, ice
    made["ice_number"] = kinds.dims, (ice * 2e9).astype(np.float32)
    made = made.drop_vars(["cloud_type", "cloud_scenario"]).assign_attrs(
        task="cloud_ice", column_geometry="upright"
    )
    for each in made.variables.values():
        each.encoding.clear()
    made.to_zarr(tmp_path / "s.zarr", consolidated=False, zarr_format=3)
    return tmp_path / "s.zarr"
