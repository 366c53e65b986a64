"""Histories hold the command with names of files, never where they lie."""

import pytest

from nephoscope.cli.typed import HOW_SHARED, typed_command


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["predict", "mars", "/home/anna/maps/P01", "../other", "-o", "/scratch/anna/out/"],
            "nephoscope predict mars P01 other -o out",
        ),
        (
            ["predict", "sky", r"C:\Users\Anna\night 1", "--background=/home/anna/clear.nc"],
            "nephoscope predict sky 'night 1' --background=clear.nc",
        ),
        (["predict", "mars", "maps", "--shard", "2/8"], "nephoscope predict mars maps --shard 2/8"),
        (["predict", "mars", "maps", "--bbox", "-30,-10,40.5,20"],
         "nephoscope predict mars maps --bbox -30,-10,40.5,20"),
        (["predict", "mars", "/"], "nephoscope predict mars /"),
    ],
)  # fmt: skip
def test_paths_are_cut_down_to_their_names(arguments, expected):
    assert typed_command(arguments) == expected


def test_by_whom_work_was_done_is_left_out():
    words = ["predict", "mars", "maps", "--workers", "4", "-o", "out", "--shard=2/8", "--json"]
    assert typed_command(words, HOW_SHARED) == "nephoscope predict mars maps -o out"
    assert typed_command(["predict", "--scheduler"], HOW_SHARED) == "nephoscope predict"
