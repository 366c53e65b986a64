"""The guard of a colour-sky model: measure its frames, and what it refuses.

    python -m benchmarks.sky_guard measure MODEL sky.zarr [--names PREFIX]
    python -m benchmarks.sky_guard rates MODEL sky.zarr [--frames FOLDER...] -o guard

`measure` takes the training part of the samples and writes the guard into `MODEL/model.yaml`, for a
model that was trained before there was one; weights and their sha256 stay. With `--names` only
samples whose names begin so are measured: simulated pictures span so much that text and drawings
are among it. `rates` writes
`guard/rates.json`: how many of the labelled frames, of simulated frames by day, of the frames in
folders, and of drawn pictures that are no sky by day (`benchmarks.wrong_skies`) are refused.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from benchmarks.wrong_skies import KINDS, Picture, wrong_sky
from nephoscope.apply.whole import reduced
from nephoscope.files import write_text
from nephoscope.instruments.skycam import find as find_frames
from nephoscope.instruments.skycam import read as read_frame
from nephoscope.learn.frames import seen_frames, with_something_to_see
from nephoscope.learn.guard import guard_of_part
from nephoscope.models import Model, load_model
from nephoscope.models.colour_guard import ColourGuard
from nephoscope.models.guard import Guard
from nephoscope.models.lookup import FACTS
from nephoscope.samples.part import Part, load_part
from nephoscope.samples.store import open_samples
from nephoscope.simulate.sky.colour import simulate_colour

SEED = 2024


def main() -> None:
    """Measure a guard, or what it refuses."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("measure", "rates"))
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("samples", type=Path, nargs="?", help="measure: its samples store")
    parser.add_argument("--names", default="", help="measure: only samples named so")
    parser.add_argument("--frames", type=Path, nargs="*", default=[], help="rates: good frames")
    parser.add_argument("--simulated", type=int, default=500, help="rates: frames by day")
    parser.add_argument("--drawn", type=int, default=10, help="rates: wrong pictures of a kind")
    parser.add_argument("-o", "--output", type=Path, help="rates: folder of rates.json")
    options = parser.parse_args()
    if options.what == "measure":
        if options.samples is None:
            parser.error("measure: name the samples")
        measure(options.model, options.samples, options.names)
        return
    if options.output is None:
        parser.error("rates: name the output")
    found = rates(load_model(options.model), options.frames, options.simulated, options.drawn)
    options.output.mkdir(parents=True, exist_ok=True)
    write_text(options.output / "rates.json", json.dumps(found, indent=1) + "\n")


def measure(folder: Path, samples: Path, names: str = "") -> None:
    """Write the guard of a model into its facts, from the samples that it was trained on.

    For a classifier of states other samples of its kind will do, and are said.
    """
    model, inputs = load_model(folder), None
    train = load_part(samples, "train", model.recipe)
    known = str(open_samples(samples).attrs.get("samples_id", ""))
    if known != model.info["samples_id"]:
        sys.stdout.write(f"note: samples {known}, the model's were {model.info['samples_id']}\n")
    if train.truth == "frame":
        found = seen_frames(str(samples), known, "", "train", model.recipe.inputs.names)
        train, inputs = with_something_to_see(train, found)
    elif list(train.ids) != list(model.info["split"]["train"]):
        raise SystemExit(f"{samples}: its training part is not the one of {folder}")
    guard = guard_of_part(_named(train, names), model.recipe, inputs, model.normalisation)
    if guard is None:
        raise SystemExit(f"{folder} is no model of frames of a sky camera")
    put_guard(folder / FACTS, guard)


def _named(train: Part, prefix: str) -> Part:
    """The samples of a part whose names begin so."""
    kept = [place for place, name in enumerate(train.ids) if name.startswith(prefix)]
    return replace(
        train,
        indices=tuple(train.indices[place] for place in kept),
        ids=tuple(train.ids[place] for place in kept),
        sizes=tuple(train.sizes[place] for place in kept) if train.sizes else (),
        groups=tuple(train.groups[place] for place in kept) if train.groups else (),
    )


def put_guard(path: Path, guard: Guard) -> None:
    """Write a guard into the facts of a model."""
    facts = yaml.safe_load(path.read_text(encoding="utf-8"))
    facts.pop("guard", None)
    ordered: dict[str, Any] = {}
    for name, value in facts.items():
        if name == "sha256":
            ordered["guard"] = guard.plain()
        ordered[name] = value
    write_text(path, yaml.safe_dump(ordered, sort_keys=False))


def rates(model: Model, folders: Iterable[Path], simulated: int, drawn: int) -> dict[str, Any]:
    """Refused and all of each set: {set: {"refused": , "of": , "why": {frame: reason}}}."""
    found = {
        str(folder): count(model, (frame.path for frame in find_frames(folder)))
        for folder in folders
    }
    with tempfile.TemporaryDirectory() as place:
        days = ((f"{n}", simulate_colour(SEED, n)[0]) for n in range(simulated))
        found["simulated day"] = count(model, _written(Path(place), days))
        for kind in KINDS:
            wrong = ((f"{seed}", wrong_sky(kind, seed)) for seed in range(drawn))
            found[kind] = count(model, _written(Path(place), wrong))
    return found


def count(model: Model, paths: Iterable[Path]) -> dict[str, Any]:
    """How many frames the guard of a model refuses, and why."""
    why, number = {}, 0
    for path in paths:
        image, doubt = read_frame(path)["image"].values, None
        number += 1
        if len(image) != 3:
            doubt = "one channel of unknown kind: no model is asked"
        elif isinstance(model.guard, ColourGuard):
            look = reduced(image, model.recipe.inputs.side)
            doubt = model.guard.doubt(np.asarray(look.image, np.uint8))
        if doubt is not None:
            why[path.name] = doubt
    sys.stdout.write(f"{len(why)} of {number} refused\n")
    return {"refused": len(why), "of": number, "why": why}


def _written(folder: Path, pictures: Iterable[tuple[str, Picture]]) -> Iterator[Path]:
    """Each picture as a file that is gone when the next one comes."""
    for name, picture in pictures:
        path = folder / f"{name}.png"
        Image.fromarray(picture).save(path, compress_level=0)
        yield path
        path.unlink()


if __name__ == "__main__":
    main()
