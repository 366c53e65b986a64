"""Variables of the products as Markdown: of one small product of each pipeline, made for it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

import nephoscope
from cells import table
from nephoscope.apply.network_maker import NetworkMaker
from nephoscope.simulate.earth.polder import simulate_half_orbits
from nephoscope.simulate.earth.seviri import simulate_slots
from nephoscope.simulate.mars import simulate_maps
from nephoscope.simulate.sky import simulate_sky

_CUT = {"y": slice(700, 732), "x": slice(0, 32)}  # of a map of Mars: one is as good as another
_HEAD = ("variable", "dims", "type", "unit", "is")


def variables() -> str:
    """A section for each pipeline: variables, bits and attributes."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        parts = [
            *_of("mars", simulate_maps(place / "mars", 1, 1, "raw")[0], _CUT),
            *_of_frames(place),
            *_of("polder", simulate_half_orbits(place / "polder", scenes=1, seed=2, rows=24)[0]),
            *_of("seviri", simulate_slots(place / "seviri", seed=1, slots=1, size=32)[0]),
        ]
    return "\n\n".join(parts)


def _of(name: str, path: Path, cut: dict[str, slice] | None = None) -> Iterator[str]:
    """What a network's product of one simulated scene holds."""
    model = nephoscope.load_model(name)
    scene = nephoscope.open_scene(path, **model.recipe.read).isel(cut or {})
    product = NetworkMaker(model, background="none").product(scene)
    yield f"## {name}"
    yield table(_HEAD, (_row(str(key), each) for key, each in product.variables.items()))
    yield "Bits of `quality_flag`:"
    flag = product["quality_flag"].attrs
    bits = zip(flag["flag_masks"], flag["flag_meanings"].split(), strict=True)
    yield table(("bit", "name"), ((str(int(bit)), f"`{word}`") for bit, word in bits))
    yield "Attributes of the product: " + ", ".join(f"`{key}`" for key in product.attrs) + "."


def _row(name: str, variable: Any) -> tuple[str, ...]:  # noqa: ANN401 - xarray's
    said = variable.attrs
    scale, fill = said.get("scale_factor"), said.get("_FillValue")
    kind = f"{variable.dtype}" + (f" times {scale:g}" if scale is not None else "")
    if fill is not None:
        kind += f", fill {'NaN' if fill != fill else int(fill)}"
    unit = "" if said.get("units") == "1" else said.get("units", "")
    return f"`{name}`", ", ".join(map(str, variable.dims)), kind, unit, _meaning(name, said)


def _meaning(name: str, said: dict[str, Any]) -> str:
    if name.endswith("_bnds"):
        return f"edges of `{name.removesuffix('_bnds')}`"
    words = said.get("long_name", "")
    if "grid_mapping_name" in said:
        words = f"grid mapping: {said['grid_mapping_name']}"
    if "flag_values" in said:
        pairs = zip(np.atleast_1d(said["flag_values"]), said["flag_meanings"].split(), strict=True)
        words += ": " + ", ".join(f"{value} {word}" for value, word in pairs)
    return f"{words} (`{said['standard_name']}`)" if "standard_name" in said else words


def _of_frames(place: Path) -> Iterator[str]:
    """What the FITS of a frame, and the Dataset of one, hold."""
    simulate_sky(place / "sky", scenes=1, seed=1, flavour="night")
    frame = next(iter(sorted((place / "sky" / "frames").glob("*.fits"))))
    yield "## sky"
    found = nephoscope.predict("sky", nephoscope.open_scene(frame))
    yield "As a Dataset, from `nephoscope.predict` of a Scene:"
    yield table(_HEAD, (_row(str(key), each) for key, each in found.variables.items()))
    yield "Attributes of it: " + ", ".join(f"`{key}`" for key in found.attrs) + "."
    yield "As a FITS, from `nephoscope predict`:"
    with fits.open(nephoscope.predict("sky", frame, output=place / "made")) as made:
        yield table(("HDU", "type", "dims", "is"), (_hdu(each) for each in made[1:]))
        yield "Keywords of the first HDU, beside the camera's own:"
        given = {*fits.getheader(frame), "CHECKSUM", "DATASUM", "EXTEND"}
        own = [card for card in made[0].header.cards if card.keyword not in given]
        yield table(("keyword", "here", "is"), ((f"`{k}`", str(v), is_) for k, v, is_ in own))


def _hdu(hdu: Any) -> tuple[str, ...]:  # noqa: ANN401 - astropy's
    said = hdu.header.comments["EXTNAME"]
    dims = ", ".join("yx"[-hdu.data.ndim :])
    return f"`{hdu.name}`", str(hdu.data.dtype.newbyteorder("=")), dims, said
