"""Names that archives give never lead out of the folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.archives.names import safe_path
from nephoscope.errors import InputError


@pytest.mark.parametrize(
    "path",
    ["../f", "/etc/passwd", "a/../../f", "a//f", "", "a/.", "C:/f", "C:\\f", "..", "a/. ./f", "a/"],
)
def test_what_leads_elsewhere_is_refused(path):
    with pytest.raises(InputError, match="refused"):
        safe_path(path)


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("2009/a b.hdf", "2009/a b.hdf"),
        ("a\nb", "a%0Ab"),
        ("12:30.nc", "12%3A30.nc"),
        ("a\\..\\b", "a%5C..%5Cb"),
        (".netrc", "%2Enetrc"),
        ("CON.txt", "%43ON.txt"),
        ("f.", "f%2E"),
        ("a\u2028b\u202e", "a%E2%80%A8b%E2%80%AE"),
        ("\udcff", "%FF"),
        ("naïve.nc", "naïve.nc"),
    ],
)
def test_letters_that_do_harm_are_escaped(path, safe):
    assert str(safe_path(path)) == safe


@given(st.text(max_size=40))
def test_any_name_stays_below_the_folder_or_is_refused(text):
    try:
        path = safe_path(text)
    except InputError:
        return
    assert not path.is_absolute()
    final = Path("/top/folder") / path
    assert Path("/top/folder") in [*final.parents]
    assert ".." not in path.parts
    assert not any(part.startswith(".") for part in path.parts)
