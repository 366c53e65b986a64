"""A tiny store, a fake model and a predictor that is right, for every test of this folder."""

from evaluation_factory import by_blue, model, tiny_store

__all__ = ["by_blue", "model", "tiny_store"]
