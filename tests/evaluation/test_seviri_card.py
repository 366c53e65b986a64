"""The card of the shipped SEVIRI model has all its numbers and says first that all is simulated."""

from types import SimpleNamespace
from typing import Any

from benchmarks import seviri_card


def score(value: float) -> dict[str, float | int | None]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1, "n": 7}


def test_the_card_says_first_that_all_is_simulated_and_has_every_number() -> None:
    metrics = {name: score(0.5) for name in seviri_card.TRACK} | {"iwp_bias": score(-0.03)}
    row: dict[str, Any] = {"kind": "model", "metrics": metrics, "parameters": 10}
    scores = {
        "metrics": metrics,
        "by_day": {"a": {}, "b": {}},
        "by_daylight": {"day": metrics, "night": metrics},
        "by_satellite_zenith": {"10": metrics},
        "swath": {
            "by_distance": {"0": metrics, "90": metrics},
            "by_optical_depth": {"from 0.3": metrics},
            "off": {"f1": score(0.01)},
            "scenes": ["a", "b"],
        },
    }
    ids = ["MSG2-200807181345_00", "MSG2-200807181345_01", "MSG2-200809220030_00"]
    info = {"parameters": 158223, "steps": 1500, "samples_id": "abc", "parent": None}
    model = SimpleNamespace(
        name="seviri",
        weights_sha256="f" * 64,
        decision=SimpleNamespace(threshold=0.4),
        info={**info, "split": {"train": ids, "validation": ids[:1]}},
    )
    rows = [
        {**row, "name": "seviri"},
        {
            **row,
            "name": "climatology",
            "kind": "baseline",
            "parameters": None,
            "behind": score(-0.5),
        },
    ]
    card = seviri_card.fill_card(model, scores, rows)  # type: ignore[arg-type]
    assert "$" not in card
    title = next(line for line in card.splitlines() if line.startswith("# "))
    assert "simulated" in title
    assert "158,223 parameters" in card
    assert "track on 2 regions" in card
    assert "calibration from 1 regions" in card
    assert "| bias of the path | -3.0% (-13.0% to +7.0%) |" in card
    assert "climatology (baseline) | - | 0.500 (0.400 to 0.600)" in card
    assert "-0.500 (-0.600 to -0.400) |" in card
    for row_of in ("| night |", "| 10 to 20° |", "| 90 to 132 |", "| from 0.3 |"):
        assert row_of in card
    assert "It began from random weights." in card
