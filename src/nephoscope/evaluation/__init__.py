"""Evaluation of models: sums that add up, scores with intervals, baselines."""
