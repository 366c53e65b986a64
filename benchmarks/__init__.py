"""Measurements: what each one says is in README.md."""
