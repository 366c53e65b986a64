"""The card of the shipped POLDER model has all its numbers and says first that all is simulated."""

from types import SimpleNamespace
from typing import Any

from benchmarks import polder_card


def score(value: float | None) -> dict[str, float | int | None]:
    return {"value": value, "low": None, "high": None, "n": 7}


def test_the_card_says_first_that_all_is_simulated_and_has_every_number() -> None:
    metrics = {name: score(0.5) for name in polder_card.TRACK}
    metrics |= {"top_mae": {"value": 1712.4, "low": 1500.0, "high": 1900.2, "n": 7}}
    metrics |= {f"{name}_2d": score(0.4) for name in polder_card.OF_TYPES}
    metrics |= {f"{name}_cirrus": score(None) for name in polder_card.OF_TYPES}
    row: dict[str, Any] = {"kind": "model", "metrics": metrics, "parameters": 10}
    scores = {
        "metrics": metrics,
        "by_day": {"a": {}, "b": {}},
        "swath": {
            "by_distance": {"0": metrics, "90": metrics},
            "loss": {"dice": {"value": 0.04, "low": 0.01, "high": 0.07, "n": 7}},
            "scenes": ["a", "b"],
        },
    }
    ids = ["x_00", "x_01", "y_00"]
    info = {"parameters": 354941, "steps": 2000, "samples_id": "abc", "parent": None}
    model = SimpleNamespace(
        name="polder",
        weights_sha256="f" * 64,
        decision=SimpleNamespace(threshold=0.4, column_threshold=0.5),
        info={**info, "split": {"train": ids, "validation": ids[:1]}},
    )
    behind = {"value": -0.05, "low": -0.07, "high": -0.03, "n": 7}
    rows = [
        {**row, "name": "polder"},
        {**row, "name": "polder-conv", "behind": behind},
        {**row, "name": "climatology", "kind": "baseline", "parameters": None},
    ]
    card = polder_card.fill_card(model, scores, rows)  # type: ignore[arg-type]
    assert "$" not in card
    title = next(line for line in card.splitlines() if line.startswith("# "))
    assert "simulated" in title
    assert "354,941 parameters" in card
    assert "types along the track of 2 half orbits" in card
    assert "| error of the top, m | 1,712 (1,500 to 1,900) |" in card
    assert "-0.050 (-0.070 to -0.030)" in card
    assert "climatology (baseline) | - |" in card
    assert "| cirrus | - | - | - |" in card
    assert "2d" not in card
    assert "It began from random weights." in card
    model.info["parent"] = {"weights_sha256": "e" * 64}
    again = polder_card.fill_card(model, scores, rows)  # type: ignore[arg-type]
    assert "eeee" in again
    assert "random weights" not in again
