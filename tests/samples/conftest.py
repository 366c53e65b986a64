"""Half orbits on disk, made once, and the store of samples cut from them."""

import importlib.util
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location(
    "half_orbits_factory", Path(__file__).parents[1] / "half_orbits_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)


@pytest.fixture(scope="session")
def half_orbits(tmp_path_factory):
    """A folder, with a space in its name, of three half orbits with their tracks."""
    pytest.importorskip("pyhdf")
    return factory.write_three(tmp_path_factory.mktemp("half orbits"))


@pytest.fixture(scope="session")
def cut_samples(half_orbits, tmp_path_factory):
    """The samples of these half orbits."""
    return factory.built(half_orbits, tmp_path_factory.mktemp("cut") / "s.zarr")[0]
