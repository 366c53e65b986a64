"""The quick tests hold on any day, in any zone and locale, in any order of folders, offline."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def run_quick_tests(
    clock: list[str], place: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the quick tests in another interpreter with shuffled folders.

    `place` is theirs alone: to another clock the folders of tests that run now are long forgotten,
    and pytest would clear them away.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    path = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
    options = ["-q", "-m", "not slow", "-p", "no:cacheprovider", "-p", "shuffled"]
    return subprocess.run(  # noqa: S603 - our own tests
        [*clock, sys.executable, "-m", "pytest", *options, "--basetemp", str(place), str(TESTS)],
        cwd=TESTS.parent,
        env={**kept, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shift", "zone", "words"),
    [("+900d", "Asia/Kathmandu", "C"), ("-400d", "America/St_Johns", "tr_TR.UTF-8")],
)
def test_the_quick_tests_pass_on_another_day_and_elsewhere(tmp_path, shift, zone, words):
    clock = shutil.which("faketime")
    if clock is None:
        pytest.skip("faketime is not installed (Debian: apt-get install faketime)")
    elsewhere = {"TZ": zone, "LC_ALL": words, "PYTHONHASHSEED": "random"}
    done = run_quick_tests([clock, "-f", shift], tmp_path / "tests", **elsewhere)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_no_test_reaches_the_network():
    with socket.socket() as client, pytest.raises(AssertionError, match="the network"):
        client.connect(("192.0.2.1", 80))  # of RFC 5737: nobody's
