"""Contents of any file or folder that nephoscope reads or writes: what it is, and what can be done.

Only headers are read: of a store or a product of many gigabytes this takes no longer.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.errors import InputError, NephoscopeError, shown
from nephoscope.folders import LeftOut, is_store
from nephoscope.instruments import find_scenes, open_scene
from nephoscope.instruments.registry import (
    IMAGERS,
    PROFILERS,
    imager_of,
    imagers,
    profiler_of,
    profilers,
)
from nephoscope.instruments.tracks import open_track
from nephoscope.models import Model, list_models, load_model, verify_model
from nephoscope.models.lookup import CHAIN, locate_model
from nephoscope.products.frames import INSTRUMENT as FRAMES
from nephoscope.products.series import UNREADABLE, stored_at
from nephoscope.remote.copies import local_places
from nephoscope.reports.products_below import products_below
from nephoscope.reports.seal import SCORES, read_scores
from nephoscope.samples.census import describe
from nephoscope.samples.store import PARTS, open_samples

MOST_PROBLEMS = 20
"""Of a folder, that are named."""


@dataclass
class Contents:
    """What something is.

    Attributes:
        kind: in a word or two, e.g. "product" or "samples".
        facts: name → what is said of it.
        arrays: name of a variable → its dimensions, sizes, unit and long name, in one line.
        problems: what is wrong with it, or doubtful.
        commands: what can be done with it.
    """

    kind: str
    facts: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self)


def contents_of(given: str | PathLike[str]) -> Contents:
    """What a file, a folder or a shipped model's name stands for; an URL is copied here first.

    Raises:
        InputError: nothing is there, or it is nothing that nephoscope knows; or it is damaged.
    """
    (path,) = local_places([given])
    if (folder := locate_model(str(given))) is not None:
        return _of_model(load_model(folder), str(given))
    if not path.exists():
        raise InputError(path, "does not exist, and no shipped model has this name")
    for is_one, about in _KINDS:
        if is_one(path):
            return about(path)
    known = "raw files, folders of them, samples, models, products and reports"
    raise InputError(path, "is nothing that is known here", remedy=f"info tells of {known}")


def _of_model(model: Model, given: str) -> Contents:
    """A model folder, or a shipped model by name."""
    recipe, info = model.recipe, model.info
    found = Contents("model")
    found.facts = {
        "name": model.name,
        "says": f"{recipe.task} of pictures of {recipe.instrument}",
        "inputs": f"{len(recipe.inputs.names)} features of each pixel",
        "network": recipe.network.name,
        "parameters": f"{info['parameters']:,}" if "parameters" in info else "not told",
        "decision": ", ".join(_plain(model.decision.model_dump())),
        "validation": ", ".join(_plain(info.get("scores", {}).get("full", {}))) or "not told",
        "weights sha256": model.weights_sha256,
        "licence": str(info.get("licence", "none named")),
    }
    if split := info.get("split"):
        learned = ", ".join(f"{len(ids)} samples ({part})" for part, ids in split.items())
        found.facts["learned from"] = learned
    try:
        verify_model(given)
    except NephoscopeError as error:
        found.problems.append(str(error))
    found.commands = [
        f"nephoscope models show {_word(given)}",
        f"nephoscope predict {_word(given)} INPUT... -o OUT",
        f"nephoscope evaluate {_word(given)} SAMPLES.zarr -o REPORT",
    ]
    return found


def _plain(values: dict[str, Any]) -> list[str]:
    """Numbers of a mapping in a line each; what is longer than a number is left to the card."""
    return [f"{name} {value:.4g}" for name, value in values.items() if isinstance(value, float)]


def _of_report(path: Path) -> Contents:
    """The folder that `evaluate` wrote, or its `scores.json`."""
    folder = path if path.is_dir() else path.parent
    scores = read_scores(folder)
    found = Contents("report")
    found.facts = {name: str(scores["model"][name]) for name in ("name", "weights_sha256")}
    found.facts |= {
        name: f"{each['value']:.4g} ({each['low']:.4g} to {each['high']:.4g})"
        for name, each in scores["metrics"].items()
        if all(isinstance(each.get(key), float) for key in ("value", "low", "high"))
    }
    found.facts["spec hash"] = scores["spec_hash"]
    found.commands = [f"nephoscope leaderboard {_word(folder)} OTHER_REPORT... -o SITE"]
    return found


def _of_samples(path: Path) -> Contents:
    """A store that `build` wrote."""
    store = open_samples(path)
    lines, doubts = describe(store)
    found = Contents("samples", problems=list(doubts))
    found.facts = {name: str(store.attrs[name]) for name in ("instrument", "task", "recipe")}
    found.facts |= {"truth": f"of {store.attrs['truth']}", "holds": lines[0]}
    parts = store["split"].values.tolist()
    counted = ", ".join(f"{part} {parts.count(part)}" for part in PARTS if part in parts)
    found.facts |= {"parts": counted or "not split yet", "samples id": store.attrs["samples_id"]}
    found.arrays = _arrays(store)
    recipe = store.attrs["recipe"]
    found.commands = [f"nephoscope train {recipe} {_word(path)} -o RUN"]
    if not counted:
        found.problems.append("it is in no parts: nothing can be learned from it yet")
        found.commands.insert(0, f"nephoscope split {_word(path)}")
    return found


def _ways_to_see(product: Path, moves: bool) -> list[str]:
    """Commands that show a product of one picture, or a cube of many slots."""
    how = "--kind animation " if moves else ""
    return [f"nephoscope plot {_word(product)} {how}-o DIR", f"nephoscope view {_word(product)}"]


def _of_dataset(path: Path) -> Contents:
    """A product, or another NetCDF file or Zarr store of nephoscope."""
    with _opened(path) as stored:
        attrs = {name: str(text) for name, text in stored.attrs.items()}
        product = "quality_flag" in stored
        found = Contents("product" if product else "file that nephoscope can read")
        wanted = ("title", "map_id", "source", "institution", "model", "model_sha256", "history")
        found.facts = {name: attrs[name].splitlines()[-1] for name in wanted if attrs.get(name)}
        found.facts |= _span(stored)
        found.arrays = _arrays(stored)
        if not stored.attrs.get("Conventions"):
            found.problems.append("says nothing of the conventions it follows")
        if product:
            found.commands = _ways_to_see(path, "status" in stored)
    return found


@contextmanager
def _opened(path: Path) -> Iterator[xr.Dataset]:
    try:
        stored = stored_at(path)
    except UNREADABLE as error:
        problem = f"cannot be read: {str(error) or type(error).__name__}"
        raise InputError(path, problem, remedy="fetch or write it again") from error
    with stored:
        yield stored


def _of_picture(path: Path) -> Contents:
    """A raw file of a picture."""
    instrument = str(imager_of(path))
    scene = open_scene(path)
    found = Contents(f"picture of {instrument}")
    found.facts = {"id": str(scene.attrs["id"]), "flavour": str(scene.attrs.get("flavour", ""))}
    found.facts |= _span(scene)
    found.facts["channels"] = ", ".join(map(str, scene["channel"].values))
    share = float(scene.attrs["missing_share"])
    found.facts["missing"] = f"{share:.1%} of the pixels"
    found.facts = {name: said for name, said in found.facts.items() if said}
    found.arrays = _arrays(scene)
    found.problems = [str(line) for line in scene.attrs.get("lacking", ())]
    if share == 1:
        found.problems.append("no pixel of it holds anything")
    model = _model_for(instrument)
    found.commands = [f"nephoscope predict {model} {_word(path)} -o OUT"]
    return found


def _is_frame_product(path: Path) -> bool:
    """Whether a FITS is of a frame that was judged."""
    from astropy.io import fits

    if path.suffix.lower() != ".fits" or not path.is_file():
        return False
    try:
        return "SKYSTATE" in fits.getheader(path)
    except OSError:  # no FITS, or cut: told by who reads it as a picture
        return False


def _of_frame_product(path: Path) -> Contents:
    """The FITS of a judged frame of a sky camera."""
    from astropy.io import fits

    found = Contents("product of a sky camera's frame")
    wanted = {
        "state": "SKYSTATE", "probability of cloud": "PCLOUDY", "cloud fraction": "CLOUDFRC",
        "quality of the sky": "SKYQUAL", "clouds": "NBLOBS", "model of the mask": "MASKMOD",
        "threshold": "THRESH", "note": "NOTE1",
    }  # fmt: skip
    with fits.open(path) as planes:
        card = planes[0].header
        found.facts = {name: str(card[key]) for name, key in wanted.items() if key in card}
        found.arrays = {
            plane.name: " x ".join(map(str, plane.shape)) for plane in planes if plane.shape
        }
    return found


def _of_track(path: Path) -> Contents:
    """The raw file of a profiler."""
    track = open_track(path)
    found = Contents(f"profiles of {profiler_of(path)}")
    found.facts = {"profiles": f"{track.sizes['profile']:,}", **_span(track)}
    found.arrays = _arrays(track)
    found.commands = ["nephoscope build RECIPE PICTURES TRACKS -o SAMPLES.zarr"]
    return found


def _of_folder(path: Path) -> Contents:
    """A folder of raw files, or of products, or of both."""
    found = Contents("folder")
    _add_pictures(path, found)
    profiles: set[Path] = set()
    for name, reader in profilers():
        try:
            tracks = reader.find(path)
        except InputError:
            continue
        if tracks:
            profiles |= {track.path for track in tracks}
            found.facts[name] = (
                f"{len(tracks)} files of profiles, {tracks[0].id} to {tracks[-1].id}"
            )
    below = products_below(path)
    found.facts |= below.facts
    found.problems += below.problems
    if others := [place for place in below.others if place not in profiles]:
        said = f"{len(others)}, e.g. {shown(others[0])}"
        found.facts["other NetCDF files and Zarr stores"] = said
        found.commands.append(f"nephoscope info {_word(others[0])}")
    for place, moves in ((below.drawable, False), (below.moving, True)):
        if place is not None:
            found.commands += _ways_to_see(place, moves)
    if not found.facts and not found.problems:
        raise InputError(path, "holds nothing that is known here")
    if found.facts.keys() & {*IMAGERS, *PROFILERS}:
        found.commands.append(f"nephoscope inspect {_word(path)}")
    found.problems = _first(found.problems)
    return found


def _add_pictures(path: Path, found: Contents) -> None:
    """Pictures of each instrument below a folder, and what cannot be read of them."""
    errors: dict[str, None] = {}
    for instrument, _ in imagers():
        left_out = LeftOut()
        try:
            scenes = find_scenes(path, instrument, left_out)
        except InputError:
            continue
        finally:
            errors |= dict.fromkeys(map(str, left_out.errors))
        # Pictures of one instrument may look like those of another, which then claims them first.
        scenes = [scene for scene in scenes if imager_of(scene.path) == instrument]
        if scenes:
            found.facts[instrument] = f"{len(scenes)} pictures, {scenes[0].id} to {scenes[-1].id}"
            model = _model_for(instrument)
            found.commands.append(f"nephoscope predict {model} {_word(path)} -o OUT")
    found.problems += errors


def _first(problems: list[str]) -> list[str]:
    """The first problems, and how many more there are."""
    more = len(problems) - MOST_PROBLEMS
    return problems if more <= 0 else [*problems[:MOST_PROBLEMS], f"and {more} more"]


def _model_for(instrument: str) -> str:
    """What `predict` takes for pictures of an instrument."""
    if instrument == FRAMES:
        return CHAIN
    fits = (name for name in list_models() if load_model(name).recipe.instrument == instrument)
    return next(fits, "MODEL")


def _span(dataset: xr.Dataset) -> dict[str, str]:
    """Times and places that a dataset covers, where it tells them."""
    facts = {}
    time = np.atleast_1d(dataset["time"].values) if "time" in dataset.variables else np.empty(0)
    if time.dtype.kind == "M" and (known := time[~np.isnat(time)]).size:
        first, last = (str(each.astype("M8[s]")) for each in (known.min(), known.max()))
        facts["time"] = first if first == last else f"{first} to {last}"
    for name in ("latitude", "longitude"):
        values = dataset[name].values if name in dataset.variables else np.empty(0)
        if values.dtype.kind == "f" and (seen := values[np.isfinite(values)]).size:
            facts[name] = f"{seen.min():.2f} to {seen.max():.2f} degrees"
    return facts


def _word(path: str | Path) -> str:
    """A path as it can be typed."""
    return shlex.quote(str(path))


def _arrays(dataset: xr.Dataset) -> dict[str, str]:
    """Each variable in a line."""
    return {str(name): _line(each) for name, each in dataset.data_vars.items()}


def _line(array: xr.DataArray) -> str:
    sizes = ", ".join(f"{name} {size}" for name, size in array.sizes.items())
    said = [str(array.attrs.get(name, "")) for name in ("units", "long_name")]
    kind = "text" if array.dtype.kind in "TUO" else str(array.dtype)
    return "; ".join([f"({sizes}) {kind}", *filter(None, said)])


def _is_samples(path: Path) -> bool:
    """A Zarr store with pictures and one of the forms of truth."""
    there = any((path / name).is_dir() for name in ("label", "row_size"))
    return there and (path / "image").is_dir()


_KINDS: tuple[tuple[Callable[[Path], bool], Callable[[Path], Contents]], ...] = (
    (lambda path: path.name == SCORES or (path / SCORES).is_file(), _of_report),
    (_is_samples, _of_samples),
    (is_store, _of_dataset),
    (lambda path: path.is_file() and profiler_of(path) is not None, _of_track),
    (_is_frame_product, _of_frame_product),
    (lambda path: path.is_file() and imager_of(path) is not None, _of_picture),
    (lambda path: path.suffix.lower() in (".nc", ".nc4"), _of_dataset),
    (Path.is_dir, _of_folder),
)
"""Whether something is of a kind, and what tells of it; the first that fits."""
