"""nephoscope: pictures of the sky to cloud masks, with deep learning.

Everything public is imported on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nephoscope.apply.face import predict as predict
    from nephoscope.apply.face import predict_many as predict_many
    from nephoscope.collocation import collocate as collocate
    from nephoscope.errors import InputError as InputError
    from nephoscope.errors import NephoscopeError as NephoscopeError
    from nephoscope.errors import OutputError as OutputError
    from nephoscope.errors import UsageError as UsageError
    from nephoscope.evaluation.protocol import evaluate as evaluate
    from nephoscope.instruments import open_scene as open_scene
    from nephoscope.instruments.tracks import open_track as open_track
    from nephoscope.models import list_models as list_models
    from nephoscope.models import load_model as load_model
    from nephoscope.products.cover import cloud_cover as cloud_cover
    from nephoscope.products.gathered import open_products as open_products
    from nephoscope.recipe import load_recipe as load_recipe
    from nephoscope.samples.store import open_samples as open_samples

    __version__: str

_HOME_OF = {
    "InputError": "errors",
    "NephoscopeError": "errors",
    "OutputError": "errors",
    "UsageError": "errors",
    "cloud_cover": "products.cover",
    "collocate": "collocation",
    "evaluate": "evaluation.protocol",
    "list_models": "models",
    "load_model": "models",
    "load_recipe": "recipe",
    "open_products": "products.gathered",
    "open_samples": "samples.store",
    "open_scene": "instruments",
    "open_track": "instruments.tracks",
    "predict": "apply.face",
    "predict_many": "apply.face",
}

__all__ = sorted(["__version__", *_HOME_OF])


def __getattr__(name: str) -> Any:  # noqa: ANN401 - one function serves every public name
    if name == "__version__":
        from importlib.metadata import version

        return version("nephoscope")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'nephoscope' has no attribute '{name}'")
    return getattr(import_module(f"nephoscope.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
