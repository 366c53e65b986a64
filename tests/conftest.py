"""What all tests share: real data where there are any, and one hypothesis profile."""

import math
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import xarray as xr
from hypothesis import settings

from nephoscope.cli import loudness

# Pictures are drawn without a display, also in the subprocesses that tests start.
os.environ.setdefault("MPLBACKEND", "Agg")

# A shell starts what it puts in the background with Ctrl-C ignored, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: a busy machine is slow, not wrong.
settings.register_profile("nephoscope", deadline=None, max_examples=50)
settings.load_profile("nephoscope")

# Nor does it say more: lines of progress by the clock come where a test asks for them.
loudness.SECONDS = loudness.LATER = math.inf


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for another machine fails, wherever it runs."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: object) -> None:
        local = self.family not in {socket.AF_INET, socket.AF_INET6} or (
            isinstance(address, tuple) and address[0] in {"127.0.0.1", "::1", "localhost"}
        )
        assert local, f"a test reached for the network: {address}"
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect_here)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data named by NEPHOSCOPE_DATA; the test is skipped without one."""
    named = os.environ.get("NEPHOSCOPE_DATA")
    if not named:
        pytest.skip("NEPHOSCOPE_DATA names no folder of real data")
    folder = Path(named).resolve()
    if not folder.is_dir():
        pytest.skip(f"NEPHOSCOPE_DATA={named} is no folder")
    return folder


@pytest.fixture(scope="session")
def mars_data(real_data: Path) -> Path:
    """The folder of real Mars maps: `label/P01` and `raw/P/P01`."""
    folder = real_data / "mars"
    if not folder.is_dir():
        pytest.skip(f"{folder} is no folder")
    return folder


@pytest.fixture(scope="session")
def checked_by_cf() -> Callable[[Path], None]:
    """A function that fails where compliance-checker finds an error in a NetCDF product."""
    checker = Path(sys.executable).with_name("compliance-checker")
    if not checker.exists():
        pytest.skip("compliance-checker is not installed")

    def check(path: Path) -> None:
        report = subprocess.run(  # noqa: S603 - our own tools on our own file
            [checker, "--test", "cf:1.11", path], capture_output=True, text=True, check=False
        ).stdout
        assert "Corrective Actions" in report or "All tests passed" in report
        assert "Errors" not in report, report

    return check


@pytest.fixture(scope="session")
def half_orbits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder, with a space in its name, of three half orbits of PARASOL with their tracks."""
    pytest.importorskip("pyhdf")
    import half_orbits_factory as factory

    return factory.write_three(tmp_path_factory.mktemp("half orbits"))


@pytest.fixture(scope="session")
def cut_samples(half_orbits: Path, tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    """The samples cut along these tracks, 16 x 16 pixels each."""
    import half_orbits_factory as factory

    return factory.built(half_orbits, tmp_path_factory.mktemp("cut") / "s.zarr")[0]
