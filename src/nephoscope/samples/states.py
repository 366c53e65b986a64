"""Samples of the `sky_state` task: binned thermal frames, each with one state, in a Zarr store.

Dims and variables (all open in plain xarray):

- `image` (sample, channel, y, x) float32, ADU, block means of 128 x 160, NaN where missing,
- `state` (sample) int8, 0 clear, 1 cloudy,
- `fpa_temperature`, `ambient_temperature`, `shutter_temperature` (sample) float32, deg C, NaN
  where the header has none,
- `file`, `group`, `split` (sample) str; frames of one group (a camera) are never in two parts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError, UsageError, shown
from nephoscope.files import atomic_path, remove_stale_parts
from nephoscope.inputs.texture import to_binned
from nephoscope.instruments.skycam import find as find_frames
from nephoscope.instruments.skycam import read as read_frame
from nephoscope.instruments.skycam import state_for
from nephoscope.samples.pairing import check_task
from nephoscope.samples.state_split import state_parts
from nephoscope.samples.store import check_place, open_store
from nephoscope.tasks.sky_state import (
    CLEAR,
    CLOUDY,
    UNKNOWN,
    CameraTemperatures,
    temperatures_of,
)

SMALLEST_COVER = 0.01
"""A simulated frame with cloud, but less of it than this, is neither clear nor cloudy."""
_REQUIRED = ("image", "state", "split", "group")


@dataclass(frozen=True)
class StateSample:
    """One frame with its state.

    Attributes:
        image: (y, x) float32, ADU, block means.
        state: 0 clear, 1 cloudy.
        temperatures: of the camera.
        file: its name.
        group: its camera, or folder where the header names none.
    """

    image: npt.NDArray[np.float32]
    state: int
    temperatures: CameraTemperatures
    file: str
    group: str


def read_sample(path: Path) -> StateSample | None:
    """Read a frame and its state; None where nothing says its state.

    The state is that of the simulator's truth (`../truth/*_truth.fits`), else of the folder that
    the frame lies in (see `nephoscope.instruments.skycam.state_for`).

    Raises:
        InputError: the frame or its truth cannot be read.
    """
    state = state_of(path)
    if state == UNKNOWN:
        return None
    image, attrs = _read(path)
    group = _camera_seed(str(attrs.get("header", ""))) or shown(path.parent)
    return StateSample(image, state, temperatures_of(attrs), shown(path.name), group)


def state_of(path: Path) -> int:
    """0 clear, 1 cloudy, -1 where nothing says it; see `read_sample`.

    Raises:
        InputError: the truth cannot be read.
    """
    from astropy.io import fits

    truth = path.parent.parent / "truth" / path.name.replace("_flux.fits", "_truth.fits")
    if truth.is_file() and truth != path:
        try:
            header = fits.getheader(truth)
            cloudy, cover = bool(header["CLOUDY"]), float(header["COVER"])
        except (OSError, KeyError, ValueError) as error:
            raise InputError(truth, f"cannot be read as truth: {error}") from error
        if not cloudy:
            return CLEAR
        return CLOUDY if cover >= SMALLEST_COVER else UNKNOWN
    named = state_for(path)
    return UNKNOWN if named is None else CLEAR if named == "clear" else CLOUDY


def write_states(
    folders: Sequence[str | Path],
    out: str | Path,
    validation: float = 0.2,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
    on_error: Callable[[InputError], None] | None = None,
    overwrite: bool = False,
) -> Path:
    """Read frames with their states and write the store, atomically.

    Args:
        folders: where the frames are.
        out: the store to write.
        validation: share that validates, see `nephoscope.samples.state_split`; the others train.
        seed: of the choice.
        progress: called with the name of each frame.
        on_error: told of a frame that cannot be used, which is left out; without it the error is
            raised.
        overwrite: replace a store in `out`; its split is lost.

    Raises:
        InputError: a folder holds no frame, or none can be used.
        UsageError: no frame has a state, or all have the same; or something is in `out`.
    """
    out = Path(out)
    check_place(out, overwrite)
    samples: list[StateSample] = []
    for path in [file.path for folder in folders for file in find_frames(folder)]:
        try:
            sample = read_sample(path)
        except InputError as error:
            if on_error is None:
                raise
            on_error(error)
            continue
        if sample is not None:
            samples.append(sample)
        if progress is not None:
            progress(path.name)
    if len({sample.state for sample in samples}) < 2:
        found = f"{len(samples)} frames with a known state, all alike" if samples else "none"
        raise UsageError(f"clear and cloudy frames are needed, there are {found}")
    store = _dataset(samples, validation, seed)
    remove_stale_parts(out.parent)
    with atomic_path(out) as part:
        store.to_zarr(part, mode="w", consolidated=False, zarr_format=3)
    return out


def open_states(path: str | Path) -> xr.Dataset:
    """Open a store of states lazily.

    Raises:
        InputError: there is no such store, a variable is missing from it, or it is of another task.
    """
    store = open_store(path)
    check_task(store, "sky_state")
    for name in _REQUIRED:
        if name not in store.variables:
            raise InputError(path, "is missing from the samples", field=name)
    return store


def _dataset(samples: list[StateSample], validation: float, seed: int) -> xr.Dataset:
    images = np.stack([sample.image for sample in samples])[:, None]
    states = np.array([sample.state for sample in samples], np.int8)
    digest = hashlib.sha256(images.tobytes() + states.tobytes())
    warm = np.array(
        [(s.temperatures.sensor, s.temperatures.ambient, s.temperatures.shutter) for s in samples],
        np.float32,
    )
    text = np.dtypes.StringDType()
    groups = [sample.group for sample in samples]
    columns = {
        "file": [sample.file for sample in samples],
        "group": groups,
        "split": state_parts(groups, states.tolist(), (1 - validation, validation, 0), seed),
    }
    return xr.Dataset(
        {
            "image": (("sample", "channel", "y", "x"), images, {"units": "adu"}),
            "state": ("sample", states, {"flag_values": [0, 1], "flag_meanings": "clear cloudy"}),
            **{
                f"{name}_temperature": ("sample", warm[:, n], {"units": "degC"})
                for n, name in enumerate(("fpa", "ambient", "shutter"))
            },
            **{key: ("sample", np.array(value, dtype=text)) for key, value in columns.items()},
        },
        {"channel": np.array(["adu"], dtype=text)},
        {
            "task": "sky_state",
            "instrument": "skycam",
            "samples_id": digest.hexdigest(),
            "nephoscope": version("nephoscope"),
        },
    )


def _read(path: Path) -> tuple[npt.NDArray[np.float32], Mapping[Hashable, object]]:
    """Block means and attributes of a thermal frame."""
    scene = read_frame(path)
    if scene.attrs["flavour"] != "thermal":
        raise InputError(path, "is in colour: states are of thermal frames", field="image")
    try:
        return to_binned(scene["image"].values[0]), scene.attrs
    except ValueError as error:
        raise InputError(path, str(error), field="image") from error


def _camera_seed(cards: str) -> str | None:
    """What tells one simulated camera from another in a header; None of a real frame."""
    from astropy.io import fits

    value = fits.Header.fromstring(cards, sep="\n").get("CAMSEED")
    return None if value is None else str(value)
