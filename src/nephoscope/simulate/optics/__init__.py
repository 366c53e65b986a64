"""How air, clouds and ground scatter, absorb and reflect: shared by the simulated instruments."""
