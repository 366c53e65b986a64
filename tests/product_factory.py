"""Products of maps of Mars, with the bounds that a test says."""

from types import SimpleNamespace

import numpy as np
import xarray as xr

from nephoscope.instruments import marci
from nephoscope.instruments.protocol import Outside
from nephoscope.products.product import ProductFacts, make_product
from nephoscope.tasks.mask import TASK, MaskDecision


def mars_scene(image):
    """The Scene of a map of the whole planet; (channel, y, x), the poles among its rows."""
    rows, cols = image.shape[1:]
    return xr.Dataset(
        {"image": (("channel", "y", "x"), image)},
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": ("y", np.linspace(90.0, -90, rows)),
            "longitude": ("x", np.linspace(-180.0, 180, cols, endpoint=False)),
            "solar_longitude": 132.5,
            "mars_year": 28,
        },
        attrs={"instrument": "marci", "source_files": ["gone.jpg"], "id": "P01_day01"},
    )


def mars_product(probability, scene, threshold=0.336, *, outside=None, blank=None, **facts):
    """A product of a probability; `outside` and `blank` in place of those of season and options."""
    given = None if outside is None else Outside("seasonal_bounds", outside)
    instrument = SimpleNamespace(
        blank=lambda *_: blank, outside=lambda *_: given, dress=marci.dress, SEASON=marci.SEASON
    )
    said = ProductFacts("tiny", "ab" * 32, **facts)
    decision = MaskDecision().model_copy(update={"threshold": threshold})
    variables = TASK.variables({"cloud_probability": probability}, decision)
    return make_product(variables, scene, instrument, said)
