"""`nephoscope demo seviri`: an hour of a simulated region, its ice in four dimensions, its track.

Not itself a verb.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import xarray as xr

MODEL = "seviri"
SIZE, SLOTS = 128, 4
"""Pixels of a side, 400 km and more, and pictures, a quarter of an hour apart."""


def demo_seviri(output: Path, seed: int) -> Path:
    """Show an hour of a region; the folder that holds its pictures.

    Raises:
        MissingExtraError: what the simulator needs is not installed.
        UsageError: no model is shipped.
    """
    from nephoscope.cli.plot_ice import draw_animation, draw_sections
    from nephoscope.cli.predict import predict
    from nephoscope.extras import need
    from nephoscope.models import load_model
    from nephoscope.products.series import open_slots

    need("demo seviri", "satellites")
    load_model(MODEL)
    from nephoscope.simulate.earth.reading import find_truths, open_simulated
    from nephoscope.simulate.earth.seviri import simulate_slots

    simulated, products = output / "simulated", output / "products"
    typer.echo(f"simulating {SLOTS} pictures of a region with known clouds ...")
    pictures = simulate_slots(simulated, 1, seed, slots=SLOTS, size=SIZE)[0].parents[3]
    predict(MODEL, [str(pictures)], str(products))
    (cube,) = products.glob("*.zarr")
    typer.echo(f"pictures: {pictures}")
    typer.echo(f"product: {cube}, quick-looks in {products / 'pictures'}")
    typer.echo("drawn: the ice of all slots, and that along the track of a profiler")
    draw_animation([cube], output)
    truths = find_truths(simulated)
    for path in truths:
        track = open_simulated(path).truth.attrs.get("track")
        if track is not None:
            draw_sections([cube], output, str(simulated / track))
    with open_slots([cube]) as slots:
        typer.echo(_skill(slots, truths))
    return pictures


def _skill(slots: Sequence[xr.Dataset], truths: Sequence[Path]) -> str:
    """How much of the simulated ice was found, in all voxels of all slots."""
    import numpy as np

    from nephoscope.instruments.ice_truth import read_ice_truth
    from nephoscope.tasks.ice_truth import LEAST_IWC

    right = said = true = path_said = path_true = 0.0
    for slot, truth in zip(slots, truths, strict=True):
        row, col = (each.ravel() for each in np.indices(slot["iwp"].shape))
        altitude = slot["altitude"].values.astype(np.float64)
        ice = read_ice_truth(truth, row, col, altitude)["iwc"].values
        likely = slot["cloud_probability"].values.reshape(len(altitude), -1).T
        known = np.isfinite(ice) & np.isfinite(likely)
        cloud, found = (
            ice[known] > LEAST_IWC,
            likely[known] >= slot["cloud_mask"].attrs["threshold"],
        )
        right, said, true = right + (cloud & found).sum(), said + found.sum(), true + cloud.sum()
        amount = slot["iwc"].values.reshape(len(altitude), -1).T
        path_said, path_true = path_said + amount[known].sum(), path_true + ice[known].sum()
    return (
        f"simulated skill: F1 {2 * right / max(said + true, 1):.2f} of cloud in all voxels of "
        f"{len(truths)} slots, ice {path_said / path_true - 1:+.0%}; a real sky has more kinds of "
        "cloud than a simulated one"
    )
