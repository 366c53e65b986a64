"""Frames of the sky as products: cloud fraction, blobs, quality; and the tables of a folder."""

from __future__ import annotations

import csv
import io
import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.files import write_text
from nephoscope.instruments.skycam.circle import Circle
from nephoscope.instruments.skycam.horizon import Rim
from nephoscope.products import cf
from nephoscope.products.fits import Facts, Value, card_text
from nephoscope.scene import known_of

INSTRUMENT = "skycam"
"""Whose products these are."""
FRAMES_TABLE, BLOBS_TABLE = "frames.csv", "blobs.csv"
"""Of all frames of a folder of products, and of all their clouds."""
State = Literal["clear", "cloudy", "unknown"]
ZENITH = 45.0
"""Zenith angle that `cloud_fraction_zenith` reaches, degrees."""
FRAME_COLUMNS = ("file", "time", "state", "p_cloudy", "cloud_fraction", "cloud_fraction_zenith",
                 "blobs", "sky_quality", "note")  # fmt: skip
BLOB_COLUMNS = ("file", "blob", "area", "row", "col", "mean_probability")

QUALITY_FLAGS = {"missing": cf.MISSING, "beyond_horizon": cf.OUTSIDE, "not_judged": np.uint8(4)}
"""Why nothing is said of a pixel of a frame that has a horizon: name → bit."""

_SMALLEST_SHARE = 5000  # a blob takes at least one in so many pixels of the frame
_SMALLEST = 4  # pixels
_STRIPS = 16  # in which a frame is counted
_LINE = 60  # characters of a note in one card


@dataclass(frozen=True)
class Blob:
    """One connected cloud.

    Args:
        area: pixels.
        row, col: centroid, pixels.
        mean_probability: of its pixels, 0..1.
    """

    area: int
    row: float
    col: float
    mean_probability: float


@dataclass(frozen=True)
class FrameResult:
    """What is said about one frame.

    Args:
        time: start of the exposure, UTC; NaT if unknown.
        state: of the sky.
        p_cloudy: probability that it is cloudy; NaN if unknown.
        mask: (y, x) int8, -1 unknown, 0 clear, 1 cloud.
        probability: (y, x) float32, 0..1, NaN where unknown.
        cloud_fraction: share of cloud among the known pixels of the sky; NaN without one.
        cloud_fraction_zenith: the same within 45 degrees of the zenith; for a lens without an
            image circle, which looks at a part of the sky, that of the whole frame.
        blobs: connected clouds, largest first; none where no pixel is known.
        sky_quality: (1 - cloud fraction) x (1 - mean uncertainty), 0..1; NaN if unknown.
        note: why it is unknown, or what is odd; "" if there is nothing to say.
        horizon: up to where pixels count as sky, in words; "" where all do.
        horizon_sha256: of its mask; "" without one.
        quality: (y, x) uint8, the bits of `QUALITY_FLAGS`, 0 where something is said; None where
            no horizon hides anything.
    """

    time: np.datetime64
    state: State
    p_cloudy: float
    mask: NDArray[np.int8]
    probability: NDArray[np.float32]
    cloud_fraction: float
    cloud_fraction_zenith: float
    blobs: tuple[Blob, ...]
    sky_quality: float
    note: str = ""
    horizon: str = ""
    horizon_sha256: str = ""
    quality: NDArray[np.uint8] | None = None

    @property
    def knows_pixels(self) -> bool:
        """Whether anything is said of any pixel: of an unknown frame also no number of clouds."""
        return math.isfinite(self.cloud_fraction)


def frame_result(
    scene: xr.Dataset,
    mask: NDArray[np.int8],
    probability: NDArray[np.float32],
    state: State,
    p_cloudy: float,
    minimum_area: int | None = None,
    note: str = "",
    rim: Rim | None = None,
) -> FrameResult:
    """Draw the sums of a frame.

    Args:
        scene: the frame, for its time and image circle.
        mask: (y, x) int8, -1 unknown, 0 clear, 1 cloud.
        probability: (y, x) float32, 0..1, NaN where unknown.
        state: of the sky, from the classifier.
        p_cloudy: its probability; NaN if unknown.
        minimum_area: pixels of the smallest blob; by default a 5000th of the frame, at least 4.
        note: handed on; a saturated frame says so behind it.
        rim: what of it is no sky, and not counted; None where every pixel counts.
    """
    if scene.attrs.get("saturated"):
        saturated = f"saturated ({scene.attrs['saturated_share']:.0%} of the pixels)"
        note = f"{note}; {saturated}" if note else saturated
    counted = mask if rim is None else np.where(rim.beyond, np.int8(-1), mask)
    least = minimum_area or smallest_blob(mask.size)
    near = zenith_region(scene, (mask.shape[0], mask.shape[1]))
    cover = cloud_fraction(counted)
    return FrameResult(
        time=np.datetime64(scene["time"].values.item(), "ns"),
        state=state,
        p_cloudy=p_cloudy,
        mask=mask,
        probability=probability,
        cloud_fraction=cover,
        cloud_fraction_zenith=cover if near is None else cloud_fraction(counted[near]),
        blobs=find_blobs(counted, probability, least),
        sky_quality=sky_quality(counted, probability),
        note=note,
        horizon="" if rim is None else rim.said,
        horizon_sha256="" if rim is None else rim.sha256,
        quality=None if rim is None or not rim.hides else frame_quality(scene, mask, rim.beyond),
    )


def frame_quality(
    scene: xr.Dataset, mask: NDArray[np.int8], beyond: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Why nothing is said of a pixel: (y, x) uint8, bits of `QUALITY_FLAGS`, 0 where something is.

    Args:
        scene: the frame.
        mask: (y, x) int8, -1 unknown.
        beyond: (y, x) bool, no sky.
    """
    missing = ~known_of(scene["image"].values)
    if "unseen" in scene:
        missing |= scene["unseen"].values
    flag = missing * QUALITY_FLAGS["missing"]
    flag |= beyond * QUALITY_FLAGS["beyond_horizon"]
    flag[(mask < 0) & (flag == 0)] = QUALITY_FLAGS["not_judged"]
    return flag


def cloud_fraction(mask: NDArray[np.int8]) -> float:
    """Share of cloud among the known pixels; NaN without one."""
    known = int((mask >= 0).sum())
    return int((mask == 1).sum()) / known if known else math.nan


def smallest_blob(pixels: int) -> int:
    """Pixels of the smallest blob that counts in a frame of so many pixels."""
    return max(_SMALLEST, pixels // _SMALLEST_SHARE)


def zenith_region(scene: xr.Dataset, shape: tuple[int, int]) -> NDArray[np.bool_] | None:
    """(y, x) bool, within 45 degrees of the zenith (equidistant lens); None without a circle."""
    circle = scene.attrs.get("circle")
    if circle is None:
        return None
    return np.asarray(Circle(*circle).zenith_angle(shape) <= ZENITH)


def sky_quality(mask: NDArray[np.int8], probability: NDArray[np.float32]) -> float:
    """How good the sky is: 1 clear and sure, 0 all cloud or all doubt, NaN unknown.

    (1 - cloud fraction) x (1 - mean uncertainty); the uncertainty of a pixel is 1 - |2 p - 1|: 0
    where the probability is 0 or 1, 1 where it is one half.
    """
    sureness = 2 * probability
    sureness -= 1
    np.abs(sureness, out=sureness)
    known = (mask >= 0) & ~np.isnan(probability)
    number = int(known.sum())
    if not number:
        return math.nan
    total = float(np.sum(sureness, where=known, dtype=np.float64))
    return (1 - cloud_fraction(mask)) * total / number


def find_blobs(
    mask: NDArray[np.int8], probability: NDArray[np.float32], minimum_area: int
) -> tuple[Blob, ...]:
    """Connected clouds (8 neighbours) of at least `minimum_area` pixels, largest first."""
    from scipy import ndimage

    labels, count = ndimage.label(mask == 1, np.ones((3, 3), int))
    area = np.zeros(count + 1, np.intp)
    for rows in np.array_split(labels, _STRIPS):  # numpy counts copies of 64 bits
        area += np.bincount(rows.ravel(), minlength=count + 1)
    area[0] = 0
    boxes = ndimage.find_objects(labels)
    large = [n for n in np.argsort(-area, kind="stable") if area[n] >= minimum_area]
    return tuple(
        _blob(labels[boxes[n - 1]] == n, probability[boxes[n - 1]], boxes[n - 1]) for n in large
    )


def _blob(
    inside: NDArray[np.bool_], probability: NDArray[np.float32], box: tuple[slice, slice]
) -> Blob:
    """One cloud from its own box of the frame."""
    area = int(inside.sum())
    row = float((inside.sum(1) * np.arange(inside.shape[0])).sum()) / area
    col = float((inside.sum(0) * np.arange(inside.shape[1])).sum()) / area
    likely = float(np.nan_to_num(probability[inside]).sum(dtype=np.float64)) / area
    return Blob(area, box[0].start + row, box[1].start + col, likely)


def fits_facts(result: FrameResult) -> Facts:
    """The result as FITS keywords, for `nephoscope.products.fits.write_frame_fits`."""
    numbers = {
        "PCLOUDY": (result.p_cloudy, "probability that the sky is cloudy"),
        "CLOUDFRC": (result.cloud_fraction, "share of cloud among known pixels"),
        "CLOUDZEN": (result.cloud_fraction_zenith, "share within 45 deg of the zenith"),
        "SKYQUAL": (result.sky_quality, "sky quality, 0 to 1"),
    }
    finite = {key: (round(v, 6), why) for key, (v, why) in numbers.items() if math.isfinite(v)}
    state: dict[str, tuple[Value, str]] = {"SKYSTATE": (result.state, "clear, cloudy or unknown")}
    if result.horizon:
        state["HORIZON"] = (card_text(result.horizon), "where the sky ends")
    if result.horizon_sha256:
        state["HORIZSHA"] = (result.horizon_sha256, "")
    blobs = {"NBLOBS": (len(result.blobs), "connected clouds")} if result.knows_pixels else {}
    return {**state, **finite, **blobs}


def frame_cards(
    scene: xr.Dataset, result: FrameResult, original: str, facts: Facts
) -> dict[str, tuple[Value, str]]:
    """The cards of a frame's FITS.

    Args:
        scene: the frame.
        result: what is said about it.
        original: name of its file.
        facts: of the result, and what made it.
    """
    lines = textwrap.wrap(result.note, _LINE)
    notes = {f"NOTE{number}": (card_text(line), "") for number, line in enumerate(lines[:9], 1)}
    source: dict[str, tuple[Value, str]] = {"ORIGFILE": (card_text(original, _LINE), "")}
    if "scale_note" in scene.attrs:
        source["SCALED"] = (card_text(str(scene.attrs["scale_note"])), "")
    time = scene["time"].values
    if not np.isnat(time) and "DATE-OBS" not in str(scene.attrs.get("header", "")):
        source["DATE-OBS"] = (str(time.astype("datetime64[us]")), "UTC, start of the exposure")
    return {**source, **facts, **notes}


def frame_dataset(result: FrameResult) -> xr.Dataset:
    """The result as a Dataset: `cloud_probability` float32 and `cloud_mask` int8 (y, x); numbers.

    Where nothing is known, the probability is NaN and the mask -1. Of a frame with a horizon also
    `quality_flag` uint8 (y, x), which says why.
    """
    blobs = len(result.blobs) if result.knows_pixels else math.nan
    numbers = ("state", "p_cloudy", "cloud_fraction", "cloud_fraction_zenith", "sky_quality",
               "note")  # fmt: skip
    product = xr.Dataset(  # of Variables: xarray takes far longer to see what else it is given
        {
            "cloud_probability": xr.Variable(("y", "x"), result.probability),
            "cloud_mask": xr.Variable(("y", "x"), result.mask),
        },
        coords={"time": xr.Variable((), np.asarray(result.time))},
        attrs={name: getattr(result, name) for name in numbers} | {"blobs": blobs},
    )
    if result.horizon:
        product.attrs["horizon"] = result.horizon
    if result.quality is not None:
        product["quality_flag"] = xr.Variable(("y", "x"), result.quality, _quality_attributes())
    return product


def _quality_attributes() -> dict[str, object]:
    return {
        "long_name": "why nothing is said of a pixel",
        "flag_masks": np.array(list(QUALITY_FLAGS.values()), np.uint8),
        "flag_meanings": " ".join(QUALITY_FLAGS),
    }


def frame_row(result: FrameResult, file: str) -> dict[str, str]:
    """The line of a file in `frames.csv`: column → text, empty where unknown."""
    return {
        "file": file,
        "time": "" if np.isnat(result.time) else str(result.time.astype("datetime64[us]")),
        "state": result.state,
        "p_cloudy": _number(result.p_cloudy),
        "cloud_fraction": _number(result.cloud_fraction),
        "cloud_fraction_zenith": _number(result.cloud_fraction_zenith),
        "blobs": str(len(result.blobs)) if result.knows_pixels else "",
        "sky_quality": _number(result.sky_quality),
        "note": result.note,
    }


def blob_rows(result: FrameResult, file: str) -> list[dict[str, str]]:
    """The lines of a file in `blobs.csv`, numbered from 1, largest first."""
    return [
        {
            "file": file,
            "blob": str(number),
            "area": str(blob.area),
            "row": f"{blob.row:.1f}",
            "col": f"{blob.col:.1f}",
            "mean_probability": _number(blob.mean_probability),
        }
        for number, blob in enumerate(result.blobs, 1)
    ]


def read_frames_csv(products: str | PathLike[str]) -> list[dict[str, str]]:
    """The rows of `frames.csv` in a folder of products, in the order of time.

    Raises:
        InputError: it cannot be read.
    """
    table = Path(products) / FRAMES_TABLE
    try:
        with table.open(encoding="utf-8", newline="") as file:
            return sorted(csv.DictReader(file), key=lambda row: row["time"])
    except (OSError, UnicodeDecodeError, KeyError) as error:
        remedy = "name a folder that `nephoscope predict sky` wrote"
        raise InputError(table, f"cannot be read: {error}", remedy=remedy) from error


def write_table(
    path: str | PathLike[str], columns: Sequence[str], rows: Iterable[Mapping[str, str]]
) -> None:
    """Write `frames.csv` (`FRAME_COLUMNS`) or `blobs.csv` (`BLOB_COLUMNS`), atomically.

    Raises:
        OutputError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def _number(value: float) -> str:
    return f"{value:.4f}" if math.isfinite(value) else ""
