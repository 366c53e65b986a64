"""Products of a slot: geostationary projection, places of pixels and times of lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xarray as xr

from nephoscope.grids.geostationary import DISK, Geostationary
from nephoscope.instruments.coordinates import placed, time_of
from nephoscope.instruments.seviri.projection import axes_of, mapping_of
from nephoscope.instruments.seviri.scenes import grid_of
from nephoscope.scene import COLUMNS, MOVED, UPRIGHT

_USUAL_STEP = 900  # seconds from slot to slot
_REFERENCES = (
    "pictures: MSG Level 1.5 Image Data (EUM/MSG/ICD/105) of EUMETSAT; ice: DARDAR-Nice of "
    "ICARE; first network for this task: IceCloudNet, arXiv:2410.04135"
)
_SUMMARY = (
    "Cloud ice at each height over what SEVIRI sees, found by a neural network in its channels; it "
    "learned from profiles that a radar and a lidar saw along a thin line."
)
_UPRIGHT = (
    "A column stands upright over the point of its pixel on the ellipsoid, which latitude and "
    "longitude tell; it does not lie along the line of sight. Air at height h over that point is "
    "seen in a pixel that lies farther from the point below the satellite, by about h times the "
    "tangent of the satellite's zenith angle."
)

_COLUMNS = {
    UPRIGHT: _UPRIGHT,
    MOVED: (
        "The model learned from profiles that were each moved to the pixel where the picture shows "
        "their highest ice: a column lies where its top is seen. It stands upright over a point "
        "nearer to the one below the satellite than latitude and longitude tell, by about the "
        "height of its highest ice times the tangent of the satellite's zenith angle; without ice "
        "it stands over them."
    ),
}


def dress(product: xr.Dataset, scene: xr.Dataset, options: Mapping[str, Any]) -> xr.Dataset:
    """The product with `x` and `y`, `latitude`, `longitude`, and `time` of each line.

    `x` and `y` are m: the scanning angle times the height of the satellite. Where there are levels,
    `column_geometry` and a comment say how a column stands. `grid_id` tells grids apart; it is ""
    of the whole disk at 0 degrees, every 15 minutes.
    """
    grid = grid_of(scene)
    what = "Cloud ice" if "iwc" in product else "Clouds"
    title = f"{what} seen by SEVIRI on {scene.attrs['satellite']}, {product.attrs['map_id']}"
    said = {"title": title, "grid_id": _grid_id(scene, grid)}
    if "iwc" in product:
        said |= {"summary": _SUMMARY, "references": _REFERENCES}
    if scene.attrs.get("lacking"):
        said["missing_input"] = "; ".join(scene.attrs["lacking"])
    if "altitude" in product.coords:
        stands = product.attrs.get(COLUMNS, UPRIGHT)
        said |= {COLUMNS: stands, "comment": _COLUMNS[stands]}
    return placed(
        product.assign_attrs(said),
        scene,
        axes_of(grid) | time_of(scene["time"]),
        mapping_of(grid.longitude),
    )


def _grid_id(scene: xr.Dataset, grid: Geostationary) -> str:
    """What tells a grid from the usual one, in a word that may be part of a file's name."""
    row, col = scene.attrs["first_row"], scene.attrs["first_col"]
    step = int(scene.attrs["slot_seconds"])
    parts = {
        f"{grid.longitude % 360:g}e": grid.longitude != 0,
        f"{grid.rows}x{grid.cols}-at-{row}-{col}": grid.shape != (DISK, DISK),
        # Pictures before December 2017 lie half a pixel off.
        "shifted": grid.centre_row + row != DISK / 2,
        f"{step}s": step != _USUAL_STEP,
    }
    return "_".join(word for word, unusual in parts.items() if unusual)
