"""How cloud, gas and ground scatter and absorb light: shared by all simulated imagers."""
