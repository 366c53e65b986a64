"""`nephoscope demo polder`: a stretch of a half orbit with known clouds, its product, its track.

Not itself a verb.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.models import Model

MODEL = "polder"
ROWS = 160
"""Of the grid, 990 km along the track, over the full width of the swath."""
_EACH = {"": "map", "_curtain": "curtain", "_mask_curtain": "clouds", "_view_3d": "3-D view"}


def demo_polder(output: Path, seed: int) -> Path:
    """Show a stretch of a half orbit; the folder that holds its file.

    Raises:
        MissingExtraError: what the simulator needs is not installed.
        UsageError: no model is shipped.
    """
    from nephoscope.cli.predict import predict
    from nephoscope.extras import need
    from nephoscope.instruments import open_scene
    from nephoscope.models import load_model
    from nephoscope.plots.product_pictures import along_track_pictures
    from nephoscope.plots.quicklook import save_picture
    from nephoscope.products.read import open_packed

    need("demo polder", "satellites")
    model = load_model(MODEL)
    from nephoscope.simulate.earth.polder import simulate_half_orbits
    from nephoscope.simulate.earth.reading import find_truths, open_simulated

    simulated, products = output / "simulated", output / "products"
    typer.echo("simulating a stretch of a half orbit with known clouds ...")
    (raw,) = simulate_half_orbits(simulated, 1, seed, rows=ROWS)
    predict(MODEL, [str(raw)], str(products))
    (path,) = products.rglob("*.nc")
    track = open_simulated(find_truths(simulated)[0]).track
    product, scene = open_packed(path), open_scene(raw, fields="directional")
    typer.echo(f"half orbit: {raw}")
    typer.echo(f"product: {path}")
    if track is not None:
        for ending, figure in along_track_pictures(product, track, scene):
            picture = path.with_name(f"{path.stem}{ending}.png")
            save_picture(figure, picture)
            typer.echo(f"{_EACH.get(ending, 'picture')}: {picture}")
        typer.echo(_skill(_scores(model, product, track)))
    return raw.parent


def _scores(model: Model, product: xr.Dataset, track: xr.Dataset) -> dict[str, Any]:
    """Scores of a product at the pixels below the profiles of a radar."""
    from nephoscope.plots.curtain import sample_along
    from nephoscope.samples.levels import on_levels
    from nephoscope.tasks import task_named

    below = sample_along(product, track).rename(profile="point")
    seen = track.isel(profile=below["number"].values)
    held = {"cloud_type": seen["cloud_type"].values, "height": seen["height"].values}
    truth = on_levels(held, model.recipe.truth, str(product.attrs["map_id"]))
    task = task_named(model.recipe.task)
    return task.metrics(task.tally(below, truth), model.decision)


def _skill(scores: dict[str, Any]) -> str:
    dice, columns, error = (scores[name] for name in ("dice", "miou_2d", "top_mae"))
    return (
        f"simulated skill along the track: Dice {dice:.2f} of cloud on levels, mIoU {columns:.2f} "
        f"of cloudy columns, cloud tops {error / 1000:.1f} km off; one radar profile of 1 km says "
        "what a pixel of 6 km holds"
    )
