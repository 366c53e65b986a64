"""Importing costs nothing, and the public surface is small, lazy and true."""

import subprocess
import sys

import pytest

import nephoscope

HEAVY = ("torch", "numpy", "xarray", "matplotlib", "dask", "scipy", "onnxruntime", "pandas", "PIL")


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after running `code`."""
    report = "\nimport sys\nprint('MODULES', *sys.modules)"
    run = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code + report], capture_output=True, text=True, check=True
    )
    return set(run.stdout.rpartition("MODULES ")[2].split())


def test_import_loads_nothing_heavy():
    assert not modules_after("import nephoscope") & set(HEAVY)


def test_import_takes_less_than_a_fifth_of_a_second():
    # Processor time: on a busy machine the clock on the wall says nothing about the package.
    code = """
import time
start = time.process_time()
import nephoscope
print(time.process_time() - start)
"""
    run = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert float(run.stdout) < 0.2


def test_help_loads_nothing_heavy_and_no_verb():
    code = """
from typer.testing import CliRunner
from nephoscope.cli import VERBS, app
result = CliRunner().invoke(app, ["--help"])
assert result.exit_code == 0, result.output
assert "predict" in result.output, result.output
"""
    loaded = modules_after(code)
    assert not loaded & set(HEAVY)
    assert {name for name in loaded if name.startswith("nephoscope.cli.")} == set()


def test_the_surface_is_small_and_sorted():
    assert nephoscope.__all__ == sorted(nephoscope.__all__)
    assert len(nephoscope.__all__) <= 25
    assert dir(nephoscope) == nephoscope.__all__


@pytest.mark.parametrize("name", nephoscope.__all__)
def test_every_public_name_exists(name):
    assert getattr(nephoscope, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'forecast'"):
        _ = nephoscope.forecast


def test_types_are_shipped():
    from importlib.resources import files

    assert (files("nephoscope") / "py.typed").is_file()
