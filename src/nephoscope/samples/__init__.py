"""Training samples: one Zarr store, its split into parts, and what reads it for training."""
