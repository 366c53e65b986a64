"""`nephoscope plot --kind simulated`: simulated pictures beside their truth; not itself a verb."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from nephoscope.errors import InputError


def draw_simulated(places: Sequence[Path], out: Path) -> bool:
    """Draw each simulated scene below some folders of `nephoscope simulate`.

    Args:
        places: folders, or truths.
        out: folder of the pictures.

    Returns:
        whether every scene could be read; what is wrong with the others is said on stderr.

    Raises:
        InputError: a place does not exist, or there is no truth.
    """
    from nephoscope.plots.quicklook import save_picture
    from nephoscope.simulate.earth.beside_truth import picture_and_truth
    from nephoscope.simulate.earth.reading import find_truths, open_simulated

    for place in places:
        if not place.exists():
            raise InputError(place, "does not exist")
    truths = [path for place in places for path in find_truths(place)]
    if not truths:
        raise InputError(places[0], "holds no truth", remedy="name a folder of simulate")
    failed = 0
    for path in truths:
        target = out / f"{path.stem}.png"
        try:
            save_picture(picture_and_truth(*open_simulated(path)), target)
        except (InputError, RuntimeError) as error:
            # RuntimeError: a chunk of the truth that zarr's codec cannot decode.
            failed += 1
            told = error if isinstance(error, InputError) else InputError(path, str(error))
            typer.echo(f"failed: {told}", err=True)
        else:
            typer.echo(target)
    return not failed
