"""Patches of a half orbit: how many views there are, and many patches read at once as counts.

Every row of the file is inflated once, field by field, however many patches need it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.grids.patches import Patch, interpolation
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments.polder.channels import channel_coords, is_directional
from nephoscope.instruments.polder.counts import Piece, read_counts, read_pieces
from nephoscope.instruments.polder.datasets import coding_of, dataset_of, explained, opened
from nephoscope.instruments.polder.fields import ANGLES, FIELDS, VIEWS
from nephoscope.instruments.polder.half_orbit import STOKES
from nephoscope.instruments.polder.names import parse_name
from nephoscope.instruments.polder.packing import MISSING, pack, packed_coordinates, packing_of
from nephoscope.instruments.polder.resampling import resample
from nephoscope.instruments.polder.schemes import DOLP, fields_of
from nephoscope.instruments.polder.windows import Window
from nephoscope.scene import missing_share

GRID = POLDER
Packed = NDArray[np.int16]


def checked_fields(wanted: str | Iterable[str]) -> tuple[str, ...]:
    """Names of the fields of a scheme or list, all of them datasets of the file.

    Raises:
        UsageError: no such scheme or field, or one that is computed from others.
    """
    names = fields_of(wanted)
    if made := [name for name in names if name in DOLP]:
        raise UsageError(f"{', '.join(made)}: computed from I, Q and U, which samples hold instead")
    return names


def views_of(path: str | PathLike[str], rows: tuple[int, int]) -> NDArray[np.uint8]:
    """Number of views of each pixel of some rows, 0 where there is none.

    Args:
        path: file of a half orbit.
        rows: first row of the grid, and the one after the last.

    Returns:
        (row, column), all columns of the file.

    Raises:
        InputError: the file cannot be used; names the field.
    """
    field = FIELDS["Nviews"]
    every = np.broadcast_to(np.arange(POLDER.cols), (rows[1] - rows[0], POLDER.cols))
    with opened(path) as file:
        dataset = dataset_of(file, field)
        coding = coding_of(dataset, field)
        counts = read_counts(dataset, rows[0], every, coding.fill)
    seen = coding.is_valid(counts) & (counts > 0)
    return np.where(seen, np.minimum(counts, VIEWS), 0).astype(np.uint8)


def read_patches(
    path: str | PathLike[str], patches: Sequence[Patch], fields: Sequence[str]
) -> list[xr.Dataset]:
    """Read patches of a half orbit as packed Scenes.

    Args:
        path: file of a half orbit.
        patches: pieces of its grid, which may overlap.
        fields: names of datasets, as `checked_fields` gives them.

    Returns:
        Of each patch a Scene as `read` gives it, but `image` is int16: values are count x
        `scale_factor` + `add_offset` (channel), -32768 where missing. `turns` (channel) says how a
        channel changes when the picture is turned.

    Raises:
        InputError: the file cannot be used; names the field.
    """
    windows = [Window(patch.first_row, patch.origin, patch.width) for patch in patches]
    grids = [window.columns() for window in windows]
    pieces = [
        Piece(patch.first_row, columns) for patch, (columns, _) in zip(patches, grids, strict=True)
    ]
    depth = [VIEWS if is_directional(name) else 1 for name in fields]
    images = [np.empty((sum(depth), patch.size, patch.size), np.int16) for patch in patches]
    packings = {}
    with opened(path) as file:
        comment = _comment(file, path)
        for name, planes, end in zip(fields, depth, np.cumsum(depth), strict=True):
            dataset = dataset_of(file, FIELDS[name])
            coding = coding_of(dataset, FIELDS[name])
            packings[name] = packing_of(coding, dataset.dtype, FIELDS[name])
            # One field at a time: of a whole half orbit more would be a gigabyte.
            counts = read_pieces(dataset, pieces, coding.fill)
            for index, patch in enumerate(patches):
                packed = pack(counts[index], coding, packings[name])
                packed = np.moveaxis(packed, -1, 0) if planes > 1 else packed[None]
                packed = np.where(grids[index][1], packed, MISSING)
                if patch.geometry != "native":
                    packed = resample(name, packed, packings[name], *interpolation(patch))
                images[index][end - planes : end] = packed
    channels = channel_coords(fields, range(VIEWS))
    channels |= packed_coordinates(channels["field"][1], packings)
    return [
        _scene(Path(path), image, channels, patch).assign_attrs(comment)
        for image, patch in zip(images, patches, strict=True)
    ]


def _scene(path: Path, image: Packed, channels: dict[str, Any], patch: Patch) -> xr.Dataset:
    """The packed Scene of a patch."""
    name, known = parse_name(path), known_of(image, channels["field"][1])
    latitude, longitude = patch.places()
    native = patch.geometry == "native"
    scene = xr.Dataset(
        {"image": (("channel", "y", "x"), image), "known": (("y", "x"), known)},
        coords={
            **channels,
            "latitude": (("y", "x"), latitude, {"units": "degrees_north"}),
            "longitude": (("y", "x"), longitude, {"units": "degrees_east"}),
            "row": ("y", patch.rows),
            "origin": ("y", patch.origin if native else np.full(patch.size, -1)),
            "time": ((), np.datetime64(name.start if name else "NaT", "ns")),
        },
    )
    scene.attrs = {
        "instrument": "polder",
        "source_files": [str(path)],
        "id": name.id if name else path.stem,
        "missing_share": missing_share(known),
    }
    return scene.assign_attrs({"cycle": name.cycle, "orbit": name.orbit} if name else {})


def _comment(file: Any, path: str | PathLike[str]) -> dict[str, str]:  # noqa: ANN401
    """What a file says of itself: that it is simulated."""
    with explained(path):
        said = file.attrs.get("Comment")
    return {"comment": said} if isinstance(said, str) else {}


def known_of(image: Packed, fields: Sequence[str]) -> NDArray[np.bool_]:
    """(y, x) where radiances and angles of any view were all measured, as in Scenes of `read`."""
    measured = [name for name in dict.fromkeys(fields) if name in STOKES or name in ANGLES]
    field = np.array(fields)
    of_views = [image[field == name] != MISSING for name in measured or fields[:1]]
    return np.asarray(np.logical_and.reduce(of_views).any(axis=0))
