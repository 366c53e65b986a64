"""Cases of what a command says, and with which exit code, when something is wrong."""

from __future__ import annotations

import numpy as np
from PIL import Image

import nephoscope
from golden import facts, inputs
from golden.facts import Facts
from golden.running import here
from golden.workshop import Workshop, case
from nephoscope.cli import VERBS

WRONG = {
    "no model": ("predict", "mras", "maps", "-o", "out"),
    "no recipe": ("build", "mras", "maps", "-o", "out.zarr"),
    "no verb": ("predikt",),
    "no option": ("predict", "mars", "maps", "-o", "out", "--hurry"),
    "no output": ("predict", "mars", "maps"),
    "no input": ("predict", "mars", "nowhere", "-o", "out"),
    "no frame": ("predict", "sky", "nowhere", "-o", "out"),
    "empty folder of maps": ("predict", "mars", "empty", "-o", "out"),
    "empty folder of frames": ("predict", "sky", "empty", "-o", "out"),
    "empty folder to build maps": ("build", "mars", "empty", "-o", "out.zarr"),
    "empty folder to build frames": ("build", "sky-thermal", "empty", "-o", "out.zarr"),
    "empty folder to build states": ("build", "sky-state", "empty", "-o", "out.zarr"),
    "frames have no layout": ("predict", "sky", "night", "-o", "out", "--layout", "legacy"),
    "frames have no bounds": ("predict", "sky", "night", "-o", "out", "--bounds", "season"),
    "frames have no box": ("predict", "sky", "night", "-o", "out", "--bbox=0,0,1,1"),
    "maps have no blobs": ("predict", "mars", "maps", "-o", "out", "--min-blob", "3"),
    "maps have no flavour": ("predict", "mars", "maps", "-o", "out", "--flavour", "grey"),
    "bad box": ("predict", "mars", "maps", "-o", "out", "--bbox", "1,2,3"),
    "bad shard": ("predict", "mars", "maps", "-o", "out", "--shard", "3/2"),
    "bad shard of frames": ("predict", "sky", "night", "-o", "out", "--shard", "0/2"),
    "worded shard": ("predict", "mars", "maps", "-o", "out", "--shard", "first"),
    "bad threshold": ("predict", "mars", "maps", "-o", "out", "--threshold", "2"),
    "bad threshold of frames": ("predict", "sky", "night", "-o", "out", "--threshold", "2"),
    "no workers": ("predict", "mars", "maps", "-o", "out", "--workers", "0"),
    "no workers for frames": ("predict", "sky", "night", "-o", "out", "--workers", "0"),
    "states have no background": ("build", "sky-state", "night", "-o", "o", "--background", "f.nc"),
    "states are not chosen": ("build", "sky-state", "night", "-o", "o", "--choose", "3"),
    "seed of no choice": ("build", "mars", "maps", "-o", "o.zarr", "--seed", "3"),
    "unlabelled maps": ("build", "mars", "two", "-o", "out.zarr"),
    "unlabelled frames": ("build", "sky-thermal", "night", "-o", "out.zarr"),
    "frames without state": ("build", "sky-state", "night", "-o", "out.zarr"),
    "split of nothing": ("split", "nowhere.zarr"),
    "worded fractions": ("split", "nowhere.zarr", "--fractions", "most"),
    "evaluate on nothing": ("evaluate", "mars", "nowhere.zarr", "-o", "report"),
    "evaluate a state on nothing": ("evaluate", "sky-state", "nowhere.zarr", "-o", "report"),
    "a state has no baselines": ("evaluate", "sky-state", "s.zarr", "-o", "r", "--no-baselines"),
    "evaluate no model": ("evaluate", "mras", "nowhere.zarr", "-o", "report"),
    "show no model": ("models", "show", "mras"),
    "flavour of maps": ("background", "mars", "maps", "-o", "b.nc", "--flavour", "grey"),
    "bad shape": ("bin", "night", "-o", "out", "--shape", "12"),
    "no such flavour": ("simulate", "mars", "-o", "sim", "--flavour", "night"),
    "slots of mars": ("simulate", "mars", "-o", "sim", "--slots", "2"),
}


@case()
def helps(shop: Workshop) -> Facts:
    """The help of the command, of each verb, and of verbs below verbs."""
    words: list[tuple[str, ...]] = [("--help",), (), *((verb, "--help") for verb in VERBS)]
    words += [("models", name, "--help") for name in ("list", "show", "verify", "export")]
    return {" ".join(each) or "nothing": shop.run(*each) for each in words}


@case()
def wrong_usage(shop: Workshop) -> Facts:
    """Mistakes at the command line, each with its message and exit code; nothing is written."""
    shop.path("empty").mkdir()
    assert {shop.maps, shop.two_maps, shop.night} == {"maps", "two", "night"}
    before = set(shop.folder.iterdir())
    found = {name: shop.run(*words) for name, words in WRONG.items()}
    left = sorted(path.name for path in set(shop.folder.iterdir()) - before)
    return found | {"left behind": left}


@case()
def models_listed(shop: Workshop) -> Facts:
    """Shipped models and their weights."""
    return shop.run("models", "list")


@case()
def frames_of_which_some_are_bad(shop: Workshop) -> Facts:
    """Damaged files among good frames, also for the other verbs."""
    counts, _ = inputs.counts_of(3, inputs.FRAME, 90)
    good = inputs.write_frame(shop.path("bad_frames", "a", "good.fits"), counts, **inputs.WARM)
    place = good.parent
    (place / "short.fits").write_bytes(good.read_bytes()[:9000])
    (place / "empty.fits").write_bytes(b"")
    (place / "words.fits").write_text("no frame")
    picture, _ = inputs.picture_of(1)
    Image.fromarray(picture).save(place / "half.png")
    half = (place / "half.png").read_bytes()
    (place / "half.png").write_bytes(half[: len(half) // 2])
    words = ("--workers", 1, "--no-picture")
    found = predicted_twice(shop, "bad_frames_out", "sky", "bad_frames", *words)
    found["built"] = shop.run("background", "sky", "bad_frames", "-o", "bad_clear.nc")
    found["binned"] = shop.run("bin", "bad_frames", "-o", "binned", "--shape", "128,160")
    return found


@case()
def maps_of_which_some_are_bad(shop: Workshop) -> Facts:
    """Damaged maps, and one without a season, among good maps."""
    folder = shop.path(shop.copy(shop.two_maps, "bad_maps"), "P", "P01")
    short = folder / "P01_day02_zequat.jpg"
    whole = short.read_bytes()
    short.write_bytes(whole[: len(whole) // 3])
    (folder / "P01_day07_zequat.jpg").write_bytes(whole)
    Image.fromarray(np.full((18, 36, 3), 90, np.uint8)).save(folder / "P01_day03_zequat.jpg")
    table = folder / "P01_ls.txt"
    table.write_text(table.read_text() + "P01_day03      28      133.850\n")
    (folder / "P01_day04_zequat.jpg").write_bytes(b"")
    words = ("--no-picture", "--background", "none")
    found = predicted_twice(shop, "bad_maps_out", "mars", "bad_maps", *words)
    found["background"] = shop.run("background", "mars", "bad_maps", "-o", "bad_maps.nc")
    return found


@case()
def drift_of_stray_files(shop: Workshop) -> Facts:
    """Files that are no input: maps and frames differ today, and may be made alike on purpose."""
    found: Facts = {}
    for model, source in (("mars", shop.two_maps), ("sky", shop.few)):
        folder = shop.copy(source, f"stray_{model}")
        shop.path(folder, "notes.txt").write_text("clouds at ten\n")
        shop.path(folder, "thumbnails").mkdir()
        shop.path(folder, "thumbnails", "a.jpg").write_bytes(b"small")
        words = ("predict", model, folder, "-o", f"{folder}_out", "--no-picture", "--workers", 1)
        found[model] = shop.run(*words)
        named = ("predict", model, f"{folder}/notes.txt", "-o", f"{folder}_one", "--workers", 1)
        found[f"{model}, named"] = shop.run(*named)
    return found


@case()
def drift_of_lost_backgrounds(shop: Workshop) -> Facts:
    """A background that is not there: today one of them leaves an empty folder."""
    assert {shop.two_maps, shop.few} == {"two", "few"}
    asked = {
        "mars": ("mars", "two", "--background", "lost.nc"),
        "sky": ("sky", "few", "--background", "lost.nc"),
        "formula": ("clear-excess", "few", "--workers", "1"),
    }
    found: Facts = {}
    for name, words in asked.items():
        said = shop.run("predict", *words, "-o", f"lost_{name}")
        found[name] = said | {"folder": shop.path(f"lost_{name}").exists()}
    return found


def predicted_twice(shop: Workshop, out: str, *words: object) -> Facts:
    """What a run says, what it says when repeated, and the names of what it wrote."""
    first = shop.run("predict", *words, "-o", out)
    names = sorted(path.relative_to(shop.path(out)) for path in shop.path(out).rglob("*.*"))
    again = shop.run("predict", *words, "-o", out)
    return {"first": first, "again": again, "files": [name.as_posix() for name in names]}


@case()
def face_misused(shop: Workshop) -> Facts:
    """What the Python face says to what it cannot use."""
    calls = {
        "no model": ("mras", "night"),
        "an image of another size": ("mars", np.zeros((3, 18, 36), np.uint8)),
        "channels last": ("sky", np.zeros((18, 36, 3), np.uint8)),
        "two dims": ("sky", np.zeros((18, 36), np.uint8)),
        "text": ("sky", np.array([["a"]])),
        "a number": ("mars", 3),
        "infinite": ("sky", np.full((1, 18, 36), np.inf, np.float32)),
    }
    found: Facts = {}
    assert {shop.two_maps, shop.night} == {"two", "night"}
    for name, words in calls.items():
        with here(shop.folder):
            try:
                nephoscope.predict(*words)  # type: ignore[call-overload]
            except nephoscope.NephoscopeError as error:
                found[name] = [type(error).__name__, facts.plain(str(error), shop.folder)]
    return found
