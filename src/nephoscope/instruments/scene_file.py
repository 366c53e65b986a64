"""Files of scenes as found and not yet read, and what their products are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nephoscope.errors import UsageError, shown
from nephoscope.files import short_name


@dataclass(frozen=True)
class SceneFile:
    """One imager view on disk, as found below an input folder.

    Args:
        path: the file.
        id: its identity, the same in every naming flavour ("P01_day01").
        series: of which it is one, and with which it shares a background ("P01"); "" if none.
        order: rises with time within the series; 0 if the name does not say.
        relative: folder of the file relative to the input root; `.` for a single file.
    """

    path: Path
    id: str
    series: str = ""
    order: float = 0
    relative: Path = Path()


def name_products(scenes: Iterable[SceneFile], ending: str) -> dict[Path, SceneFile]:
    """What the product of each scene is called, relative to the folder of the products.

    Two files of one id in a folder (a FITS and its picture): the first by name, those with a suffix
    before those without, gives the product its id, the others their whole names.

    Args:
        scenes: what finders found, of any number of inputs.
        ending: of the products' names, with its suffix.

    Raises:
        UsageError: scenes of two inputs would have one product.
    """
    return products_once(_named(scenes, ending))


def products_once(named: Iterable[tuple[Path, SceneFile]]) -> dict[Path, SceneFile]:
    """Products and their scenes.

    Raises:
        UsageError: two scenes would have one product.
    """
    products: dict[Path, SceneFile] = {}
    for product, scene in named:
        if product in products:
            raise UsageError(
                f"{shown(scene.path)} and {shown(products[product].path)} would both become "
                f"{shown(product)}: name the folder above them, or write into different folders"
            )
        products[product] = scene
    return products


def _named(scenes: Iterable[SceneFile], ending: str) -> Iterator[tuple[Path, SceneFile]]:
    taken: dict[Path, Path] = {}
    for scene in sorted(scenes, key=_suffixed_first):
        name, product = scene.path.name, scene.relative / short_name(scene.id, ending)
        while taken.get(product) == scene.path.parent:
            product = scene.relative / short_name(name, ending)
            name += "~"  # a file without suffix is called like another's id
        taken[product] = scene.path.parent
        yield product, scene


def _suffixed_first(scene: SceneFile) -> tuple[str, str, bool, str, str]:
    name = scene.path.name
    return str(scene.relative), scene.id, "." not in name, name.lower(), str(scene.path)
