"""Score pictures of profiles show the numbers that they are given."""

import numpy as np

from nephoscope.plots import profile_scores as p

ALTITUDE = np.array([3000.0, 2000.0, 1000.0])


def test_scores_stand_at_their_altitude():
    precision, recall, dice = np.array([[0.9, 0.5, np.nan], [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    left, right = p.plot_by_altitude(ALTITUDE, precision, recall, dice, dice / 10, "m").axes
    np.testing.assert_array_equal(left.lines[0].get_data(), (precision, ALTITUDE / 1000))
    np.testing.assert_array_equal(left.lines[2].get_data(), (dice, ALTITUDE / 1000))
    assert left.get_xlim() == (0, 1)
    assert right.get_xlabel() == "bins that are cloud (%)"


def test_confusion_is_in_shares_of_the_truth():
    table = np.array([[999_999, 1], [30, 70]])
    axes = p.plot_type_confusion(table, ["none", "deep_convection"], "m").axes[0]
    assert [text.get_text() for text in axes.texts] == ["100", "<1", "30", "70"]
    assert axes.get_yticklabels()[1].get_text() == "deep convection\n100"
    empty = p.plot_type_confusion(np.array([[0, 0], [1, 1]]), ["a", "b"], "m").axes[0]
    assert [text.get_text() for text in empty.texts] == ["50", "50"]


def test_reliability_shows_shares_over_probabilities():
    share = np.array([0.1, np.nan, 0.8])
    number = np.array([80, 0, 20])
    upper, lower = p.plot_profile_reliability(
        np.array([0.2, np.nan, 0.9]), share, number, 0.0123, "m"
    ).axes
    np.testing.assert_array_equal(upper.lines[1].get_ydata(), share)
    assert "0.0123" in upper.get_title()
    assert [bar.get_height() for bar in lower.patches] == [0.8, 0, 0.2]


def test_nothing_to_score_is_drawn_as_nothing():
    none = np.full(3, np.nan)
    p.plot_profile_reliability(none, none, np.zeros(3, int), np.nan, "m").canvas.draw()
    p.plot_by_altitude(ALTITUDE, none, none, none, none, "m").canvas.draw()
    p.plot_off_track(np.arange(4.0), {"m": (none, none, none)}).canvas.draw()
    p.plot_type_confusion(np.zeros((2, 2), int), ["a", "b"], "m").canvas.draw()


def test_the_loss_off_the_track_is_said():
    edges = np.array([0.0, 10, 50, 132])
    value = np.array([0.62, 0.6, 0.43])
    scores = {"ours": (value, value - 0.1, value + 0.1), "other": (value - 0.2, value, value)}
    figure = p.plot_off_track(edges, scores)
    (axes,) = figure.axes
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [5, 30, 91])
    assert axes.get_title(loc="left") == "-0.190 from the track to the edge"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["ours", "other"]
