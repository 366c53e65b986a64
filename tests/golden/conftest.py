"""One workshop for the golden runs of a session, and the arithmetic of this machine."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from golden import session
from golden.machine import fingerprint
from golden.workshop import Workshop


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="session")
def arithmetic(tmp_path_factory) -> dict[str, str]:
    return fingerprint(tmp_path_factory.mktemp("machine"))


@pytest.fixture(scope="session")
def same_machine(arithmetic) -> bool:
    """Whether last bits must agree."""
    return session.recorded_machine() == arithmetic
