"""Applying models: tiles, engines, one scene, and many files in bulk."""
