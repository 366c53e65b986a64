"""Cases of `predict`: products of maps and of frames."""

from __future__ import annotations

from golden import facts, inputs
from golden.facts import Facts
from golden.workshop import Workshop, case

FORMULAS = ("zscale-log-otsu", "otsu", "minmax", "clear-excess")


def predicted(shop: Workshop, out: str, *words: object) -> Facts:
    """Run `predict … -o out`: what it says and every file that it writes."""
    said = shop.run("predict", *words, "-o", out)
    return {"said": facts.computed(said), "files": facts.of_tree(shop.path(out), shop.folder)}


@case()
def maps_with_background(shop: Workshop) -> Facts:
    """Enough maps for a background of their own."""
    return predicted(shop, "maps_auto", "mars", shop.maps, "--no-picture")


@case()
def map_with_picture(shop: Workshop) -> Facts:
    """One map by itself."""
    return predicted(shop, "map_picture", "mars", shop.one_map)


@case()
def maps_legacy(shop: Workshop) -> Facts:
    """The original's tree, files and pictures, from the labels' layout."""
    one = f"{shop.labelled_maps}/P01/mdgms/P01day03.jpeg"
    words = ("--layout", "legacy", "--bounds", "label")
    return predicted(shop, "map_legacy", "mars", one, *words)


@case()
def map_with_options(shop: Workshop) -> Facts:
    """Bounds of the season, a box, another threshold, a background that is given."""
    words = ("--bounds", "season", "--offset", "2", "--bbox=-60,-30,60,50", "--threshold", "0.3")
    said = predicted(
        shop, "map_options", "mars", shop.one_map, *words, "--no-picture",
        "--background", shop.background,
    )  # fmt: skip
    return said | {"background": facts.of_netcdf(shop.path(shop.background), shop.folder)}


@case()
def night(shop: Workshop) -> Facts:
    """Thermal frames, each by itself, with pictures."""
    return predicted(shop, "night_sky", "sky", shop.night, "--workers", 1)


@case()
def night_beside_clear(shop: Workshop) -> Facts:
    """The same beside the clear sky of the camera."""
    words = ("--background", shop.reference, "--workers", 1, "--no-picture")
    said = predicted(shop, "night_clear", "sky", shop.few, *words)
    return said | {"reference": facts.of_netcdf(shop.path(shop.reference), shop.folder)}


@case()
def mixed_frames(shop: Workshop) -> Facts:
    """Thermal, colour and grey in one tree; smaller clouds are listed too."""
    words = ("--workers", 1, "--min-blob", 4, "--threshold", 0.4, "--no-picture")
    return predicted(shop, "mixed_sky", "sky", shop.mixed, *words)


@case()
def colour_pictures(shop: Workshop) -> Facts:
    """The model of colour pictures, with overlays."""
    return predicted(shop, "colour_model", "sky-colour", shop.pictures, "--workers", 1)


@case()
def thermal_masks(shop: Workshop) -> Facts:
    """The model of thermal masks whatever the state."""
    words = (shop.few, "--workers", 1, "--no-picture")
    return predicted(shop, "thermal_model", "sky-thermal", *words)


@case()
def states_alone(shop: Workshop) -> Facts:
    """The state without masks."""
    words = (f"{shop.night}/early", "--workers", 1, "--no-picture")
    return predicted(shop, "state_model", "sky-state", *words)


@case()
def said_to_be_thermal(shop: Workshop) -> Facts:
    """A frame whose kind only the user knows."""
    words = (f"{shop.mixed}/grey", "--flavour", "thermal", "--workers", 1, "--no-picture")
    return predicted(shop, "flavoured", "sky", *words)


@case()
def formulas(shop: Workshop) -> Facts:
    """Each formula, one with its picture."""
    found: Facts = {}
    for name in FORMULAS:
        words = [f"{shop.few}/{inputs.name_of(3)}", "--workers", 1]
        words += ["--background", shop.reference] if name == "clear-excess" else []
        words += [] if name == "otsu" else ["--no-picture"]
        found[name] = predicted(shop, f"formula_{name}", name, *words)
    return found
