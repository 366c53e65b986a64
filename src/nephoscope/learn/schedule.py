"""Schedules of the learning rate: a linear rise, then one of four ways to fall."""

from __future__ import annotations

import math

from nephoscope.recipe import Training

FINAL_RATE = 0.01
"""Share of the learning rate that is left at the end."""


def learning_rate_at(step: int, steps: int, training: Training) -> float:
    """Share of the full learning rate at a step.

    After the warm-up it falls to `FINAL_RATE`: along half a cosine (`cosine`); along as many as
    `restarts` and one more, each from the full rate (`restarts`); by the same factor each step
    (`exponential`); or it stays (`constant`).

    Args:
        step: from 0.
        steps: of the whole run.
        training: with `warmup`, `schedule` and `restarts`.
    """
    rise = max(round(training.warmup * steps), 1)
    if step < rise:
        return (step + 1) / rise
    done = min((step - rise) / max(steps - rise, 1), 1.0)
    if training.schedule == "constant":
        return 1.0
    if training.schedule == "exponential":
        return float(FINAL_RATE**done)
    if training.schedule == "restarts" and done < 1:
        done = done * (training.restarts + 1) % 1
    return FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * done))
