"""Adversarial training: a discriminator that tells what a network says from what is true."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from nephoscope.recipe.section import Section


class Adversarial(Section):
    """A conditional 3-D discriminator of the columns whose truth is known, and its loss."""

    start: int = Field(25_000, ge=0, description="steps before it begins")
    weight: float = Field(0.3, gt=0, description="of its loss, beside the ratio of gradients")
    largest: float = Field(1e4, gt=0, description="ratio of gradients at most")
    learning_rate: float = Field(5e-5, gt=0, description="of the discriminator; it stays")
    widths: tuple[PositiveInt, ...] = Field(
        (64, 128, 256, 512), min_length=2, description="of its layers; all but the last halve sides"
    )
