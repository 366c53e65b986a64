"""Fitting networks to samples."""
