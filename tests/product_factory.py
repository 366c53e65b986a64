"""Products of maps of Mars, with the bounds that a test says."""

from types import SimpleNamespace

from nephoscope.instruments import marci
from nephoscope.instruments.protocol import Outside
from nephoscope.products.product import ProductFacts, make_product, mask_variables


def mars_product(probability, scene, threshold=0.336, *, outside=None, blank=None, **facts):
    """A product of a probability; `outside` and `blank` in place of those of season and options."""
    given = None if outside is None else Outside("seasonal_bounds", outside)
    instrument = SimpleNamespace(
        blank=lambda *_: blank, outside=lambda *_: given, dress=marci.dress
    )
    said = ProductFacts("tiny", "ab" * 32, **facts)
    return make_product(mask_variables(probability, threshold), scene, instrument, said)
