"""The version of the simulated instruments and the atmosphere that they look at."""

SIMULATOR_VERSION = "1"
"""Written into every truth: skill is comparable only between scenes of one version."""
TEST_SEEDS = range(9000, 9100)
"""For testing: nothing is trained, tuned or chosen on scenes of these seeds."""
STAMP = f"simulated, no observation; nephoscope.simulate version {SIMULATOR_VERSION}"
"""The comment in every file whose format has room for one; native files of SEVIRI say it as their
creating centre, in fewer words."""
