"""Parts by name: samples or whole groups, and nothing that would be in two parts."""

import json

import pytest
import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.samples.split_named import named_parts, read_parts

STORE = xr.Dataset(
    {"id": ("sample", ["a0", "a1", "b0", "c0"]), "group": ("sample", ["a", "a", "b", ""])}
)


def test_samples_and_groups_go_where_they_are_named():
    assert named_parts(STORE, {"train": ["a"], "test": ["b0"]}) == ["train", "train", "test", ""]
    assert named_parts(STORE, {"train": ["a1", "c0"]}) == ["", "train", "", "train"]


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"train": ["a"], "test": ["a"]}, "a: is named for train and for test"),
        ({"train": ["a0"], "test": ["a1"]}, "samples of a would be in train and in test"),
        ({"train": ["a", "z", "y"]}, "no sample and no group y, z"),
        ({"test": ["a"]}, "no sample is left for train"),
    ],
)
def test_what_would_leak_or_is_unknown_is_refused(named, says):
    with pytest.raises(UsageError, match=says):
        named_parts(STORE, named)


@pytest.mark.parametrize("content", ["[1]", "{}", '{"train": "a"}', '{"trains": []}', "{"])
def test_a_file_that_holds_no_lists_of_parts_is_refused(content, tmp_path):
    path = tmp_path / "parts.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"no lists of parts|no JSON"):
        read_parts(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_parts(tmp_path / "gone.json")


def test_a_file_is_read(tmp_path):
    path = tmp_path / "parts.json"
    path.write_text(json.dumps({"train": ["2008-06-03", 7]}))
    assert read_parts(path) == {"train": ["2008-06-03", "7"]}
