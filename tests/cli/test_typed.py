"""Histories hold the command with names of files, never where they lie."""

import pytest

from nephoscope.cli.typed import typed_command


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
