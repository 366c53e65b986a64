"""Sources of frames: which of them are copies of one picture, turned, mirrored or saved again.

Public sets hold augmented copies: SWINySEG has for each picture of SWIMSEG and SWINSEG (Dev, Lee
and Winkler) `NAME` and five changed ones, `NAME_1` to `NAME_5`. A copy in another part than its
source makes any model look good. Copies are told by their names, and by what they show: the frame
must be the same, pixel by pixel, under one of the eight ways to turn and mirror it. Shifted frames
are not looked for here (see `nephoscope.samples.alike`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.samples.alike import PATTERN_FRAMES
from nephoscope.samples.store import sizes_of
from nephoscope.scene import known_of

Floats = npt.NDArray[np.float32]

SIDE = 32  # pixels of the square to which every frame is brought
SMOOTH = 4.0  # pixels of that square: what varies more slowly is light
SAME = 0.1  # share of what a frame shows by which a copy may differ; strangers differ by 2
FAINTEST = 0.5  # DN or counts: a frame that shows less, root mean square, cannot be told by it
_ROWS = 512  # frames that are compared with all others at once
_CHANGED = re.compile(r"(.+)_\d")


def source_numbers(
    ids: Sequence[str], images: Iterable[npt.NDArray[np.generic]]
) -> npt.NDArray[np.intp]:
    """The source of each frame, numbered by its first member.

    Args:
        ids: names of the frames.
        images: of each, (channel, y, x) uint8, 0 in all channels where missing, or float32, NaN.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    pairs = [*_named_alike(ids), *_shown_alike(images)]
    rows, cols = np.array(pairs, np.intp).reshape(-1, 2).T
    joined = csr_array((np.ones(len(rows), bool), (rows, cols)), shape=(len(ids), len(ids)))
    _, found = connected_components(joined, directed=False)
    _, first, numbers = np.unique(found, return_index=True, return_inverse=True)
    return np.asarray(first.argsort().argsort()[numbers], np.intp)


def without_leaks(
    parts: Sequence[str], sources: npt.NDArray[np.intp], order: Sequence[str]
) -> list[str]:
    """Parts without the frames whose source is also in a later part: "" for these.

    Args:
        parts: of each frame, "" for none.
        sources: of each frame.
        order: of the parts, the first gives way.
    """
    rank = np.array([order.index(part) if part else -1 for part in parts])
    last = np.full(sources.max(initial=-1) + 1, -1)
    np.maximum.at(last, sources, rank)
    return [part if last[source] == n else "" for part, source, n in
            zip(parts, sources.tolist(), rank.tolist(), strict=True)]  # fmt: skip


def sources_of(store: xr.Dataset) -> npt.NDArray[np.intp]:
    """The source of each sample of a store of frames."""
    return source_numbers(store["id"].values.tolist(), _pictures(store))


def _pictures(store: xr.Dataset) -> Iterator[npt.NDArray[np.generic]]:
    count = store.sizes["sample"]
    sizes = sizes_of(store, range(count)) or count * ((None, None),)
    for number, (rows, cols) in enumerate(sizes):
        yield store["image"][number].values[:, :rows, :cols]


def _named_alike(ids: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Frames that are called after another one of them."""
    places = {name: place for place, name in enumerate(ids)}
    for name, place in places.items():
        changed = _CHANGED.fullmatch(name)
        if changed and changed[1] in places:
            yield places[changed[1]], place


def _small(image: npt.NDArray[np.generic]) -> Floats:
    from scipy.ndimage import gaussian_filter
    from skimage.transform import resize

    known = known_of(image)
    grey = image.astype(np.float32).mean(axis=0)
    # Of bytes black is missing, and not quite black after JPEG; counts have no black.
    black = image.dtype == np.uint8 or not known.any()
    grey[~known] = 0 if black else grey[known].mean()
    square = resize(grey, (SIDE, SIDE), anti_aliasing=True)  # type: ignore[no-untyped-call]
    return np.asarray(square - gaussian_filter(square, SMOOTH), np.float32)


def _shown_alike(images: Iterable[npt.NDArray[np.generic]]) -> Iterator[tuple[int, int]]:
    """Pairs that are the same under one of the eight ways to turn and mirror a frame."""
    square = np.stack([_small(image) for image in images])
    # A whole-sky camera's own pattern makes strangers alike: what a frame shows is beside it.
    pattern = np.median(square, axis=0) if len(square) >= PATTERN_FRAMES else 0
    shown = ((square - pattern) ** 2).sum(axis=(1, 2))
    limit = np.where(shown >= (SIDE * FAINTEST) ** 2, SAME * shown, -1)
    flat = square.reshape(len(square), -1)
    power = (flat**2).sum(axis=1)
    for turns in range(4):
        for turned in (square, square[:, ::-1]):
            other = np.rot90(turned, turns, axes=(1, 2)).reshape(flat.shape)
            for start in range(0, len(flat), _ROWS):
                part = slice(start, start + _ROWS)
                apart = power[part, None] + power - 2 * flat[part] @ other.T
                rows, cols = np.nonzero(apart <= np.minimum(limit[part, None], limit))
                yield from zip((rows + start).tolist(), cols.tolist(), strict=True)
