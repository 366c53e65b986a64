"""Cases of `train` and `evaluate` on small samples: loss curves, weights and scores."""

from __future__ import annotations

import csv
from pathlib import Path

from safetensors.numpy import load_file

from golden import facts
from golden.facts import Facts
from golden.workshop import Workshop, case
from nephoscope.reports.seal import read_scores

WITHIN = 1e-5
"""Of a loss curve: a sum of the same numbers in another order moves it by less."""
FEW = ("training.steps=6", "training.validate_every=3", "training.batch=2")
SMALL_UNET = (
    *FEW,
    "training.crop=[64,64]",
    "network.options.widths=[4,8,8]",
    "network.options.head=4",
)
SMALL_CNN = (
    "inputs.features=[mean_std]", "network.name=cnn", "network.options={}",
    "training.steps=6", "training.validate_every=3", "training.batch=4",
)  # fmt: skip
OF_THE_RUN = {"digest", "page_sha256", "seconds", "hardware", "nephoscope", "command", "versions"}


def settings(changes: tuple[str, ...]) -> list[str]:
    """Options of `train` that change a recipe."""
    return [word for change in changes for word in ("--set", change)]


def trained(shop: Workshop, recipe: str, store: str, run: str, *words: str) -> Facts:
    """Train: what is said, the loss curve and the weights."""
    said = shop.run("train", recipe, store, "-o", run, *words)
    assert said["exit"] == 0, said
    lines = [line for line in said["stdout"] if "INFO" not in line]
    found = {"exit": said["exit"], "stdout": facts.near(lines, 10 * WITHIN)}
    weights = load_file(shop.path(run, "model", "weights.safetensors"))
    found["weights"] = {
        name: [list(value.shape), facts.near([float(value.mean()), float(value.std())], WITHIN)]
        for name, value in sorted(weights.items())
    }
    return found | {"curve": curve(shop.path(run))}


def curve(run: Path) -> Facts:
    """Every number that a run logged, by name: steps and values."""
    found: Facts = {}
    for path in sorted(run.rglob("metrics.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                for name, value in row.items():
                    if name not in {"step", "epoch", "seconds"} and value:
                        found.setdefault(name, {"steps": [], "values": []})
                        found[name]["steps"].append(int(row["step"]))
                        found[name]["values"].append(float(value))
    return {
        name: {"steps": each["steps"], "values": facts.near(each["values"], WITHIN)}
        for name, each in sorted(found.items())
    }


def evaluated(shop: Workshop, model: str, store: str, out: str, *words: object) -> Facts:
    """Evaluate: what is said and scores.json, but for what is of this run and machine."""
    said = shop.run("evaluate", model, store, "-o", out, *words)
    scores = read_scores(shop.path(out))  # its seal holds, or this raises
    kept = {name: value for name, value in scores.items() if name not in OF_THE_RUN}
    root = shop.path(out)
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.*"))
    return {"said": facts.computed(said), "scores": facts.computed(kept), "files": names}


@case()
def mask_fit(shop: Workshop) -> Facts:
    """A few steps of a small network on thermal frames, and its scores."""
    found = trained(shop, "sky-thermal", shop.thermal_parts, "run_mask", *settings(SMALL_UNET))
    scored = evaluated(shop, "run_mask/model", shop.thermal_parts, "report_mask", "--no-baselines")
    return found | {"evaluated": {"files": scored["files"]}}


@case()
def state_fit(shop: Workshop) -> Facts:
    """A linear classifier of states, and its scores."""
    found = trained(shop, "sky-state", shop.state_store, "run_state")
    scored = evaluated(shop, "run_state/model", shop.state_store, "report_s")
    scored["scores"]["computed"].pop("model")  # its weights are compared above
    return found | {"evaluated": scored}


@case()
def state_network_fit(shop: Workshop) -> Facts:
    """A few steps of a network of states."""
    return trained(shop, "sky-state", shop.state_store, "run_cnn", *settings(SMALL_CNN))


@case()
def scores_of_thermal_masks(shop: Workshop) -> Facts:
    """The shipped model of thermal masks."""
    words = ("--no-baselines", "--split", "validation")
    return evaluated(shop, "sky-thermal", shop.thermal_parts, "report_thermal", *words)


@case(slow=True)
def scores_beside_baselines(shop: Workshop) -> Facts:
    """The same on the test part, beside its baselines: the head of the report."""
    found = evaluated(shop, "sky-thermal", shop.thermal_parts, "report_beside")
    scores = found["scores"]["computed"]
    kept = {name: scores[name] for name in ("spec", "spec_hash", "metrics", "baselines")}
    return found | {"scores": facts.computed(kept)}


@case()
def scores_of_states(shop: Workshop) -> Facts:
    """The shipped model of states, on all samples."""
    return evaluated(shop, "sky-state", shop.state_store, "report_state", "--split", "all")


@case()
def scores_of_one_map(shop: Workshop) -> Facts:
    """The shipped model of maps on one map, in each way of giving it less."""
    return evaluated(shop, "mars", shop.map_parts, "report_one", "--no-baselines")


@case()
def training_misused(shop: Workshop) -> Facts:
    """Mistakes of training, each with its message and exit code."""
    wrong = {
        "nothing": ("mars", "nowhere.zarr"),
        "bad key": ("mars", "nowhere.zarr", "--set", "training.x=1"),
        "another recipe": ("mars", shop.thermal_store),
        "another task": ("sky-thermal", shop.state_store),
        "states of masks": ("sky-state", shop.thermal_store),
        "no parts": ("sky-thermal", shop.thermal_store),
    }
    return {name: shop.run("train", *words, "-o", "bad_run") for name, words in wrong.items()}


@case()
def drift_of_resuming(shop: Workshop) -> Facts:
    """States know no resumption today; one fit for all tasks will."""
    return {
        word: shop.run("train", "sky-state", "nowhere.zarr", "-o", "bad_run", *word.split())
        for word in ("--resume", "--from sky-state")
    }
