"""How colour-sky models and formulas carry over: labelled pictures of several unlike domains.

    python -m benchmarks.sky_domains --pictures HYTA --whole-sky WSISEG --simulated 40 \
        --model sky-colour -o domains

scores each method on each domain, on all labelled pixels together: the folders as they are,
ordinary views cut out of the whole-sky frames (`unfisheyed`), those frames in the colours of the
pictures (`recoloured`: one power law and three gains take a frame's mean clear sky and cloud
towards those of a picture), and simulated whole-sky cameras. A picture that a model refuses has no
prediction, which counts as clear. Frames that a model was trained on must be left out:
`--skip-whole-sky 195` leaves out the first 195. `--trees SAMPLES` adds boosted trees that are
fitted to the training part of samples, as `evaluate` fits them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from nephoscope.apply.network import Predictor
from nephoscope.apply.whole import guarded_frame, reduced
from nephoscope.evaluation.baselines.fitted import BaselineOptions, boosted_trees
from nephoscope.evaluation.baselines.frames import frame_features
from nephoscope.evaluation.baselines.pixels import draw_pixels
from nephoscope.evaluation.sample import LabelledSample, read_samples
from nephoscope.files import write_text
from nephoscope.formulas import FORMULAS, OF_COLOUR
from nephoscope.grids.blocks import enlarge
from nephoscope.inputs import COLOURS
from nephoscope.instruments import open_scene
from nephoscope.instruments.skycam import find, label_path_for, read_label
from nephoscope.instruments.skycam.circle import HORIZON
from nephoscope.models import load_model
from nephoscope.reports.markdown import table_of
from nephoscope.samples.store import open_samples, part_indices
from nephoscope.scene import known_of
from nephoscope.simulate.sky.colour import CLEAR, CLOUD, RADIUS, simulate_colour
from nephoscope.tasks.mask import as_floats, count_published, threshold_step
from nephoscope.tasks.mask_metrics import metrics

FORMULA_NAMES = tuple(sorted(OF_COLOUR))
HALVES = ("first", "second")
METRICS = ("f1", "mean_iou", "accuracy", "ece")
SEED = 77
_SIDE = 480  # pixels of the longer side at which trees see a picture, as those of the samples
_VIEW = 240, 320  # rows and columns of a view out of a whole-sky frame
_FOCAL = _VIEW[1] / 2 / np.tan(np.radians(30))  # pixels; 60 degrees wide
_LOWEST = 45.0  # zenith angle of the middle of a view, degrees, at most
_STEEPEST = 2.0  # exponent of a recolouring power law, and its inverse

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Method:
    """A way to find cloud.

    Attributes:
        probability: (channel, y, x) float32 DN → (y, x) float32, 0..1, NaN where unknown.
        threshold: cloud is at or above it.
    """

    probability: Callable[[Floats], Floats]
    threshold: float


@dataclass(frozen=True)
class Labelled:
    """A colour picture with its label.

    Attributes:
        name: of the file, or what it was made from.
        image: (channel, y, x) float32, red, green, blue, DN, NaN where missing.
        label: (y, x) int8, -1 unknown, 0 clear, 1 cloud.
        circle: row, column, radius_y, radius_x of the image circle, pixels; None without one.
    """

    name: str
    image: Floats
    label: NDArray[np.int8]
    circle: tuple[float, float, float, float] | None = None


def main() -> None:
    """Score every method on every domain, print a table and write the numbers."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=Path, help="folder of labelled ordinary pictures")
    parser.add_argument("--half", choices=HALVES, help="every second picture, from this one on")
    parser.add_argument("--whole-sky", type=Path, help="folder of labelled whole-sky frames")
    parser.add_argument("--skip-whole-sky", type=int, default=0, help="frames that trained a model")
    parser.add_argument("--simulated", type=int, default=0, help="simulated frames")
    parser.add_argument("--model", action="append", default=[], help="model folder or name")
    parser.add_argument("--trees", type=Path, help="samples to fit boosted trees to")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    pictures = read_labelled(options.pictures) if options.pictures else []
    pictures = pictures[HALVES.index(options.half) :: 2] if options.half else pictures
    whole = read_labelled(options.whole_sky) if options.whole_sky else []
    methods: dict[str, Method] = {name: by_formula(name) for name in FORMULA_NAMES}
    methods |= {name: by_model(name) for name in options.model}
    if options.trees is not None:
        methods["boosted trees"] = by_trees(options.trees)
    found = {
        name: score(members, methods)
        for name, members in domains(pictures, whole[options.skip_whole_sky :], options.simulated)
    }
    rows = [
        [domain, method, *(f"{row[metric]:.4f}" for metric in METRICS), f"{row['known']:.3f}"]
        for domain, scores in found.items()
        for method, row in scores.items()
    ]
    sys.stdout.write(table_of(["domain", "method", *METRICS, "known"], rows) + "\n")
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        write_text(options.output / "scores.json", json.dumps(found, indent=1) + "\n")


def domains(
    pictures: Sequence[Labelled], whole: Sequence[Labelled], simulated: int
) -> Iterator[tuple[str, Iterable[Labelled]]]:
    """Name and members of each domain that can be made of what is given."""
    if pictures:
        yield "pictures", pictures
    if whole:
        yield "whole sky", whole
        yield (
            "unfisheyed",
            (unfisheyed(frame, at) for at, frame in enumerate(whole) if frame.circle),
        )
    if whole and pictures:
        yield "recoloured", recolour_all(whole, pictures)
    if simulated:
        yield "simulated", (simulate(number) for number in range(simulated))


def read_labelled(folder: Path) -> list[Labelled]:
    """The colour pictures of a folder that have a label, in the order of their names."""
    found = []
    for frame in sorted(find(folder), key=lambda scene: scene.path):
        at = label_path_for(frame.path)
        scene = None if at is None else open_scene(frame.path, "skycam")
        if scene is None or at is None or scene.attrs["flavour"] != "colour":
            continue
        image, circle = scene["image"].values.copy(), scene.attrs.get("circle")
        if "unseen" in scene:
            image[:, scene["unseen"].values] = np.nan
        place = None if circle is None else (circle[0], circle[1], circle[2], circle[3])
        found.append(Labelled(frame.path.name, image, read_label(at), place))
    return found


def unfisheyed(frame: Labelled, number: int) -> Labelled:
    """What an ordinary camera would see of a whole-sky frame of an equidistant lens.

    It looks up at a random place of the sky; pixels by bilinear interpolation, labels the nearest.
    """
    row, col, radius_y, radius_x = frame.circle or (0.0, 0.0, 1.0, 1.0)
    rng = np.random.default_rng((SEED, number))
    tilt, turn = np.radians(rng.uniform(0, _LOWEST)), rng.uniform(0, 2 * np.pi)
    down, right = np.mgrid[: _VIEW[0], : _VIEW[1]]
    x, y = right - (_VIEW[1] - 1) / 2, down - (_VIEW[0] - 1) / 2
    # The axis is tilted from the zenith, then turned about it.
    lean = np.cos(tilt) * y + np.sin(tilt) * _FOCAL
    zenith = np.arctan2(np.hypot(x, lean), np.cos(tilt) * _FOCAL - np.sin(tilt) * y)
    azimuth = np.arctan2(x, lean) + turn
    reach = np.degrees(zenith) / HORIZON
    at = np.stack(
        [row + radius_y * reach * np.cos(azimuth), col + radius_x * reach * np.sin(azimuth)]
    )
    image = np.stack([map_coordinates(plane, at, order=1, cval=np.nan) for plane in frame.image])
    label = map_coordinates(frame.label, at, order=0, cval=-1)
    return Labelled(frame.name, image.astype(np.float32), label.astype(np.int8))


def recolour_all(whole: Sequence[Labelled], pictures: Sequence[Labelled]) -> Iterator[Labelled]:
    """Frames with sky and cloud, each in the colours of one of the pictures, in turn."""
    targets = [means for picture in pictures if (means := _means(picture)) is not None]
    for number, frame in enumerate(whole):
        means = _means(frame)
        if means is not None and targets:
            yield recoloured(frame, means, targets[number % len(targets)])


def recoloured(
    frame: Labelled, means: NDArray[np.float64], target: NDArray[np.float64]
) -> Labelled:
    """A frame with the contrast and the white balance of another camera.

    One power law for all colours, and a gain for each, take the two mean colours as near to two
    others as they can.

    Args:
        frame: to change.
        means: (clear or cloud, channel), DN, of the frame.
        target: the same of the other camera.
    """
    log, wanted = np.log(means), np.log(target)
    run, other = log[1] - log[0], wanted[1] - wanted[0]
    power = float(np.clip((run @ other) / (run @ run), 1 / _STEEPEST, _STEEPEST))
    gain = (wanted - power * log).mean(axis=0)[:, None, None]
    values = np.exp(np.log(np.maximum(frame.image, 1)) * power + gain).clip(0, 255)
    image = np.where(frame.image < 1, frame.image, values).astype(np.float32)
    return Labelled(frame.name, image, frame.label, frame.circle)


def _means(picture: Labelled) -> NDArray[np.float64] | None:
    """Mean colour of clear sky and cloud, (clear or cloud, channel); None where one is missing."""
    seen = np.isfinite(picture.image).all(axis=0) & (picture.image.min(axis=0) >= 1)
    parts = [seen & (picture.label == which) for which in (0, 1)]
    if min(part.sum() for part in parts) < 0.02 * picture.label.size:
        return None
    return np.stack([picture.image[:, part].mean(axis=1, dtype=np.float64) for part in parts])


def simulate(number: int) -> Labelled:
    """A whole-sky frame of a simulated camera."""
    picture, mask = simulate_colour(SEED, number)
    label = np.full(mask.shape, -1, np.int8)
    label[mask == CLEAR], label[mask == CLOUD] = 0, 1
    image = np.moveaxis(picture, 2, 0).astype(np.float32)
    image[:, label < 0] = np.nan
    circle = mask.shape[0] / 2, mask.shape[1] / 2, RADIUS, RADIUS
    return Labelled(f"simulated {number}", image, label, circle)


def by_formula(name: str) -> Method:
    """Masks of a formula as probabilities 0 and 1."""
    return Method(lambda image: as_floats(FORMULAS[name](image).mask), 0.5)  # type: ignore[operator]


def by_model(name: str) -> Method:
    """Probabilities of a model; NaN of what it refuses."""
    predictor = Predictor(load_model(name), workers=1)
    return Method(
        lambda image: guarded_frame(predictor, image, COLOURS)[0], predictor.model.threshold
    )


def by_trees(samples: Path, pixels: int = 3000) -> Method:
    """Probabilities of boosted trees with the context that `evaluate` gives them.

    Args:
        samples: a store; its training part is learned from, its validation part chooses.
        pixels: of each sample.
    """
    store = open_samples(samples)
    train, judge = (
        [
            draw_pixels(sample, frame_features, pixels, SEED)
            for sample in read_samples(store, part_indices(store, part))
        ]
        for part in ("train", "validation")
    )
    trees = boosted_trees(train, judge, BaselineOptions(pixels_learned=pixels))

    def probability(image: Floats) -> Floats:
        frame = reduced(image, _SIDE)
        shape = (int(frame.image.shape[1]), int(frame.image.shape[2]))
        nowhere = np.zeros(shape[0]), np.zeros(shape[1])
        truth = np.zeros(shape, np.int8)
        sample = LabelledSample("", frame.image, known_of(frame.image), truth, *nowhere)
        seen = draw_pixels(sample, frame_features, truth.size, SEED)
        found = np.where(seen.known, trees.score(seen), np.nan).reshape(shape)
        size = (int(image.shape[1]), int(image.shape[2]))
        return enlarge(found.astype(np.float32), frame.factor, size)

    return Method(probability, trees.threshold)


def score(
    members: Iterable[Labelled], methods: Mapping[str, Method]
) -> dict[str, dict[str, float]]:
    """Scores of each method over all labelled pixels of the members.

    Returns:
        method → metric → value; `known` is the share of the pixels with a prediction. A mask
        without probabilities has no calibration error.
    """
    counts: dict[str, NDArray[np.int64]] = {}
    for picture in members:
        seen = picture.label >= 0
        for name, method in methods.items():
            found = method.probability(picture.image)[seen]
            counts[name] = counts.get(name, 0) + count_published(found, picture.label[seen])
    scores = {}
    for name, total in counts.items():
        found = metrics(total, threshold_step(methods[name].threshold))
        row = {metric: float(found[metric]) for metric in METRICS}
        scores[name] = row | {"known": float(found["coverage"])}
    return scores


def score_formulas(members: Iterable[Labelled]) -> dict[str, dict[str, float]]:
    """Scores of the formulas."""
    return score(members, {name: by_formula(name) for name in FORMULA_NAMES})


if __name__ == "__main__":
    main()
