"""Cases of `build`, `split` and `background`: samples, their ids and their parts."""

from __future__ import annotations

import shutil

import numpy as np
import xarray as xr

from golden import facts
from golden.facts import Facts
from golden.workshop import Workshop, case

# What a store calls the same thing: names may become one, what they hold may not change.
NAMES = {
    "ids": ("id", "map_id", "frame_id", "file"),
    "truth": ("label", "state"),
    "image": ("image",),
    "split": ("split",),
}


def opened(shop: Workshop, store: str) -> xr.Dataset:
    """A store in plain xarray."""
    return xr.open_zarr(shop.path(store), chunks=None, consolidated=False)


def first_of(store: xr.Dataset, names: tuple[str, ...]) -> np.ndarray:
    """The first of these variables that is there."""
    return np.asarray(next(store[name] for name in names if name in store.variables).values)


def of_store(shop: Workshop, name: str) -> Facts:
    """The id of the samples, what they hold, and the part of each."""
    store = opened(shop, name)
    ids = [str(each) for each in first_of(store, NAMES["ids"])]
    backgrounds = {
        key: facts.computed(facts.of_array(store[key].values))
        for key in map(str, store.variables)
        if key.startswith("background_")
    }
    return {
        "samples_id": facts.computed({"samples_id": store.attrs["samples_id"]}),
        "ids": ids,
        "image": facts.computed(facts.of_array(first_of(store, NAMES["image"]))),
        "truth": facts.of_array(first_of(store, NAMES["truth"])),
        "split": dict(zip(ids, map(str, first_of(store, NAMES["split"])), strict=True)),
        "backgrounds": backgrounds,
    }


def parts(shop: Workshop, store: str, *ways: tuple[object, ...]) -> Facts:
    """What `split` says and does with a copy of a store, in each of these ways, one by one."""
    found: Facts = {}
    copy = shop.copy(store, f"split-{store}")
    for words in ways:
        said = shop.run("split", copy, *words)
        held = opened(shop, copy)
        ids = [str(each) for each in first_of(held, NAMES["ids"])]
        split = dict(zip(ids, map(str, first_of(held, NAMES["split"])), strict=True))
        found[" ".join(map(str, words)) or "usual"] = {"said": said, "split": split}
    return found


@case()
def store_of_maps(shop: Workshop) -> Facts:
    """Maps with a background that is given."""
    held = of_store(shop, shop.map_store)
    days = [("--seed", seed, "--fractions", "1,1,1") for seed in (0, 1)]
    ways = [(), *days, ("--by", "block", "--fractions", "1,1,0"), ("--by", "group")]
    return held | {
        "said": shop.said_of_builds["mars"],
        "parts": parts(shop, shop.map_store, *ways),
    }


@case(slow=True)
def store_with_background(shop: Workshop) -> Facts:
    """Maps with a background of their own making, some without label, and a choice of them."""
    five = shop.copy(shop.labelled_maps, "labelled_and_not")
    for day in (4, 5):
        name = f"P/P01/P01_day{day:02d}_zequat.jpg"
        target = shop.path(five, "P01", "mdgms", f"P01day{day:02d}.jpeg")
        shutil.copy2(shop.path(shop.maps, name), target)
    table = shop.path(five, "P01", "list_ls.txt")
    table.write_text(table.read_text() + "P01day04  28  134.3\nP01day05  28  134.75\n")
    said = shop.run("build", "mars", five, "-o", "own.zarr")
    words = ("--choose", 2, "--seed", 1, "--background", shop.background)
    chosen = shop.run("build", "mars", five, "-o", "chosen.zarr", *words)
    held = {name: of_store(shop, f"{name}.zarr") for name in ("own", "chosen")}
    return held | {"said": said, "said of choice": chosen}


@case()
def store_of_thermal_frames(shop: Workshop) -> Facts:
    """Thermal frames with masks."""
    ways = [(), *(("--by", "block", "--fractions", "2,1,0", "--buffer", n) for n in (0, 1))]
    ways += [("--by", "group", "--seed", seed, "--fractions", "2,1,1") for seed in (0, 1)]
    held = of_store(shop, shop.thermal_store)
    return held | {
        "said": shop.said_of_builds["sky-thermal"],
        "parts": parts(shop, shop.thermal_store, *ways),
    }


@case()
def store_of_colour_frames(shop: Workshop) -> Facts:
    """Colour pictures with masks."""
    ways = [(), ("--by", "block", "--fractions", "2,1,0", "--buffer", 1)]
    held = of_store(shop, shop.colour_store)
    return held | {
        "said": shop.said_of_builds["sky-colour"],
        "parts": parts(shop, shop.colour_store, *ways),
    }


@case()
def store_of_states(shop: Workshop) -> Facts:
    """Frames with a state each."""
    ways = [(), *(("--by", "block", "--fractions", "3,1,0", "--buffer", n) for n in (0, 1))]
    ways += [("--by", "group", "--seed", 3), ("--by", "day"), ("--buffer", 2)]
    held = of_store(shop, shop.state_store)
    return held | {
        "said": shop.said_of_builds["sky-state"],
        "parts": parts(shop, shop.state_store, *ways),
    }
