"""Optional parts of an installation: which package comes with which extra."""

from __future__ import annotations

from importlib.util import find_spec

from nephoscope.errors import NephoscopeError

PACKAGES = {
    "train": ("torch", "lightning", "torchmetrics", "tensorboard", "onnx", "onnxscript", "sklearn"),
    "tune": ("optuna",),
    "satellites": ("satpy", "pyresample", "pyorbital", "pyproj", "pyhdf", "netCDF4"),
    "view": ("plotly",),
    "maps": ("cartopy", "rioxarray"),
    "fetch": ("urllib3", "asyncssh", "eumdac"),
    "cloud": ("s3fs",),  # brings fsspec, which others look for by themselves
    "cluster": ("distributed",),  # brings dask, which xarray looks for by itself
}
"""Extra → the packages, as they are imported, that it installs beside the core."""


class MissingExtraError(NephoscopeError):
    """What was asked for needs a package that is not installed."""


def need(what: str, *extras: str) -> None:
    """See that extras are installed before any work is done.

    Args:
        what: what needs them, e.g. "train".
        extras: names from `PACKAGES`; the last one is that which installs them all.

    Raises:
        MissingExtraError: a package is missing; it says what to install.
    """
    missing = [name for extra in extras for name in PACKAGES[extra] if not is_there(name)]
    if missing:
        raise MissingExtraError(f"{what} needs {missing[0]}: {remedy(extras[-1])}")


def is_there(package: str) -> bool:
    """Whether a package can be imported; it is not imported."""
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # an importer that refuses it
        return False


def extra_of(module: str) -> str | None:
    """The extra that installs a module, e.g. "train" of "torch.nn"; None if none does."""
    package = module.partition(".")[0]
    return next((extra for extra, names in PACKAGES.items() if package in names), None)


def remedy(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install 'nephoscope[{extra}]'"
