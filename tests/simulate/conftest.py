import pytest

from nephoscope.simulate.mars import simulate_maps


@pytest.fixture(scope="session")
def simulated(tmp_path_factory):
    """Both trees of two simulated days, made once."""
    out = tmp_path_factory.mktemp("simulated")
    maps = simulate_maps(out, scenes=2, seed=3)
    return out, maps
