"""Pictures of a samples store: where and when its samples are from, and what is in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.figure import Figure
from scipy.ndimage import map_coordinates

from nephoscope.instruments.tai93 import to_utc
from nephoscope.plots.central_views import central_channels, rgb_of
from nephoscope.plots.cloud_types import TYPE_NAMES
from nephoscope.plots.coverage import plot_calendar, plot_class_counts, plot_coverage, plot_patches
from nephoscope.plots.curtain import plot_curtains
from nephoscope.plots.mask_frames import plot_labelled
from nephoscope.plots.places import Places, unit_vectors
from nephoscope.plots.quicklook import save_picture
from nephoscope.plots.volume import plot_volume
from nephoscope.samples.store import PARTS, open_samples
from nephoscope.samples.truth import Label

Reals = npt.NDArray[np.floating]
Whole = npt.NDArray[np.int64]

PATCHES = 8
_FRAMES, _SIDE = 12, 480
"""Labelled pictures that are drawn, and most pixels along a side of one."""
_POINTS = 200_000  # read at once


def split_pictures(samples: str | os.PathLike[str], folder: str | os.PathLike[str]) -> list[Path]:
    """Draw a store of samples into a folder, as far as it says where, when and what.

    Args:
        samples: the store, split or not.
        folder: of the pictures: `coverage.png` and `calendar.png`; of samples with masks
            `samples.png`; of samples with cloud types along a track `classes.png`, `patches.png`,
            and of the sample with the most types `curtain.png` and `view_3d.png`.

    Returns:
        The pictures that were made.

    Raises:
        InputError: there is no such store.
        OutputError: a picture cannot be written.
    """
    made = []
    for name, figure in _figures(open_samples(Path(samples))):
        save_picture(figure, path := Path(folder) / f"{name}.png")
        made.append(path)
    return made


def curtain_of_sample(store: xr.Dataset, sample: int) -> xr.DataArray:
    """The truth of one sample as a curtain: see `nephoscope.plots.curtain`.

    Args:
        store: an open samples store with `cloud_type` at points.
        sample: its number.
    """
    points = _span(store, sample)
    latitude, longitude = (store[name][sample].values for name in ("latitude", "longitude"))
    places = np.stack([store[name][points].values for name in ("row", "col")])
    # Of vectors, not of degrees: the date line may run through the sample.
    vectors = np.moveaxis(unit_vectors(latitude, longitude), -1, 0)
    x, y, z = (map_coordinates(each, places, order=1, mode="nearest") for each in vectors)
    times = {}
    if (
        "profile_time" in store.variables
        and np.isfinite(store["profile_time"][points].values).all()
    ):
        times["time"] = ("profile", to_utc(store["profile_time"][points].values))
    return xr.DataArray(
        store["cloud_type"][points].values,
        dims=("profile", "level"),
        coords={
            **times,
            "latitude": ("profile", np.degrees(np.arctan2(z, np.hypot(x, y)))),
            "longitude": ("profile", np.degrees(np.arctan2(y, x))),
            "height": (("profile", "level"), store["height"][points].values),
        },
    )


def types_of_samples(store: xr.Dataset) -> Whole:
    """Labelled bins of each cloud type in each sample, (sample, type) int64.

    Args:
        store: an open samples store with `cloud_type` at points.
    """
    sample = np.repeat(np.arange(store.sizes["sample"]), store["row_size"].values)
    counts = np.zeros((store.sizes["sample"], len(TYPE_NAMES)), np.int64)
    for first in range(0, len(sample), _POINTS):
        block = slice(first, first + _POINTS)
        kinds = store["cloud_type"][block].values
        for number in range(len(TYPE_NAMES)):
            np.add.at(counts[:, number], sample[block], (kinds == number).sum(axis=1))
    return counts


def _figures(store: xr.Dataset) -> Iterator[tuple[str, Figure]]:
    split = store["split"].values
    if "latitude" in store.variables and store["latitude"].dims == ("sample", "y", "x"):
        yield "coverage", plot_coverage(*_middles(store), split)
    if "time" in store.variables:
        time = xr.decode_cf(store[["time"]])["time"].values
        if not np.isnat(time).all():
            yield "calendar", plot_calendar(time, split)
    if store.attrs["truth"] == "pixels":
        yield "samples", plot_labelled(_labelled(store, split))
    if "cloud_type" in store.variables and store["cloud_type"].dims[:1] == ("point",):
        counts = types_of_samples(store)
        parts = [part for part in (*PARTS, "") if (split == part).any()]
        yield "classes", plot_class_counts({p: counts[split == p].sum(axis=0) for p in parts})
        cloudy = np.lexsort((counts[:, 1:].sum(axis=1), (counts[:, 1:] > 0).sum(axis=1)))
        yield from _of_tracks(store, int(cloudy[-1]))


def _labelled(store: xr.Dataset, split: npt.NDArray[Any]) -> list[tuple[str, Reals, Label]]:
    """Some samples of each part: title, picture and label, thinned."""
    step = -(-max(store.sizes["y"], store.sizes["x"]) // _SIDE)
    parts = [part for part in (*PARTS, "") if (split == part).any()]
    thin, frames = np.s_[::step, ::step], []
    for part in parts:
        mine = np.flatnonzero(split == part)
        most = -(-_FRAMES // len(parts))
        for number in mine[np.unique(np.linspace(0, len(mine) - 1, most).round().astype(int))]:
            sample = store.isel(sample=int(number))
            known = sample["known"].values[thin]
            image = np.where(known, sample["image"].values[:, *thin].astype(np.float32), np.nan)
            title = f"{sample['id'].values.item()}, {part or 'in no part'}"
            frames.append((title, image, sample["label"].values[thin]))
    return frames


def _of_tracks(store: xr.Dataset, sample: int) -> Iterator[tuple[str, Figure]]:
    """Patches of some samples; curtain and view of one."""
    seen = central_channels([str(name) for name in store["channel"].values])
    if seen:
        chosen = np.unique(np.linspace(0, store.sizes["sample"] - 1, PATCHES).round().astype(int))
        pictures = [rgb_of(store["image"][number]) for number in chosen]
        shown = [picture for picture in pictures if picture is not None]
        yield "patches", plot_patches(shown, store["id"].values[chosen].tolist())
    if store.attrs.get("points", "track") != "track" or store["row_size"].values[sample] < 2:
        return  # points anywhere are no curtain, nor is a single one
    curtain, name = curtain_of_sample(store, sample), str(store["id"].values[sample])
    yield "curtain", plot_curtains({"truth (profiler)": curtain}, "type", f"sample {name}")
    picture = rgb_of(store["image"][sample]) if seen else None
    if picture is not None:
        points = _span(store, sample)
        row, col = (store[each][points].values for each in ("row", "col"))
        places = Places(*(store[each][sample].values for each in ("latitude", "longitude")))
        height, kinds = curtain["height"].values, curtain.values
        title = f"sample {name}: what was seen, and the clouds along the track"
        yield "view_3d", plot_volume(picture, row, col, kinds, height, title, places.spacing)


def _middles(store: xr.Dataset) -> tuple[Reals, Reals]:
    """Latitude and longitude of the middle pixel of each sample, degrees."""
    row, col = (store.sizes[dim] // 2 for dim in ("y", "x"))
    latitude, longitude = (store[name][:, row, col].values for name in ("latitude", "longitude"))
    return latitude, longitude


def _span(store: xr.Dataset, sample: int) -> slice:
    """The points of a sample."""
    sizes = store["row_size"].values
    first = int(sizes[:sample].sum())
    return slice(first, first + int(sizes[sample]))
