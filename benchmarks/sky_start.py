"""First part of the training of `sky-colour`: all of it on the device, for who has a GPU.

    python -m benchmarks.sky_start mix.zarr -o start [--seconds 430] [--half first]
    nephoscope train sky-colour mix.zarr --from start -o run

`nephoscope train` makes crops on the processor, which keeps a GPU waiting; here frames lie on the
device, and turning, recolouring, features and network all run there, some 30 times as fast. The
features are those of `nephoscope.inputs`, written in torch (`tests/test_sky_start.py` compares
them). Steps
are as many as the seconds allow, so that two runs are alike, not the same.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from nephoscope.inputs import COLOURS
from nephoscope.models import load_model, save_model
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network
from nephoscope.recipe import Recipe, load_recipe
from nephoscope.samples.store import open_samples, part_indices

ROWS, COLS = 448, 480
BATCH, RATE, DECAY, AVERAGE, WARM = 16, 2e-3, 0.02, 0.998, 200
OTHERS = 0.12  # share of the pictures by other cameras
PLAIN = 0.5  # share of the whole-sky frames that keep their colours
PLAIN_OF_OTHERS = 0.3
WARPED, WARPED_OF_OTHERS = 0.45, 0.6
WHOLE_SKY = "ASC100-1006_"


def main() -> None:
    """Train, say how it goes, and write the model."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("samples", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, help="model folder to write")
    parser.add_argument("--guard-of", default="sky-colour", help="model whose guard is taken")
    parser.add_argument("--seconds", type=float, default=430, help="how long to train")
    parser.add_argument("--half", choices=("first", "second"), help="of the other cameras only")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(given.seed)
    recipe = load_recipe("sky-colour")
    frames = Frames(given.samples, given.half, device, given.seed)
    network = network_of(recipe).to(device).train()
    average = fit(network, frames, given.seconds, device)
    with torch.no_grad():
        for parameter, kept in zip(network.parameters(), average, strict=True):
            parameter.copy_(kept)
    start = load_model(given.guard_of)
    info = {"data": f"{given.samples.name}: first part, made on the device"}
    statistics = {name: statistics_of(recipe, name) for name in recipe.inputs.names}
    save_model(
        given.output, network.cpu(), recipe, statistics, start.decision, info, guard=start.guard
    )


def network_of(recipe: Recipe) -> NormalisedNetwork:
    """The recipe's network with fresh weights."""
    names = recipe.inputs.names
    options = recipe.network.options
    network = build_network(recipe.network.name, options, len(names), 1, recipe.inputs.groups)
    return NormalisedNetwork(network, {name: statistics_of(recipe, name) for name in names})


def statistics_of(recipe: Recipe, name: str) -> tuple[float, float]:
    """Mean and spread by which the recipe scales a feature."""
    return recipe.inputs.statistics.get(name, (0.0, 1.0))


def fit(network: nn.Module, frames: Frames, seconds: float, device: str) -> list[Tensor]:
    """Train for some seconds; the averaged weights."""
    parameters = list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": DECAY},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=RATE)
    average = [parameter.detach().clone() for parameter in parameters]
    began, step = time.monotonic(), 0
    while (done := (time.monotonic() - began) / seconds) < 1:
        fall = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM) * fall
        image, known, label = frames.batch(BATCH)
        inputs = features(image, known).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device, torch.bfloat16):
            logits = network(inputs)[:, 0].float()
        labelled = (label >= 0).float()
        loss = functional.binary_cross_entropy_with_logits(
            logits, label.clamp(min=0).float(), reduction="none"
        )
        # Every frame counts alike, but for those with next to no label.
        loss = ((loss * labelled).sum((1, 2)) / labelled.sum((1, 2)).clamp(min=1000)).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        decay = min(AVERAGE, (1 + step) / (10 + step))
        torch._foreach_lerp_(average, [p.detach() for p in parameters], 1 - decay)
        step += 1
        if step % 500 == 0:
            sys.stdout.write(f"step {step}  {100 * done:.0f} %  loss {float(loss.detach()):.4f}\n")
            sys.stdout.flush()
    return average


class Frames:
    """The training frames on the device, and random changes of them.

    Args:
        samples: a split store.
        half: which half of the pictures by other cameras trains; None: all of them.
        device: where to.
        seed: of which frames are drawn.
    """

    def __init__(self, samples: Path, half: str | None, device: str, seed: int) -> None:
        store, self.device = open_samples(samples), device
        chosen = np.array(part_indices(store, "train"))
        names = [str(store["id"].values[place]) for place in chosen]
        whole = np.array([name.startswith(WHOLE_SKY) for name in names])
        others = np.flatnonzero(~whole)
        if half is not None:
            others = others[0 if half == "first" else 1 :: 2]
        kept = np.concatenate([np.flatnonzero(whole), others])
        image, label = (store[name].values[chosen[kept]] for name in ("image", "label"))
        self.other = torch.from_numpy(~whole[kept]).to(device)
        share = np.where(~whole[kept], OTHERS / max(len(others), 1), 0.0)
        share[whole[kept]] = (1 - share.sum()) / max(whole.sum(), 1)
        self.share, self.rng = share / share.sum(), np.random.default_rng(seed)
        colours = torch.from_numpy(np.nan_to_num(image).astype(np.uint8))
        labels = torch.from_numpy((label + 2).astype(np.uint8))
        self.stack = torch.cat([colours, labels[:, None]], dim=1).to(device)
        sides = [np.full(len(kept), side) for side in label.shape[1:]]
        if "rows" in store:
            sides = [store[name].values[chosen[kept]] for name in ("rows", "columns")]
        self.size = torch.from_numpy(np.stack(sides, 1).astype(np.float32)).to(device)

    def batch(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """(frame, channel, y, x) DN, (frame, y, x) known, and label -1, 0, 1, of changed frames."""
        drawn = self.rng.choice(len(self.share), size=count, p=self.share)
        index = torch.from_numpy(drawn).to(self.device)
        other, size = self.other[index], self.size[index]
        rows, cols, grid = self._places(other, size)
        stack = self.stack[index]
        known = (stack[:, :3] > 0).any(1, keepdim=True).float()
        seen = torch.cat([stack[:, :3].float(), known], dim=1)
        options: dict[str, Any] = {"padding_mode": "zeros", "align_corners": False}
        sampled = functional.grid_sample(seen, grid, mode="bilinear", **options)
        label = functional.grid_sample(stack[:, 3:].float(), grid, mode="nearest", **options)
        inside = (rows > -0.5) & (cols > -0.5)
        inside &= (rows < size[:, 0, None, None] - 0.5) & (cols < size[:, 1, None, None] - 0.5)
        there = inside & (sampled[:, 3] >= 0.5)
        image = sampled[:, :3] / sampled[:, 3:].clamp(min=0.5)
        kept = torch.where(other, PLAIN_OF_OTHERS, PLAIN)
        changed = (torch.rand(count, device=self.device) >= kept)[:, None, None, None]
        image = torch.where(changed, self._recoloured(image), image.round()) * there[:, None]
        return image, there, torch.where(there, label[:, 0].round().long() - 2, -1)

    def _places(self, other: Tensor, size: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Rows and columns of the frames that each pixel of the crops looks at, and as a grid."""
        count, sides = len(size), torch.tensor([ROWS, COLS], device=self.device)
        warped = torch.rand(count, device=self.device) < torch.where(
            other, WARPED_OF_OTHERS, WARPED
        )
        nothing = torch.zeros(count, device=self.device)
        angle = torch.where(warped, self._between(count, -math.pi, math.pi), nothing)
        shear = torch.where(warped, self._between(count, -0.15, 0.15), nothing)
        near = self._between(count, math.log(0.75), math.log(4.0))
        near = torch.where(other, self._between(count, math.log(0.6), math.log(2.0)), near)
        zoom = torch.where(warped, near, nothing).exp()
        flips = torch.where(torch.rand(count, 2, device=self.device) < 0.5, -1.0, 1.0)
        spare = (size - sides).clamp(min=0)
        corner = (torch.rand(count, 2, device=self.device) * (spare + 0.999)).floor()
        shifted = (size - 1) / 2 + (torch.rand(count, 2, device=self.device) - 0.5) * 0.6 * size
        centre = torch.where(warped[:, None], shifted, (sides - 1) / 2 + corner.minimum(spare))
        small = ~warped[:, None] & (size < sides)
        centre = torch.where(small, (size - 1) / 2 - 0.5 * ((size + sides) % 2), centre)
        down = torch.arange(ROWS, device=self.device)[:, None] - (ROWS - 1) / 2
        right = torch.arange(COLS, device=self.device)[None] - (COLS - 1) / 2
        right = flips[:, 1, None, None] * right
        down = flips[:, 0, None, None] * down + shear[:, None, None] * right
        cos, sin = (each(angle)[:, None, None] for each in (torch.cos, torch.sin))
        scale = zoom[:, None, None]
        rows = (cos * down - sin * right) / scale + centre[:, 0, None, None]
        cols = (sin * down + cos * right) / scale + centre[:, 1, None, None]
        height, width = self.stack.shape[2:]
        grid = torch.stack([(2 * cols + 1) / width - 1, (2 * rows + 1) / height - 1], dim=-1)
        return rows, cols, grid

    def _recoloured(self, image: Tensor) -> Tensor:
        """Frames as other cameras and other air would show them, whole DN, 1..255."""
        count = len(image)

        def drawn(low: float, high: float, often: float) -> Tensor:
            """One number a frame, 0 where the change does not happen."""
            happens = torch.rand(count, device=self.device) < often
            return (self._between(count, low, high) * happens)[:, None, None, None]

        pale = torch.rand(count, device=self.device) < 0.5
        grey = torch.where(pale[:, None, None, None], drawn(0, 0.45, 0.7), -drawn(0, 0.4, 0.7))
        unit = (image / 255).clamp(1 / 512, 1) ** torch.exp(drawn(-0.55, 0.55, 0.8))
        unit = unit + grey * (unit.mean(1, keepdim=True) - unit)
        air = 0.6 + 0.4 * torch.rand(count, 1, 1, 1, device=self.device)
        air = air + 0.1 * torch.rand(count, 3, 1, 1, device=self.device)
        haze = drawn(0, 0.3, 0.3)
        gains = torch.cat([drawn(-0.2, 0.2, 0.7) for _ in COLOURS], dim=1)
        unit = (unit + haze * (air - unit)) * torch.exp(drawn(-0.45, 0.4, 0.7)) * (1 + gains)
        unit = unit.clamp(0, 1)
        unit = unit + drawn(0, 1, 0.3) * (unit * unit * (3 - 2 * unit) - unit)
        changed = 255 * unit + torch.randn_like(unit) * drawn(0, 2.5, 0.5)
        light = changed.mean(1, keepdim=True)
        coarse = functional.interpolate(functional.avg_pool2d(changed - light, 2), scale_factor=2.0)
        changed = torch.where(drawn(1, 1, 0.5) > 0, light + coarse, changed)
        return changed.round().clamp(1, 255)

    def _between(self, count: int, low: float, high: float) -> Tensor:
        return torch.rand(count, device=self.device) * (high - low) + low


@torch.no_grad()
def features(image: Tensor, known: Tensor) -> Tensor:
    """What `nephoscope.inputs` makes of pictures, in the order of the recipe.

    Args:
        image: (frame, channel, y, x) red, green, blue, DN.
        known: (frame, y, x) bool.

    Returns:
        (frame, feature, y, x) float32.
    """
    kinds = kinds_of(image, known)
    middle, half, between, share, light, spread, green = (each[:, None, None] for each in kinds)
    red, _, blue = image.unbind(1)
    logs = image.clamp(min=1).log()
    ratio, mean = (logs[:, 2] - logs[:, 0]).clamp(-2, 2), image.mean(1)
    place = ((ratio - middle) / half).clamp(-3, 3)
    greens = logs[:, 1] - (logs[:, 0] + logs[:, 2]) / 2
    picture = [
        place,
        torch.tanh(2 * place),
        ((mean.clamp(min=1).log() - light) / spread).clamp(-3, 3),
        ((greens - green) / half).clamp(-3, 3),
        (blue - red) / (blue + red).clamp(min=1),
        (mean - 110) / 60,
        ratio,
    ]
    frame = [
        middle,
        (half / 0.03).log() / 3,
        between,
        share,
        (light - 4.7) / 0.5,
        (spread / 0.1).log() / 3,
        5 * green,
    ]
    numbers = [number.expand_as(place) for number in frame]
    return torch.stack([*picture, torch.ones_like(place), *numbers], dim=1) * known[:, None]


def kinds_of(image: Tensor, known: Tensor) -> tuple[Tensor, ...]:
    """Numbers of `nephoscope.inputs.two_colours.Kinds`, up to `green`, each (frame,).

    Of one pixel in 4 x 4; Otsu's threshold is looked for among the values, not among bins.
    """
    seen, lit = image[:, :, 1::4, 1::4].flatten(2), known[:, 1::4, 1::4].flatten(1)
    total = seen.sum(1)
    lit = lit & (total >= 60)
    count = lit.sum(1).clamp(min=2)
    logs = seen.clamp(min=1).log()

    def in_order(values: Tensor) -> Tensor:
        return torch.where(lit, values, 1e4).sort(1).values

    def at(ordered: Tensor, share: float) -> Tensor:
        return ordered.gather(1, ((count - 1) * share).round().long()[:, None])[:, 0]

    ratio = in_order((logs[:, 2] - logs[:, 0]).clamp(-2, 2))
    low, high = at(ratio, 0.005), at(ratio, 0.995)
    ratio = ratio.maximum(low[:, None]).minimum(high[:, None])
    places = torch.arange(ratio.shape[1], device=image.device)[None]
    inside = places < count[:, None]
    mean = (ratio * inside).sum(1) / count
    apart = (ratio - mean[:, None]) * inside
    share, moment = (places + 1) / count[:, None], apart.cumsum(1) / count[:, None]
    variance = moment**2 / (share * (1 - share)).clamp(min=1e-6)
    variance = torch.where(places < count[:, None] - 1, variance, 0.0)
    best = variance.argmax(1, keepdim=True)
    below, step, most = (v.gather(1, best)[:, 0] for v in (share, moment, variance))
    first, second = mean + step / below, mean - step / (1 - below).clamp(min=1e-6)
    flat = high - low < 1e-3
    light = in_order((total / 3).clamp(min=1).log())
    green = in_order(logs[:, 1] - (logs[:, 0] + logs[:, 2]) / 2)
    whole = ((apart**2).sum(1) / count).clamp(min=1e-9)
    return (
        torch.where(flat, low, (first + second) / 2),
        torch.where(flat, 0.03, ((second - first) / 2).clamp(min=0.03)),
        torch.where(flat, 0.0, most / whole),
        1 - below,
        at(light, 0.5),
        (at(light, 0.95) - at(light, 0.05)).clamp(min=0.1),
        at(green, 0.5),
    )


if __name__ == "__main__":
    main()
