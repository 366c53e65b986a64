"""HDF-EOS2 swaths and plain HDF4 files through pyhdf.

A swath is a Vgroup of class SWATH with three Vgroups of class "SWATH Vgroup" ("Geolocation
Fields", "Data Fields", "Swath Attributes"), data sets for what has two dimensions, Vdatas for what
has one or none, and the global attribute `StructMetadata.0`, text that says it all again
(HDF-EOS Library User's Guide, volume 1). CloudSat stores a field's factor, offset and so on as
Vdatas named `field.factor` among the swath attributes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import OutputError, UsageError
from nephoscope.files import atomic_path, part_path
from nephoscope.simulate.earth.version import STAMP

_NUMBER_TYPES = {
    np.dtype(np.float32): (5, "DFNT_FLOAT32"),
    np.dtype(np.float64): (6, "DFNT_FLOAT64"),
    np.dtype(np.int8): (20, "DFNT_INT8"),
    np.dtype(np.uint8): (21, "DFNT_UINT8"),
    np.dtype(np.int16): (22, "DFNT_INT16"),
    np.dtype(np.int32): (24, "DFNT_INT32"),
}
_CHARACTERS = 4
_FLOAT64 = 6
_SCALING = {"scale_factor", "add_offset"}
"""Attributes that are no count of the field."""
_VDATA_TAG, _DATASET_TAG = 1962, 720
_DEFLATE, _LEVEL = 4, 4
_SUBGROUP = "SWATH Vgroup"
_NAME = "granule.hdf"


class Field(NamedTuple):
    """One field of a swath: values, names of its dimensions, and its attributes."""

    values: NDArray[Any]
    dims: tuple[str, ...]
    attributes: Mapping[str, str | float]


def write_swath(
    path: str | PathLike[str],
    name: str,
    geolocation: Mapping[str, Field],
    data: Mapping[str, Field],
) -> None:
    """Write an HDF-EOS2 swath file.

    Args:
        path: the final name.
        name: name of the swath.
        geolocation: geolocation fields by name.
        data: data fields by name.

    Raises:
        OutputError: the file cannot be written.
        UsageError: pyhdf is not installed.
    """
    fields = {**geolocation, **data}
    metadata = {"StructMetadata.0": _structure(name, geolocation, data)}
    planes = {key: each._replace(attributes={}) for key, each in fields.items() if _is_plane(each)}
    with _bare_name(path) as file:
        references = _write_datasets(file, planes, {"HDFEOSVersion": "HDFEOS_V2.19", **metadata})
        _write_tables(file, name, geolocation, data, references)


def write_datasets(
    path: str | PathLike[str],
    fields: Mapping[str, Field],
    attributes: Mapping[str, str],
) -> None:
    """Write a plain HDF4 file of scientific data sets with global attributes.

    Raises:
        OutputError: the file cannot be written.
        UsageError: pyhdf is not installed.
    """
    with _bare_name(path) as file:
        _write_datasets(file, fields, attributes)


@contextmanager
def _bare_name(path: str | PathLike[str]) -> Iterator[str]:
    """A name without folders to write to, in a folder of its own; then it becomes `path`.

    The HDF4 library keeps in the file the path that it was opened with: equal contents must make
    equal files, and no file must tell of the machine that made it.
    """
    final = Path(path).resolve()
    sd, _ = _pyhdf(final)
    work = part_path(final.with_name(f"{final.name}.work"))
    with atomic_path(final) as part:
        work.mkdir()
        try:
            with chdir(work):
                yield _NAME
            (work / _NAME).replace(part)
        except sd.HDF4Error as error:
            raise OutputError(f"{final}: could not be written: {error}") from error
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _write_datasets(
    part: str, fields: Mapping[str, Field], attributes: Mapping[str, str]
) -> dict[str, int]:
    """Write data sets to a new file; returns their reference numbers by name."""
    sd, _ = _pyhdf(Path(part))
    references = {}
    file = sd.SD(part, sd.SDC.WRITE | sd.SDC.CREATE | sd.SDC.TRUNC)
    for key, text in {**attributes, "Comment": STAMP}.items():
        file.attr(key).set(_CHARACTERS, text)
    for key, field in fields.items():
        number_type, _ = _NUMBER_TYPES[field.values.dtype]
        dataset = file.create(key, number_type, field.values.shape)
        for axis, dim in enumerate(field.dims):
            dataset.dim(axis).setname(dim)
        for attribute, value in field.attributes.items():
            if isinstance(value, str):
                dataset.attr(attribute).set(_CHARACTERS, value)
            elif attribute in _SCALING:
                dataset.attr(attribute).set(_FLOAT64, float(value))
            else:
                dataset.attr(attribute).set(number_type, field.values.dtype.type(value).item())
        if len(field.dims) == 2:
            dataset.setcompress(_DEFLATE, _LEVEL)
        dataset[:] = np.ascontiguousarray(field.values)
        references[key] = dataset.ref()
        dataset.endaccess()
    file.end()
    return references


def _write_tables(
    part: str,
    name: str,
    geolocation: Mapping[str, Field],
    data: Mapping[str, Field],
    references: Mapping[str, int],
) -> None:
    _, hdf = _pyhdf(Path(part))
    file = hdf.HDF(part, hdf.HC.WRITE)
    tables, groups = file.vstart(), file.vgstart()
    top = _group(groups, name, "SWATH")
    for title, fields in (("Geolocation Fields", geolocation), ("Data Fields", data)):
        group = _group(groups, title, _SUBGROUP)
        for key, field in fields.items():
            if key in references:
                group.add(_DATASET_TAG, references[key])
            else:
                _add_table(tables, group, key, field.values.reshape(-1))
        top.insert(group)
        group.detach()
    group = _group(groups, "Swath Attributes", _SUBGROUP)
    for key, field in {**geolocation, **data}.items():
        for attribute, value in field.attributes.items():
            values = value if isinstance(value, str) else np.array([value], np.float32)
            _add_table(tables, group, f"{key}.{attribute}", values, "Attr0.0")
    top.insert(group)
    group.detach()
    top.detach()
    groups.end()
    tables.end()
    file.close()


def _is_plane(field: Field) -> bool:
    return len(field.dims) == 2


def _group(groups: Any, name: str, kind: str) -> Any:  # noqa: ANN401 - pyhdf has no types
    group = groups.create(name)
    group._class = kind
    return group


def _add_table(
    tables: Any,  # noqa: ANN401 - pyhdf has no types
    group: Any,  # noqa: ANN401
    name: str,
    values: NDArray[Any] | str,
    kind: str = "",
) -> None:
    if isinstance(values, str):
        table = tables.create(name, (("AttrValues", _CHARACTERS, max(len(values), 1)),))
        records = [[values if len(values) > 1 else ord(values or " ")]]
    else:
        number_type, _ = _NUMBER_TYPES[values.dtype]
        table = tables.create(name, ((name if not kind else "AttrValues", number_type, 1),))
        records = [[value] for value in values.tolist()]
    if kind:
        table._class = kind
    table.write(records)
    group.add(_VDATA_TAG, table._refnum)
    table.detach()


def _structure(name: str, geolocation: Mapping[str, Field], data: Mapping[str, Field]) -> str:
    sizes: dict[str, int] = {}
    for field in (*geolocation.values(), *data.values()):
        sizes.update(zip(field.dims, field.values.shape, strict=True))
    blocks = [
        ("Dimension", [_dimension(*each) for each in sizes.items()]),
        ("DimensionMap", []),
        ("IndexDimensionMap", []),
        ("GeoField", [_described("GeoField", *each) for each in geolocation.items()]),
        ("DataField", [_described("DataField", *each) for each in data.items()]),
        ("MergedFields", []),
    ]
    lines = ["GROUP=SwathStructure", "\tGROUP=SWATH_1", f'\t\tSwathName="{name}"']
    for title, objects in blocks:
        lines.append(f"\t\tGROUP={title}")
        for number, entries in enumerate(objects, 1):
            lines.append(f"\t\t\tOBJECT={title}_{number}")
            lines += [f"\t\t\t\t{entry}" for entry in entries]
            lines.append(f"\t\t\tEND_OBJECT={title}_{number}")
        lines.append(f"\t\tEND_GROUP={title}")
    lines += ["\tEND_GROUP=SWATH_1", "END_GROUP=SwathStructure"]
    rest = "GROUP=GridStructure\nEND_GROUP=GridStructure\nGROUP=PointStructure\n"
    return "\n".join(lines) + f"\n{rest}END_GROUP=PointStructure\nEND\n"


def _dimension(name: str, size: int) -> list[str]:
    return [f'DimensionName="{name}"', f"Size={size}"]


def _described(title: str, name: str, field: Field) -> list[str]:
    dims = ",".join(f'"{dim}"' for dim in field.dims) or '"scalar"'
    return [
        f'{title}Name="{name}"',
        f"DataType={_NUMBER_TYPES[field.values.dtype][1]}",
        f"DimList=({dims})",
    ]


def _pyhdf(part: Path) -> tuple[Any, Any]:
    try:
        from pyhdf import HDF, SD, VS, V
    except ImportError as error:
        raise UsageError(f"{part}: writing HDF4 needs nephoscope[satellites]") from error
    del V, VS  # imported for their effect: `vgstart` and `vstart`
    return SD, HDF
