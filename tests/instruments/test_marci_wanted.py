"""Maps chosen by season: spans over the turn of the year, maps without a season, broken tables."""

import numpy as np
import pytest
from typer.testing import CliRunner

from nephoscope import cli
from nephoscope.errors import UsageError
from nephoscope.folders import LeftOut
from nephoscope.instruments import instrument_named
from nephoscope.instruments.marci import seasons
from nephoscope.instruments.marci.tables import Season
from nephoscope.instruments.scene_file import SceneFile

LS = {"a": 0.0, "b": 15.0, "c": 180.0, "d": 340.0, "e": 359.9}


@pytest.fixture
def scenes(monkeypatch, tmp_path):
    found = {name: Season(28, ls) for name, ls in LS.items()}
    monkeypatch.setattr(seasons, "find_season", lambda path: found.get(path.stem))
    return [SceneFile(tmp_path / f"{name}.jpg", name) for name in (*LS, "unknown")]


@pytest.mark.parametrize(
    ("span", "taken"),
    [
        ((0, 360), "abcde"),
        ((0, 15), "a"),
        ((340, 20), "abde"),
        ((15, 340), "bc"),
        ((350, 360), "e"),
    ],
)
def test_a_span_goes_from_its_first_ls_to_before_the_other(span, taken, scenes):
    left_out = LeftOut()
    wanted = instrument_named("marci").wanted(scenes, {"ls": span}, left_out=left_out)
    assert "".join(scene.id for scene in wanted) == taken
    # By a walk along the year, degree by degree.
    first, behind = span
    within = np.arange(first, behind if behind > first else behind + 360, 0.1) % 360
    assert taken == "".join(n for n, ls in LS.items() if np.isclose(within, ls).any())
    assert [path.stem for path in left_out.kinds[seasons.UNDATED]] == ["unknown"]


def test_without_a_span_all_are_taken(scenes):
    assert instrument_named("marci").wanted(scenes, {}, left_out=LeftOut()) == scenes


def test_a_season_of_no_map_is_named(scenes):
    with pytest.raises(UsageError, match="--ls 20,30: none of 6 maps is of this season"):
        instrument_named("marci").wanted(scenes, {"ls": (20, 30)}, left_out=LeftOut())


@pytest.mark.parametrize("text", ["340", "a,b", "10,10", "-1,5", "0,361", "nan,3"])
def test_what_is_no_span_is_refused(text, tmp_path):
    said = CliRunner().invoke(cli.app, ["predict", "mars", str(tmp_path), "-o", "x", "--ls", text])
    assert said.exit_code == 2
    assert "write it as FROM,TO in degrees of Ls" in said.output
