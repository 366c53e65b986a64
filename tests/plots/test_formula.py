import io

import numpy as np

from nephoscope.formulas import zscale_log_otsu
from nephoscope.formulas.result import unknown
from nephoscope.plots.formula import plot_formula


def test_the_preview_shows_cover_threshold_and_note():
    image = np.random.default_rng(0).normal(700, 5, (40, 50)).astype(np.float32)
    image[:10] += 100
    result = zscale_log_otsu(image)
    figure = plot_formula(image, result)
    titles = [axes.get_title() for axes in figure.axes]
    assert f"zscale-log-otsu: {(result.mask == 1).mean():.0%} cloud" in titles
    assert f"Cloud above {result.threshold:.1f} adu" in titles
    buffer = io.BytesIO()
    figure.savefig(buffer)
    assert buffer.getvalue().startswith(b"\x89PNG")


def test_an_unknown_frame_says_so():
    image = np.full((8, 8), np.nan, np.float32)
    figure = plot_formula(image, unknown("otsu", image.shape, {}, "nothing to see"))
    assert "otsu: unknown" in [axes.get_title() for axes in figure.axes]
    assert figure.get_suptitle() == "nothing to see"
