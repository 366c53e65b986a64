"""The version of the simulated instruments and the atmosphere that they look at."""

SIMULATOR_VERSION = "1"
"""Written into every truth: skill is comparable only between scenes of one version."""
