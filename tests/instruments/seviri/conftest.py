"""Pictures on disk; nothing here runs without satpy."""

import importlib.util
from pathlib import Path

import pytest

from nephoscope.instruments.seviri import CHANNELS
from nephoscope.simulate.earth.seviri import write_native

spec = importlib.util.spec_from_file_location(
    "seviri_factory", Path(__file__).parents[2] / "seviri_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)


@pytest.fixture(autouse=True, scope="session")
def need_satpy():
    pytest.importorskip("satpy")


@pytest.fixture(scope="session")
def native(tmp_path_factory, need_satpy) -> Path:
    """A region at noon, all eleven channels."""
    folder = tmp_path_factory.mktemp("native")
    return write_native(
        folder,
        factory.draw_image(),
        CHANNELS,
        factory.NOON,
        first_row=factory.WINDOW[0],
        first_col=factory.WINDOW[1],
    )


@pytest.fixture(scope="session")
def hrit(tmp_path_factory, native) -> Path:
    """Segments 4 and 5 of IR_108, and 4 of WV_062."""
    return factory.write_hrit(
        tmp_path_factory.mktemp("hrit"), native, [("IR_108", 4), ("IR_108", 5), ("WV_062", 4)]
    )
