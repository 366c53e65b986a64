"""`nephoscope predict MODEL INPUT... -o OUT`: cloud masks of files, folders and trees."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nephoscope.cli.predicting import report, told
from nephoscope.cli.typed import typed_command
from nephoscope.errors import UsageError

if TYPE_CHECKING:
    from nephoscope.apply.plan import Options
    from nephoscope.apply.sky.chain import SkyOptions
    from nephoscope.apply.work import PredictMap

Option = typer.Option


def predict(
    model: Annotated[
        str,
        typer.Argument(
            help="A shipped model's name or a model folder; sky: state, then mask, of each frame "
            "of a sky camera; or a formula for these (zscale-log-otsu ...)."
        ),
    ],
    inputs: Annotated[
        list[Path],
        typer.Argument(
            readable=False, metavar="INPUT...", help="Maps or frames, folders or trees of them."
        ),
    ],
    out: Annotated[Path, Option("--output", "-o", help="Folder of the products.")],
    layout: Annotated[
        Literal["cf", "legacy"],
        Option(help="Maps: cf, a CF NetCDF for each; or legacy, the original's tree and files."),
    ] = "cf",
    bounds: Annotated[
        Literal["data", "season", "label"],
        Option(
            help="Maps: predict wherever there is data, within the seasonal polar bounds, or "
            "within the box of the map's label."
        ),
    ] = "data",
    offset: Annotated[
        float, Option(help="Degrees from the polar ice to the seasonal bounds.")
    ] = 3.0,
    bbox: Annotated[
        str | None, Option(metavar="WEST,SOUTH,EAST,NORTH", help="Predict in this box only.")
    ] = None,
    threshold: Annotated[
        float | None, Option(help="Probability from which a pixel is cloudy [default: the model's]")
    ] = None,
    background: Annotated[
        str,
        Option(help="auto: maps, built from all of a sub-phase, frames, none; none; or a file."),
    ] = "auto",
    min_blob: Annotated[
        int | None,
        Option(help="Frames: pixels of the smallest cloud that is listed [default: 1 in 5000]"),
    ] = None,
    flavour: Annotated[
        Literal["thermal", "colour", "grey"] | None,
        Option(help="Frames: what they are, where their headers do not say [default: the header]"),
    ] = None,
    picture: Annotated[
        bool, Option("--picture/--no-picture", help="Draw a quick-look beside each product.")
    ] = True,
    workers: Annotated[
        int | None,
        Option(help="Processes [default: maps 1, which uses all processors; frames one for each]"),
    ] = None,
    shard: Annotated[
        str, Option(metavar="I/N", help="Do the I-th of N parts of the inputs only.")
    ] = "1/1",
) -> None:
    """Apply a model and write products; finished ones are skipped when run again."""
    from nephoscope.apply.plan import Options
    from nephoscope.apply.sky.chain import SkyOptions
    from nephoscope.apply.sky.choice import is_of_sky
    from nephoscope.instruments.marci import parse_box

    box = parse_box(bbox) if bbox is not None else None
    options = Options(layout, bounds, offset, box, threshold, picture)
    part = _parse_shard(shard)
    if is_of_sky(model):
        _refuse_options_of_maps(options)
        sky = SkyOptions(model, threshold, min_blob, _file_of(background), picture, flavour)
        _predict_frames(inputs, out, sky, workers, part)
    else:
        for option, value in (("min-blob", min_blob), ("flavour", flavour)):
            if value is not None:
                raise UsageError(f"--{option} is for frames of a sky camera, and '{model}' is not")
        _predict_maps(
            model, inputs, out, options, background, 1 if workers is None else workers, part
        )


def _predict_maps(
    model: str,
    inputs: list[Path],
    out: Path,
    options: Options,
    background: str,
    workers: int,
    part: tuple[int, int],
) -> None:
    from nephoscope.apply.bulk import predict_many
    from nephoscope.files import sha256_of
    from nephoscope.models import load_model
    from nephoscope.models.lookup import FACTS
    from nephoscope.workers import cores

    loaded = load_model(model)
    with told() as on_event:
        summary = predict_many(
            inputs,
            out,
            model=loaded,
            model_sha256=sha256_of(loaded.folder / FACTS),
            recipe=loaded.recipe,
            factory=partial(_open_predictor, model, max(1, cores() // max(workers, 1))),
            options=options,
            background=background,
            workers=workers,
            part=part,
            command=typed_command(),
            on_event=on_event,
        )
    report(summary, out)


def _predict_frames(
    inputs: list[Path],
    out: Path,
    options: SkyOptions,
    workers: int | None,
    part: tuple[int, int],
) -> None:
    from nephoscope.apply.sky.bulk import predict_sky
    from nephoscope.workers import cores

    processes = cores() if workers is None else workers
    with told() as on_event:
        summary = predict_sky(inputs, out, options, processes, part, on_event)
    report(summary, out)


def _refuse_options_of_maps(options: Options) -> None:
    from nephoscope.apply.plan import Options

    usual = Options()
    for name in ("layout", "bounds", "offset", "box"):
        if getattr(options, name) != getattr(usual, name):
            option = "bbox" if name == "box" else name
            raise UsageError(f"--{option} is for maps, not for frames of a sky camera")


def _file_of(background: str) -> Path | None:
    """The file that `--background` names; frames have no background of their own making."""
    return None if background in {"auto", "none"} else Path(background)


def _open_predictor(model: str, threads: int) -> PredictMap:
    """Load a model in the process that will run it."""
    from nephoscope.apply.predict import Predictor, predict_scene
    from nephoscope.models import load_model

    return partial(predict_scene, Predictor(load_model(model), workers=threads))


def _parse_shard(text: str) -> tuple[int, int]:
    index, _, parts = text.partition("/")
    if not (index.isdigit() and parts.isdigit()):
        raise UsageError(f"--shard {text}: write it as I/N, e.g. 2/8")
    return int(index), int(parts)
