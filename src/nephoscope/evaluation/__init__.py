"""How good a model is: mergeable sums, scores with intervals, baselines, the report."""
