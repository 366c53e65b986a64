import sys
from pathlib import Path

import numpy as np
import pytest

from nephoscope.simulate.earth.atrain import Revolution
from nephoscope.simulate.earth.polder.geometry import swath_window, views_of

sys.path.insert(0, str(Path(__file__).parent))  # for hand_made

ROWS = (1250, 1270)  # 20 degrees north


@pytest.fixture(scope="session")
def revolution():
    return Revolution.over(20.0, 30.0, np.datetime64("2008-06-03"))


@pytest.fixture(scope="session")
def views(revolution):
    return views_of(revolution, swath_window(revolution, ROWS))
