"""Scores as they are told: few figures, counts whole, what is unknown said."""

from nephoscope.tasks.told import score_lines


def test_scores_have_four_figures_and_counts_all_of_theirs():
    scores = {"f1": 0.641496540531306, "path_bias": -0.00001, "pixels": 5550159, "auc": None}
    assert score_lines(scores) == [
        "validation f1 0.6415",
        "validation path bias -1e-05",
        "validation pixels 5550159",
        "validation auc cannot be told",
    ]
