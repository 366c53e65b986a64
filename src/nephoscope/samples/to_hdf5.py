"""Export of a store of samples to one HDF5 file, in the layout of A-Train Cloud Segmentation.

`/<id>/input` (y, x, channel) float32, physical values, its code where missing, and
`/<id>/output/{lat, lon, height, time, corner_idx, corner_weights, cloud_scenario/*}`. What its
float64 pictures hold beyond float32 is noise: counts have 16 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError, UsageError
from nephoscope.files import atomic_path
from nephoscope.instruments import instrument_named
from nephoscope.instruments.protocol import ForeignSamples
from nephoscope.samples.store import open_samples

NO_CODE = -9999
"""Height that is missing."""
_COUNT_MISSING = -32768
_NEEDED = ("corner_row", "corner_col", "weight_inverse_distance", "cloud_scenario", "height")


def export_hdf5(
    samples: str | Path,
    out: str | Path,
    *,
    progress: Callable[[str], None] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a store of samples of a track as one HDF5 file, atomically and sample by sample.

    Args:
        samples: the store.
        out: the file, .h5.
        progress: called with the id of each sample written.
        overwrite: replace a file that is there.

    Raises:
        InputError: it is no store of samples at points, or one of another truth than codes.
        UsageError: something is in `out`.
        OutputError: the file cannot be written.
    """
    import h5py

    out, store = Path(out), open_samples(samples)
    form = _check(store, samples, out, overwrite)
    about = {key: store.attrs[key] for key in ("fields", "samples_id") if key in store.attrs}
    with atomic_path(out) as part, h5py.File(part, "w") as file:
        file.attrs.update(about)
        file.attrs["channels"] = [str(name) for name in store["channel"].values]
        file.attrs["missing"] = form.LOST
        for name, sample in _samples(store):
            _write(file.create_group(name), sample, form)
            if progress is not None:
                progress(name)
    return out


def _check(store: xr.Dataset, path: str | Path, out: Path, overwrite: bool) -> ForeignSamples:
    if out.is_dir() or (out.exists() and not overwrite):
        raise UsageError(f"{out}: is there: name another file, or replace it with --overwrite")
    for name in _NEEDED:
        if name not in store.variables:
            problem = "is missing from the samples: only those of a track are exported"
            raise InputError(path, problem, field=name)
    ids = [str(name) for name in store["id"].values]
    if len(set(ids)) < len(ids) or any(not name or "/" in name or name == "." for name in ids):
        raise InputError(path, "are no names of groups, each once", field="id")
    instrument = instrument_named(store.attrs["instrument"])
    if instrument.SAMPLES is None:
        raise UsageError(f"samples of {instrument.NOUN} have no such form: leave them in Zarr")
    return instrument.SAMPLES


def _samples(store: xr.Dataset) -> Iterator[tuple[str, xr.Dataset]]:
    """Id, and the sample with its points, one at a time."""
    ends = np.concatenate([[0], np.cumsum(store["row_size"].values)])
    for number, (start, stop) in enumerate(pairwise(ends.tolist())):
        sample = store.isel(sample=number, point=slice(start, stop))
        yield str(sample["id"].values), sample


def _write(group: Any, sample: xr.Dataset, form: ForeignSamples) -> None:  # noqa: ANN401 - h5py has no types
    image = np.moveaxis(_values(sample, form.LOST), 0, -1)
    group.create_dataset(
        "input", data=image, chunks=image.shape, compression="gzip", compression_opts=1,
        shuffle=True,
    )  # fmt: skip
    output = group.create_group("output")
    latitude, longitude = _places(sample)
    number = sample.sizes["point"]
    unknown = np.full(number, np.nan)
    said = {
        "lat": latitude,
        "lon": longitude,
        "time": sample["profile_time"].values if "profile_time" in sample else unknown,
        "height": np.nan_to_num(sample["height"].values, nan=NO_CODE).round().astype(np.int16),
        "corner_idx": np.stack(
            [sample[f"corner_{axis}"].values.astype(np.int64) for axis in ("row", "col")], axis=-1
        ),
        "corner_weights": sample["weight_inverse_distance"].values.astype(np.float64),
    }
    for name, values in said.items():
        output.create_dataset(name, data=values)
    parts = output.create_group("cloud_scenario")
    for name, values in form.decoded(sample["cloud_scenario"].values).items():
        parts.create_dataset(name, data=values, compression="gzip", compression_opts=1)


def _values(sample: xr.Dataset, lost: float) -> NDArray[np.float32]:
    """Physical values (channel, y, x), `lost` where missing."""
    image = sample["image"].values
    if image.dtype != np.int16:
        return np.nan_to_num(image.astype(np.float32), nan=lost)
    scale, offset = (sample[name].values[:, None, None] for name in ("scale_factor", "add_offset"))
    values: NDArray[np.float32] = (image * scale + offset).astype(np.float32)
    values[image == _COUNT_MISSING] = lost
    return values


def _places(sample: xr.Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Latitude and longitude (point,) of the labels: bilinear weights give back the place."""
    corner = sample["corner_row"].values, sample["corner_col"].values
    weight = sample["weight_bilinear"].values.astype(np.float64)
    north, east = (sample[name].values.astype(np.float64)[corner] for name in _PLANES)
    first = east[:, :1]
    turned = (weight * ((east - first + 180) % 360 - 180)).sum(axis=1)
    longitude = (first[:, 0] + turned + 180) % 360 - 180
    return (weight * north).sum(axis=1) / weight.sum(axis=1), longitude


_PLANES = ("latitude", "longitude")
