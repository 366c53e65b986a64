"""Writer of a samples store: scene by scene, atomically, one scene in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import xarray as xr

from nephoscope.background import check_background, grid_below
from nephoscope.errors import InputError, UsageError
from nephoscope.files import atomic_path, remove_stale_parts
from nephoscope.folders import is_store
from nephoscope.instruments import SceneFile, instrument_named
from nephoscope.recipe import Recipe
from nephoscope.samples.from_labels import LabelledScenes
from nephoscope.samples.sample_arrays import AXES, SampleArrays, consolidate
from nephoscope.scene import Truth
from nephoscope.tasks import task_named
from nephoscope.workers.crew import Crew


def write_samples(
    scene_files: Sequence[SceneFile],
    out: str | Path,
    recipe: Recipe,
    background: xr.Dataset | None = None,
    progress: Callable[[str], None] | None = None,
    on_error: Callable[[InputError], None] | None = None,
    overwrite: bool = False,
    truth: Truth | None = None,
    crew: Crew = Crew(),  # noqa: B008 - immutable
) -> Path:
    """Read scenes with their truth and write the store, atomically and scene by scene.

    Args:
        scene_files: what `find_scenes` gives; those of which nothing is said are left out.
        out: the store to write.
        recipe: names the instrument, the task and the size at which scenes are looked at.
        background: as `nephoscope.background.build_background` makes it.
        progress: called with the id of each sample written.
        on_error: told of a scene or label that cannot be used, which is then left out; without it
            the error is raised.
        overwrite: replace a store in `out`, once the new one is complete; its split is lost.
        truth: its form, "pixels", "frame" or "points"; by default that of the recipe's task.
        crew: who reads the scenes; the store is the same whoever does.

    Raises:
        InputError: a scene or label cannot be read, or their shapes differ; or none can be used; or
            the background is not the recipe's.
        UsageError: no scene has a label, or all frames have the same; something is in `out`; or the
            recipe uses no background, or it does not cover the scenes.
    """
    out, form = Path(out), truth or task_named(recipe.task).truth
    check_place(out, overwrite)
    if background is not None:
        check_background(background, recipe)
    instrument = instrument_named(recipe.instrument)
    scenes = LabelledScenes(scene_files, instrument, recipe, form, on_error, progress, out, crew)
    remove_stale_parts(out.parent)
    with atomic_path(out) as part:
        _write(part, scenes, background)
    return out


def check_place(out: Path, overwrite: bool) -> None:
    """A store can be written there.

    Raises:
        UsageError: something is there: a store, and `overwrite` is not set; or what is no store,
            which is never replaced.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not is_store(out):
        raise UsageError(f"{out}: is there and is no samples store: name another place")
    if not overwrite:
        raise UsageError(
            f"{out}: holds samples: name another place, or replace them with --overwrite (their "
            "split is lost with them)"
        )


def _write(part: Path, scenes: LabelledScenes, background: xr.Dataset | None) -> None:
    held: SampleArrays | None = None
    for sample in scenes:
        if held is None:
            if background is not None:
                grid_below(background, *(sample.scene[name].values for name in AXES))
            held = SampleArrays(part, sample, scenes.truth, len(scenes.files))
        held.append(sample)
    if held is None:
        raise scenes.nothing_found()
    scenes.report_sizes()
    complete(part, held.finish(background), scenes.recipe, scenes.truth)


def complete(part: Path, content: xr.Dataset, recipe: Recipe, truth: Truth) -> None:
    """Write what a store holds beside its arrays, and what it says of itself."""
    instrument = instrument_named(recipe.instrument)
    attrs = {
        "task": recipe.task,
        "recipe": recipe.name,
        "instrument": recipe.instrument,
        "unit": instrument.UNIT,
        "wraps": instrument.WRAPS,
        "truth": truth,
        "nephoscope": version("nephoscope"),
        **({"side": recipe.inputs.side} if recipe.inputs.side else {}),
    }
    content.assign_attrs(attrs).to_zarr(part, mode="a", consolidated=False)
    consolidate(part)
