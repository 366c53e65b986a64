"""The recipes of docs/python.md run, print what is shown, and keep the numbers."""

import ast
import re
import warnings
from importlib.util import find_spec
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from page_runner import run_text

PAGE = (Path(__file__).parents[1] / "docs" / "python.md").read_text()
INTRODUCTION, *SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)
WITH_CODE = [section for section in SECTIONS if "```python" in section]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    if find_spec("satpy") is None:
        pytest.skip("satpy is not installed: pip install 'nephoscope[satellites]'")
    folder = tmp_path_factory.mktemp("recipes")
    run_text(INTRODUCTION, folder)
    return folder


@pytest.fixture(autouse=True)
def unseen_figures():
    mpl.use("Agg")
    yield
    plt.close("all")


def packages_of(section):
    blocks = re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    nodes = [node for block in blocks for node in ast.walk(ast.parse(block))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    return sorted({name.partition(".")[0] for name in names})


@pytest.mark.parametrize("section", WITH_CODE, ids=[text.partition("\n")[0] for text in WITH_CODE])
def test_a_recipe_runs_and_prints_what_is_shown(section, place):
    missing = [name for name in packages_of(section) if find_spec(name) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed")
    with warnings.catch_warnings():
        # rioxarray multiplies as affine 3 no longer wants it.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        run_text(section, place)
    CHECKS.get(section.partition("\n")[0], lambda _: None)(place)


def check_tiff(place):
    """Each pixel is the product's; a reprojected one that of the nearest pixel."""
    import rioxarray

    file = next((place / "masks").rglob("S01_day01.nc"))
    packed = xr.open_dataset(file, mask_and_scale=False).cloud_mask
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        tiff = rioxarray.open_rasterio(place / "mask.tif")
        path = rioxarray.open_rasterio(place / "path.tif")[0]
        path.load()
    assert np.array_equal(tiff[0].values, packed.values)
    assert np.allclose(tiff.y, packed.latitude)
    assert np.allclose(tiff.x, packed.longitude)

    slot = xr.open_dataset(next((place / "slots").rglob("*.nc")))
    row, col = path.sizes["y"] // 2, path.sizes["x"] // 2
    longitude, latitude = float(path.x[col]), float(path.y[row])
    far = (slot.latitude.values - latitude) ** 2 + (slot.longitude.values - longitude) ** 2
    nearest = np.unravel_index(np.argmin(far), far.shape)
    near = slot.iwp.values[nearest[0] - 1 : nearest[0] + 2, nearest[1] - 1 : nearest[1] + 2]
    assert float(path[row, col]) in near


CHECKS = {"GeoTIFF, for QGIS and the like": check_tiff}


def test_the_first_recipes_need_what_is_always_there():
    always = {"pathlib", "matplotlib", "nephoscope", "xarray"}
    assert set(packages_of(WITH_CODE[0])) | set(packages_of(WITH_CODE[1])) <= always
