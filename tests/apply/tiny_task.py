"""A made-up sparse task: in which of eight levels a layer is, known along a track alone."""

import numpy as np
import xarray as xr
from pydantic import BaseModel, ConfigDict

from nephoscope.products.pack import pack
from nephoscope.tasks import plain

HEIGHTS = np.arange(8) * 1500.0 + 750.0  # m, centres of the levels
SHARE = {"units": "1", "scale_factor": 1 / 250, "_FillValue": np.uint8(255)}
METRES = {"units": "m", "standard_name": "height", "_FillValue": np.int16(-32768)}


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Losses(Settings):
    entropy: float = 1.0


class Decision(Settings):
    """Levels by which the likeliest one is too high, on the validation samples."""

    shift: int = 0


class LayerTask:
    """Counts are (true level, said level); the last column counts points of which nothing is said.

    Truth is `layer` (item, level) int8: 1 in the layer's level, 0 in the others, -1 unknown.
    """

    name, truth = "layer", "points"
    samples = "layer"
    objective, objective_title = "found", "layers found"
    objective_meaning = "share of the layers that are put into their level or one beside it"
    unpublished = frozenset()
    scored = "Points of the track."
    kept, counted = ("found", "mean_error", "points"), "points"
    Losses, Decision = Losses, Decision

    def outputs(self, levels):
        return levels

    def losses_for(self, losses, truths):
        return losses

    def loss(self, raw, truth, losses):
        from torch.nn import functional

        known = truth["layer"].min(dim=1).values >= 0
        entropy = functional.cross_entropy(raw, truth["layer"].argmax(dim=1), reduction="none")
        return losses.entropy * (entropy * known).sum() / known.sum().clamp(min=1)

    def count(self, raw, truth):
        missing = np.isnan(raw).any(axis=1)
        said = np.where(missing, raw.shape[1], np.nan_to_num(raw).argmax(axis=1))
        return _counted(said, truth["layer"])

    def score(self, counts):
        return self.metrics(counts, None)["found"]

    def decide(self, counts):
        levels = np.arange(len(counts))
        each = [np.median(np.repeat(levels, row[:-1]) - n) for n, row in enumerate(counts)
                if row[:-1].any()]  # fmt: skip
        return Decision(shift=round(float(np.median(each))) if each else 0)

    def publish(self, counts, decision):
        if not decision.shift:
            return counts
        levels, shifted = np.arange(len(counts)), np.zeros_like(counts)
        for said in levels:
            shifted[:, (said - decision.shift).clip(0, levels[-1])] += counts[:, said]
        shifted[:, -1] = counts[:, -1]
        return shifted

    def fields(self, raw, decision):
        raw = raw - raw.max(axis=0)
        share = np.exp(raw) / np.exp(raw).sum(axis=0)
        return {"layer_probability": share.astype(np.float32)}

    def variables(self, fields, decision):
        likely = fields["layer_probability"]
        level = np.where(np.isnan(likely), -1, likely).argmax(axis=0) - decision.shift
        height = HEIGHTS[level.clip(0, len(HEIGHTS) - 1)]
        height[np.isnan(likely).any(axis=0)] = np.nan
        dims = ("level", "y", "x")[3 - likely.ndim :]
        packed = pack(likely, np.uint8, SHARE | {"valid_range": (0, 250)})
        about = {"units": "m", "standard_name": "altitude", "positive": "up", "axis": "Z"}
        return xr.Dataset(
            {
                "layer_height": (dims[1:], pack(height, np.int16, METRES), METRES),
                "layer_probability": (dims, packed, SHARE),
            },
            {"altitude": ("level", HEIGHTS, about)},
        )

    def tally(self, variables, truth):
        height = variables["layer_height"].values
        said = np.where(height < 0, len(HEIGHTS), np.searchsorted(HEIGHTS, height))
        return _counted(said, truth["layer"])

    def metrics(self, counts, decision):
        levels, step = np.arange(counts.shape[-2]), HEIGHTS[1] - HEIGHTS[0]
        off = np.abs(np.subtract.outer(levels, levels))
        total, seen = counts.sum(axis=(-2, -1)), counts[..., :-1]
        said = seen.sum(axis=(-2, -1))
        with np.errstate(divide="ignore", invalid="ignore"):
            found = (seen * (off <= 1)).sum(axis=(-2, -1)) / total
            error = (seen * off).sum(axis=(-2, -1)) / said * step
        return plain({"found": found, "mean_error": error, "points": total})

    def details(self, counts, decision):
        return {}

    def rules(self, decision):
        return {"shift": decision.shift, "rule": "the likeliest level, shifted"}

    def summary(self, scores, decision):
        return [f"validation {name} {value}" for name, value in scores["full"].items()]

    def advice(self, decision):
        return f"Heights are {decision.shift} levels below the likeliest one."


TASK = LayerTask()


def _counted(said, layer):
    known = layer.min(axis=1) >= 0
    table = np.zeros((layer.shape[1], layer.shape[1] + 1), np.int64)
    np.add.at(table, (layer.argmax(axis=1)[known], said[known]), 1)
    return table
