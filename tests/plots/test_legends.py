"""No legend lies over what is drawn, whatever corner the numbers lie in."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg

from nephoscope.evaluation.sample import LabelledSample
from nephoscope.plots.ice import plot_column
from nephoscope.plots.mask_frames import plot_samples
from nephoscope.plots.mask_scores import plot_curves, plot_reliability
from nephoscope.plots.profile_scores import plot_off_track
from nephoscope.plots.training import TrainingLog, plot_history, plot_training

EVERYWHERE = np.linspace(0, 1, 40)
"""Numbers that rise, and with those that fall reach each corner."""


def column():
    times = np.datetime64("2009-05-08T00:00", "ns") + np.arange(40) * np.timedelta64(15, "m")
    rises = 0.1 * EVERYWHERE
    return xr.Dataset(
        {
            "iwc": (("time", "level"), np.full((40, 2), 1e-5)),
            "iwp": ("time", rises),
            "iwp_p05": ("time", rises[::-1] / 2),
            "iwp_p95": ("time", rises[::-1]),
        },
        {"time": times, "altitude": ("level", [5e3, 9e3]), "latitude": 3.0, "longitude": 4.0},
    )


def counts():
    """By truth and probability: as many clear as cloudy where the model is sure, as by lot."""
    return np.stack([np.full(252, 50), np.full(252, 50)]).astype(np.int64)


def frames():
    image = np.linspace(0, 255, 64 * 64).reshape(1, 64, 64).astype(np.float32)
    label = (image[0] > 99).astype(np.int8)
    frame = LabelledSample("a", image, label >= 0, label, *np.zeros((2, 64)))
    return [(frame, label.astype(np.float32))]


DRAWN = {
    "a training": lambda: plot_training(
        TrainingLog(
            dict(enumerate(EVERYWHERE[::-1].tolist())), dict(enumerate(EVERYWHERE.tolist()))
        )
    ),
    "trials": lambda: plot_history(
        dict(enumerate(EVERYWHERE.tolist())), dict(enumerate(EVERYWHERE[::-1].tolist()))
    ),
    "ice over time": lambda: plot_column(column()),
    "curves of a mask": lambda: plot_curves(counts(), 0.5, "by lot"),
    "reliability": lambda: plot_reliability(counts(), "by lot"),
    "off the track": lambda: plot_off_track(
        np.arange(41), {"up": (EVERYWHERE,) * 3, "down": (EVERYWHERE[::-1],) * 3}
    ),
    "frames": lambda: plot_samples(frames(), 0.5),
}


@pytest.mark.parametrize("name", DRAWN)
def test_no_legend_lies_over_a_point(name):
    figure = DRAWN[name]()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    legends = [each for each in (*figure.legends, *(a.get_legend() for a in figure.axes)) if each]
    assert legends
    for legend in legends:
        box = legend.get_window_extent(renderer)
        for axes in figure.axes:
            for line in axes.lines:
                points = line.get_transform().transform(line.get_xydata())
                assert not any(box.contains(x, y) for x, y in points), (name, line.get_label())
            for title in (axes.title, axes._left_title, axes._right_title):
                said = title.get_text()
                assert not (said and box.overlaps(title.get_window_extent(renderer))), said
