"""What the toolkit did when the references were recorded, it does now."""

from __future__ import annotations

import pytest

from golden import inputs, session
from golden.comparing import differences
from golden.workshop import CASES, SLOW

NAMES = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in CASES]


@pytest.mark.parametrize("name", NAMES)
def test_facts_are_those_recorded(name, shop, same_machine):
    found = session.as_written(CASES[name](shop))
    wrong = differences(session.read(name), found, same_machine)
    assert not wrong, f"{name}: {len(wrong)} facts differ:\n" + "\n".join(wrong[:20])


def test_inputs_are_those_recorded():
    """Whole numbers alone make them: the same on any machine."""
    assert inputs.pixels_sha256() == session.read("inputs")


def test_arithmetic_is_that_of_the_recording(same_machine, arithmetic):
    """Says in the summary of skipped tests that bits were not compared here."""
    if not same_machine:
        recorded = session.read("machine")
        other = [name for name, value in arithmetic.items() if recorded.get(name) != value]
        pytest.skip(f"another machine ({', '.join(other)}): floats are compared loosely")


def test_every_reference_has_its_case():
    held = {path.stem for path in session.REFERENCE.glob("*.json")}
    assert held == {*CASES, "machine", "inputs"}
