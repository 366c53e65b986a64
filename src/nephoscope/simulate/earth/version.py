"""Version of the simulated instruments and the atmosphere that they measure."""

SIMULATOR_VERSION = "1.1"
"""Written into every truth: skill is comparable only between scenes of one whole number.

1.1 has the radiances, profiles and truths of 1 to the bit; its PAR-RB2 files are as the archive has
them: `Input_Index` int16 in the grid of RB2 (in 1 int32 in that of level 1B), with `Time` and the
attributes of ICARE.
"""
TEST_SEEDS = range(9000, 9100)
"""For testing: nothing is trained, tuned or chosen on scenes of these seeds."""
STAMP = f"simulated, no observation; nephoscope.simulate version {SIMULATOR_VERSION}"
"""The comment in every file whose format has room for one; native files of SEVIRI say it as their
creating centre, in fewer words."""
