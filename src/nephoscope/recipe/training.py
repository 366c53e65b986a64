"""How a network is trained: crops, augmentation, schedule, stopping."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PositiveFloat,
    PositiveInt,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from nephoscope.recipe.adversarial import Adversarial
from nephoscope.recipe.response import Dropped, Response, Twilight
from nephoscope.recipe.section import Section

Logger = Literal["csv", "tensorboard", "mlflow", "comet"]


class Warp(Section):
    """Rotation, shear, zoom and shift of whole frames: image bilinear, label nearest, reflected."""

    share: float = Field(0.0, ge=0, le=1, description="share of the crops that are warped")
    rotation: float = Field(180.0, ge=0, le=180, description="largest angle, degrees")
    shear: float = Field(0.2, ge=0, lt=1, description="largest, columns a row")
    zoom: tuple[PositiveFloat, PositiveFloat] = Field((0.6, 2.0), description="range of a factor")
    shift: float = Field(0.3, ge=0, le=0.5, description="share of the frame's sides")


class Augmentation(Section):
    """Random changes of a training crop; probabilities and strengths."""

    flip_x: bool = Field(True, description="half of the crops are mirrored, left to right")
    flip_y: bool = Field(False, description="half of the crops are mirrored, top to bottom")
    colour_share: float = Field(1.0, ge=0, le=1, description="share of crops of changed colour")
    colour_jitter: float = Field(0.0, ge=0, description="relative gain change, per channel")
    noise: float = Field(0.0, ge=0, description="standard deviation added, channel unit")
    drop_background: float = Field(
        0.25, ge=0, le=1, description="probability of withholding the background"
    )
    drop_position: float = Field(
        0.25, ge=0, le=1, description="probability of withholding longitude"
    )
    quarter_turns: bool = Field(False, description="crops are turned by 0, 90, 180 or 270 degrees")
    gamma: float = Field(0.0, ge=0, description="spread of the log of a colour curve's exponent")
    desaturate: float = Field(0.0, ge=0, le=1, description="largest share of grey mixed in")
    saturate: float = Field(0.0, ge=0, description="largest share of grey taken out")
    exposure: float = Field(0.0, ge=0, description="spread of the log of a gain of all colours")
    haze: float = Field(0.0, ge=0, lt=1, description="largest share of grey light mixed in")
    contrast: float = Field(0.0, ge=0, le=1, description="largest share of a curve like an S")
    colour_blur: float = Field(
        0.0, ge=0, le=1, description="share of crops of half as many pixels of colour, as of JPEG"
    )
    warp: Warp = Warp()
    drop_views: float = Field(0.0, ge=0, lt=1, description="probability of dropping each view")
    drop_nadir: float = Field(
        0.0, ge=0, le=1, description="probability of dropping the views that look most steeply down"
    )
    nadir_views: int = Field(8, ge=1, description="of these as many at most")
    response: dict[str, Response] = Field(
        default_factory=dict, description="channel -> what else it could have measured"
    )
    drop_channels: tuple[Dropped, ...] = Field((), description="channels that crops lack at times")
    twilight: Twilight | None = None

    @property
    def changed(self) -> frozenset[str]:
        """Names of the channels that are changed by name."""
        lost = [name for each in self.drop_channels for name in each.channels]
        lit = self.twilight.channels if self.twilight else ()
        return frozenset((*self.response, *lost, *lit))


class Pool(Section):
    """Training on single pixels of many frames at once: see `nephoscope.samples.pool`."""

    frames: int = Field(128, ge=1, description="frames in the pool")
    pixels: int = Field(3000, ge=1, description="pixels held of each")
    refresh: int = Field(10, ge=1, description="steps until the oldest frame is replaced")
    even: float = Field(
        0.0,
        ge=0,
        le=1,
        description="0: all samples as often; 1: all folders, of any size",
    )


class Training(Section):
    """The fit: sizes, schedule, stopping."""

    crop: tuple[PositiveInt, PositiveInt] = Field((256, 256), description="rows and columns")
    batch: int = Field(8, ge=1, description="crops of a step; with a pool, pixels")
    accumulate: int = Field(1, ge=1, description="batches of a step, one after the other")
    pool: Pool | None = Field(None, description="only for the network `local`")
    even: float = Field(
        0.0,
        ge=0,
        le=1,
        description="of crops of labelled pictures, 0: all samples as often; 1: all folders",
    )
    steps: int = Field(2000, ge=1, description="updates of the weights")
    validate_every: int = Field(250, ge=1, description="steps between two validations")
    patience: int = Field(8, ge=1, description="validations without a better score")
    learning_rate: float = Field(2e-3, gt=0, description="after the warm-up")
    weight_decay: float = Field(1e-4, ge=0, description="of AdamW; none on norms and biases")
    warmup: float = Field(0.05, ge=0, lt=1, description="share of the steps")
    schedule: Literal["cosine", "restarts", "exponential", "constant"] = Field(
        "cosine", description="how the learning rate falls after the warm-up"
    )
    restarts: int = Field(3, ge=1, description="of the schedule `restarts`")
    average: float = Field(0.0, ge=0, lt=1, description="decay of the averaged weights; 0: none")
    precision: Annotated[Literal["32", "bf16", "16"], BeforeValidator(str)] = Field(
        "32", description="bits of a step's numbers; weights keep 32"
    )
    frozen: tuple[str, ...] = Field(
        (), description="parts of the network that keep the weights they began with"
    )
    seed: int = Field(0, description="of all that is random")
    workers: int = Field(0, ge=0, description="threads that make batches; 0: one")
    keep: int = Field(1, ge=1, description="checkpoints that are kept: of the best validations")
    keep_said: bool = Field(
        False, description="keep what is said of some validation samples at each validation"
    )
    loggers: tuple[Logger, ...] = Field(
        ("csv", "tensorboard"), description="who keeps the run's numbers"
    )
    profiler: Literal["simple", "advanced", "pytorch"] | None = Field(
        None, description="what tells where the time goes, in the run's logs"
    )
    losses: Any = Field(default_factory=dict, description="weights; checked by the task")
    augmentation: Augmentation = Augmentation()
    adversarial: Adversarial | None = Field(
        None, description="a discriminator of columns on a track; only for the task `cloud_ice`"
    )

    @model_validator(mode="after")
    def _the_discriminator_has_its_turn(self) -> Self:
        if self.adversarial is not None:
            if self.adversarial.start >= self.steps:
                raise ValueError(f"adversarial.start is not below steps, {self.steps}")
            if self.precision == "16":
                raise ValueError("adversarial needs precision 32 or bf16")
            if self.accumulate > 1:
                raise ValueError("adversarial takes one batch a step: accumulate is 1")
        return self

    @model_serializer(mode="wrap")
    def _without_what_is_off(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Recipes without a discriminator are written as before there was one."""
        found: dict[str, Any] = plain(self)
        if self.adversarial is None:
            found.pop("adversarial", None)
        return found


class Network(Section):
    """A registered network and its options."""

    name: str = Field(description="of a network in `nephoscope.networks`")
    options: dict[str, Any] = Field(
        default_factory=dict, description="its keyword arguments: widths, depths and the like"
    )
