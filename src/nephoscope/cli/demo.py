"""`nephoscope demo`: simulate, predict, draw and score, with nothing to download."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from nephoscope.evaluation.intervals import Score
    from nephoscope.instruments import SceneFile


FRAMES = 24  # of the simulated night
SEEDS = {"polder": 2, "seviri": 5}  # clouds of all heights; 1 has hardly any


def demo(
    pipeline: Annotated[
        Literal["mars", "sky", "polder", "seviri"], typer.Argument(help="Which pipeline to show.")
    ] = "mars",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder to write into. [default: nephoscope-demo/PIPELINE]"
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of what is simulated. [default: 1; polder 2, seviri 5]")
    ] = None,
) -> None:
    """Simulate scenes, predict them with the shipped model, show how good it is."""
    from nephoscope.cli.demo_polder import demo_polder
    from nephoscope.cli.demo_seviri import demo_seviri

    show = {
        "mars": _demo_mars,
        "sky": _demo_sky,
        "polder": demo_polder,
        "seviri": demo_seviri,
    }[pipeline]
    output = Path("nephoscope-demo", pipeline) if output is None else output
    made = show(output, SEEDS.get(pipeline, 1) if seed is None else seed)
    typer.echo("next: the same on a folder of your own in place of this one")
    words = [*_command(), "predict", pipeline, str(made), "-o", f"{pipeline}-products"]
    typer.echo(shlex.join(words))


def _command() -> list[str]:
    """Words that start this installation from here: short where the shell finds it."""
    script = Path(sysconfig.get_path("scripts")) / "nephoscope"
    if not script.is_file():
        return [sys.executable, "-m", "nephoscope"]
    found = shutil.which("nephoscope")
    if found is not None and Path(found).samefile(script):
        return ["nephoscope"]
    near = Path(os.path.relpath(script))
    return [str(script if near.parts[0] == ".." else near)]


def _demo_sky(output: Path, seed: int) -> Path:
    """Show a night; the folder of its frames."""
    from nephoscope.cli.background import background
    from nephoscope.cli.predict import predict
    from nephoscope.evaluation.night import compare_night
    from nephoscope.files import atomic_path
    from nephoscope.instruments.skycam import read_label
    from nephoscope.plots import MADE_BY
    from nephoscope.plots.night import draw_night
    from nephoscope.simulate.sky import simulate_sky

    simulated, products, clear = output / "simulated", output / "products", output / "clear.nc"
    frames, truth = simulated / "frames", simulated / "truth"
    typer.echo(f"simulating {FRAMES} frames of a night with known clouds ...")
    simulate_sky(simulated, FRAMES, seed, "night")
    predict("sky", [str(frames)], str(products / "alone"))
    background("sky", [frames], clear, products / "alone")
    predict("sky", [str(frames)], str(products / "beside_clear"), background=str(clear))
    first, second = (
        compare_night(products / name, truth, read_label) for name in ("alone", "beside_clear")
    )
    with atomic_path(output / "night.png") as part:
        figure = draw_night(second, products / "beside_clear", first)
        figure.savefig(part, format="png", dpi=100, metadata=MADE_BY)
    typer.echo(f"products: {products} (FITS and picture of each frame, frames.csv, blobs.csv)")
    typer.echo(f"picture:  {output / 'night.png'}")
    for words, night in (("by itself", first), ("beside its own clear sky", second)):
        typer.echo(
            f"simulated skill, each frame {words}: state right in {night.right} of {FRAMES}, "
            f"mIoU {night.mean_iou:.2f}, cloud fraction off by {night.error:.2f}"
        )
    return frames


def _demo_mars(output: Path, seed: int) -> Path:
    """Show a map; the folder that holds it."""
    from nephoscope.cli.predict import predict
    from nephoscope.instruments import find_scenes
    from nephoscope.simulate.mars import simulate_maps

    simulated, products = output / "simulated", output / "products"
    typer.echo("simulating a map with known clouds ...")
    simulate_maps(simulated, scenes=1, seed=seed, flavour="label")
    (scene,) = find_scenes(simulated, "marci")
    predict("mars", [str(scene.path)], str(products))
    (product,) = products.rglob(f"{scene.id}.nc")
    typer.echo(f"map:     {scene.path}")
    typer.echo(f"product: {product}")
    typer.echo(f"picture: {product.with_suffix('.png')}")
    scores = _score(scene, product)
    typer.echo(
        f"simulated skill: F1 {_shown(scores['f1'])}, IoU {_shown(scores['iou'])} against the "
        "known truth; the model never saw a simulated map"
    )
    return simulated


def _score(scene: SceneFile, product: Path) -> dict[str, Score]:
    """Scores of a product against the truth that the simulator wrote beside its map."""
    import numpy as np

    from nephoscope.errors import InputError
    from nephoscope.evaluation.mask_sums import score_masks, sums_of_map
    from nephoscope.files import read_netcdf
    from nephoscope.instruments.marci import label_path_for, read_label
    from nephoscope.instruments.marci.grid import MARS
    from nephoscope.products.read import read_mask

    truth = label_path_for(scene.path)
    if truth is None:
        raise InputError(scene.path, "has no truth beside it")
    probability = np.asarray(read_mask(product), np.float32)
    sums = sums_of_map(scene.id, probability, read_label(truth), MARS.latitude())
    threshold = float(read_netcdf(product).attrs["threshold"])
    return score_masks(sums, threshold).overall


def _shown(score: Score) -> str:
    return "undefined" if score.value is None else f"{score.value:.2f}"
