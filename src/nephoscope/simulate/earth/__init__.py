"""Simulated cloudy atmosphere of the Earth, and the satellites that measure it.

From below upwards: `microphysics` (particles of ice and water), `atmosphere` (air, ground and cloud
in three dimensions), `optics` (how these scatter and absorb light), and the writers of files:
`profilers`, `polder` and `seviri`.
"""
