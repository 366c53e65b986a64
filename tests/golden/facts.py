"""Facts of files and arrays, in a form that is written down as JSON and compared.

A fact is a number, a text, a list or a dict. Three kinds of dict stand for more:

- `{"computed": …}`: floats went into it, so that only machines of the same arithmetic agree to the
  last bit; elsewhere its numbers are compared loosely and its hashes not at all,
- `{"near": …, "within": …}`: numbers compared within a tolerance everywhere.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import numpy.typing as npt
from astropy.io import fits
from PIL import Image

from golden.running import NOW, without_place

Fact = Any
Facts = dict[str, Fact]

DATED = {"date_created", "history"}
CARDS_OF_NOW = {"CHECKSUM", "DATE", "HISTORY", "ORIGIN", "CREATOR"}


def computed(value: Fact) -> Facts:
    """Mark what floats went into."""
    return {"computed": value}


def near(value: Fact, within: float) -> Facts:
    """Mark numbers that need not agree to the last bit."""
    return {"near": value, "within": within}


def sha256(data: bytes) -> str:
    """Of some bytes."""
    return hashlib.sha256(data).hexdigest()


def of_array(values: npt.NDArray[Any]) -> Facts:
    """Type, shape, hash, and what can be compared where the hash cannot."""
    values = np.asarray(values)
    facts: Facts = {"dtype": values.dtype.str, "shape": list(values.shape)}
    if values.dtype.kind in "OUST":
        return facts | {"sha256": sha256("\n".join(map(str, values.ravel())).encode())[:32]}
    facts["sha256"] = sha256(np.ascontiguousarray(values).tobytes())[:32]
    known = values[np.isfinite(values)].astype(np.float64)
    facts["known"] = int(known.size)
    if known.size > 1:
        low, middle, high = np.quantile(known[:: known.size // 100_000 + 1], [0.1, 0.5, 0.9])
        facts["mean"], facts["deviation"] = _short(known.mean()), _short(known.std())
        facts["quantiles"] = [_short(low), _short(middle), _short(high)]
    return facts


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def of_netcdf(path: Path, folder: Path) -> Facts:
    """Each variable's stored numbers, type, dims, coding and attributes; those of the file."""
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        facts: Facts = {"model": file.data_model, "attributes": _attributes(file, folder)}
        facts["dims"] = {name: len(dim) for name, dim in file.dimensions.items()}
        facts["groups"] = sorted(file.groups)
        variables = {}
        for name, variable in file.variables.items():
            chunking = variable.chunking()
            variables[name] = {
                "values": computed(of_array(np.asarray(variable[...]))),
                "dims": list(variable.dimensions),
                "type": str(variable.dtype),
                "endian": variable.endian(),
                "chunks": chunking if isinstance(chunking, str) else list(chunking),
                "filters": {key: on for key, on in variable.filters().items() if on},
                "attributes": _attributes(variable, folder),
            }
        return facts | {"variables": variables}


def _attributes(holder: netCDF4.Dataset | netCDF4.Variable, folder: Path) -> Facts:
    facts = {}
    for name in holder.ncattrs():
        value = holder.getncattr(name)
        facts[name] = attribute(name, value, folder)
    return facts


def attribute(name: str, value: Fact, folder: Path) -> Fact:
    """An attribute's value; what is hashed of a background is computed, what of weights is not."""
    if name in DATED:
        return plain(NOW.sub("<time>", str(value)), folder)
    if name in {"background_sha256", "sha256"} and value != "none":
        return computed({"sha256": str(value)})
    if name == "sources":  # sizes of files, as this machine's coder makes them
        return computed(plain(value, folder))
    return "<version>" if name == "nephoscope" else plain(value, folder)


def plain(value: Fact, folder: Path) -> Fact:
    """A value as JSON has it; floats count as computed."""
    if isinstance(value, str):
        return without_place(value, folder)
    if isinstance(value, np.ndarray):
        return [plain(each, folder) for each in value.tolist()]
    if isinstance(value, np.generic):
        return {value.dtype.str: plain(value.item(), folder)}
    return computed(value) if isinstance(value, float) else value


def of_fits(path: Path, folder: Path) -> Facts:
    """Each HDU's cards, but for dates of writing, and its data; checksums must hold."""
    facts: Facts = {}
    with fits.open(path, checksum=True, do_not_scale_image_data=True) as hdus:
        for number, hdu in enumerate(hdus):
            assert hdu.verify_checksum() == hdu.verify_datasum() == 1, f"{path}: HDU {number}"
            cards = [
                [card.keyword, _card(card.value), NOW.sub("<time>", card.comment)]
                for card in hdu.header.cards
                if card.keyword not in CARDS_OF_NOW
            ]
            facts[f"{number} {hdu.name}"] = {
                "cards": computed(cards),
                "data": None if hdu.data is None else computed(of_array(hdu.data)),
            }
    return facts


def _card(value: object) -> object:
    return value if isinstance(value, bool | int | float | str) else str(value)


def of_picture(path: Path) -> Facts:
    """Pixels of a picture."""
    with Image.open(path) as picture:
        return {"mode": picture.mode, "pixels": computed(of_array(np.asarray(picture)))}


def of_table(path: Path) -> Facts:
    """Rows of a CSV table, and the bytes that stand at the ends of lines."""
    data = path.read_bytes()
    rows = list(csv.reader(data.decode().splitlines()))
    return {"header": rows[0], "rows": computed(rows[1:]), "ends": [data.count(b"\r"), data[-1]]}


def of_tree(root: Path, folder: Path) -> Facts:
    """Every file below `root` by its name; journals by their place alone."""
    facts: Facts = {}
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        facts[path.relative_to(root).as_posix()] = of_file(path, folder)
    return facts


def of_file(path: Path, folder: Path) -> Fact:
    """What is in a file, by its kind."""
    kind = path.suffix.lower()
    if kind in {".nc", ".ncdf"}:
        return of_netcdf(path, folder)
    if kind in {".fits"}:
        return of_fits(path, folder)
    if kind in {".png"}:
        return of_picture(path)
    if kind == ".csv":
        return of_table(path)
    if kind == ".jsonl":
        return "a journal"
    if kind == ".txt":
        return path.read_text().splitlines()
    return computed({"sha256": sha256(path.read_bytes())})


def of_dataset(dataset: Any, folder: Path) -> Facts:
    """Variables and attributes of a Dataset in memory."""
    variables = {
        str(name): {
            "dims": list(variable.dims),
            "values": computed(of_array(variable.values)),
            "attributes": of_mapping(variable.attrs, folder),
        }
        for name, variable in sorted(dataset.variables.items())
    }
    return {"attributes": of_mapping(dataset.attrs, folder), "variables": variables}


def of_mapping(attrs: Mapping[Any, Any], folder: Path) -> Facts:
    """Attributes in memory, without dates and versions."""
    return {str(name): attribute(str(name), value, folder) for name, value in attrs.items()}
