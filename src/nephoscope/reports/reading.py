"""The sections of a report in their order: what each is called, shows, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """What a section is called, how to read it, and the figures that stand in it."""

    title: str
    how: str = ""
    figures: tuple[str, ...] = ()


_BY = (
    "Each row is scored on its own part of the samples. Where its interval lies apart from "
    "another's, the model does better or worse there."
)
READINGS = {
    "baselines": Reading(
        "Beside the baselines",
        "A dot is a score, and the bar through it is where the score would lie in 95 of 100 draws "
        "of other samples. A model is worth its cost where it lies beyond what is simpler.",
        ("baselines",),
    ),
    "paired": Reading(
        "Better than the baselines?",
        "Both met the same samples, so their difference is known better than either score. "
        "An interval that does not hold 0 tells them apart.",
    ),
    "cases": Reading(
        "Best and worst",
        "The best show what the model can do, the worst what to fear. Look at the worst before you "
        "trust a number.",
        ("curtains", "best_case", "worst_case", "best", "failures", "surest", "samples"),
    ),
    "confusion": Reading(
        "What is taken for what",
        "A row is what is true, a column what is said. What is off the diagonal is wrong: read "
        "along a row to see what it is taken for.",
        ("confusion", "types", "roc", "curves"),
    ),
    "probability": Reading(
        "Does a probability mean what it says?",
        "Of all that is called cloudy with 70 %, 70 % should be cloud: dots on the dotted line. "
        "Below the line the model is too sure of cloud, above it not sure enough.",
        ("reliability", "certainty"),
    ),
    "intervals": Reading(
        "Intervals",
        "An interval of 90 % should hold the truth nine times of ten. If it holds less, the model "
        "is too sure; if more, it is too careful.",
        ("intervals",),
    ),
    "amounts": Reading(
        "Amounts",
        "Said beside true, of every voxel that is cloud in both. On the diagonal both are the "
        "same; a cloud of dots that is flatter means that extremes are missed.",
        ("amounts",),
    ),
    "path": Reading(
        "By ice water path",
        "Thin columns are common, thick ones hold the ice. A bias of 0 means that the path is "
        "right on average.",
        ("paths",),
    ),
    "type": Reading(
        "By cloud type",
        "A type that is rare has been seen seldom. Its scores are lower, and less is known of it.",
    ),
    "altitude": Reading(
        "By altitude",
        "Few clouds are found at some heights, so a score there rests on little. Compare it with "
        "how often cloud is there at all.",
        ("altitude", "heights", "columns", "overpasses"),
    ),
    "latitude": Reading("By latitude", _BY, ("latitude", "zones", "regions")),
    "strata": Reading("", _BY),
    "off_track": Reading(
        "Off the track",
        "A model of profiles is taught along a thin line and used everywhere. Skill should not "
        "fall with the distance from the line.",
        ("off_track",),
    ),
    "unit": Reading("", "How much skill changes from one to the next. " + _BY, ("days", "cover")),
    "ways": Reading(
        "What it leans on",
        "The same samples, with one thing withheld at a time. What the score loses is what that "
        "thing was worth.",
    ),
    "features": Reading(
        "What the frames are like",
        "Frames that look alike lie close together. Where the colours mix, no rule on these "
        "features can tell them apart.",
        ("features", "features_umap"),
    ),
    "scores": Reading(
        "All scores",
        "Each has its 95 % interval; those from 0 to 1 are drawn on that scale. Programs read the "
        "same from `scores.json`.",
    ),
    "training": Reading("Training", "", ("training",)),
    "method": Reading("How this was measured"),
}
"""Key of a section → how it is read."""
