"""The instrument in CONTRIBUTING keeps the contract, as it stands there."""

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from instruments.contract import InstrumentContract
from nephoscope.instruments.registry import IMAGERS

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"


@pytest.fixture(scope="module", autouse=True)
def _registered():
    """The module of the page, and its line in the registry: before those that take any picture."""
    source = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    module = ModuleType("an_instrument_of_a_page")
    sys.modules[module.__name__] = module
    exec(compile(source, str(PAGE), "exec"), vars(module))  # noqa: S102 - our own page
    others = dict(IMAGERS)
    IMAGERS.clear()
    IMAGERS.update({"pair": module.__name__, **others})
    yield
    IMAGERS.clear()
    IMAGERS.update(others)
    del sys.modules[module.__name__]


class TestPair(InstrumentContract):
    name, truths = "pair", frozenset({"pixels"})

    @pytest.fixture(scope="class")
    @classmethod
    def files(cls, tmp_path_factory):
        out, rng = tmp_path_factory.mktemp("pair"), np.random.default_rng(0)
        for hour in (11, 12):
            (folder := out / f"{hour}").mkdir()
            image = rng.random((2, 20, 30)).astype(np.float32)
            image[:, 3:5, 6] = np.nan
            stem = f"pair_2030-01-01T{hour}-00-00"
            np.save(folder / f"{stem}.npy", image)
            np.save(folder / f"{stem}_mask.npy", (image[0] > 0.5).astype(np.int8))
        return out
