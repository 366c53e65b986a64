"""Scattering and absorption of light by cloud, gas and ground, for all simulated imagers."""
