"""Calendar of an archive: how many files there are of each day."""

from datetime import date

import numpy as np
import pytest

from nephoscope.plots.calendar import draw_calendar


@pytest.mark.parametrize("most", [1, 2, 3, 7, 144, 1000])
def test_the_colour_bar_counts_whole_files(most):
    figure = draw_calendar({"maps": {date(2007, 1, 3): 1, date(2007, 2, 9): most}})
    figure.draw_without_rendering()
    ticks = figure.axes[-1].get_yticks()
    shown = ticks[(ticks >= 0) & (ticks <= most)]
    assert figure.axes[-1].get_ylabel() == "files"
    assert 2 <= len(shown) <= 6
    np.testing.assert_array_equal(shown, np.rint(shown))


def test_an_archive_without_days_has_no_panel():
    assert draw_calendar({"maps": {}}).axes == []
