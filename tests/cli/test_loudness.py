"""-q, -v and neither: what verbs say of each input, of problems and in the end."""

import re
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from nephoscope import cli
from nephoscope.apply.jobs import Job
from nephoscope.apply.journal import Event
from nephoscope.cli import loudness as room
from nephoscope.cli import run_report
from nephoscope.cli.background import of_maps
from nephoscope.cli.run_report import run_progress
from nephoscope.instruments import SceneFile
from nephoscope.recipe import load_recipe


def _invoke(*words):
    said = CliRunner().invoke(cli.app, [str(word) for word in words])
    return said.exit_code, said.stdout.splitlines(), said.stderr.splitlines()


@pytest.fixture
def frames(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (48, 32), (60, 90 + number, 200)).save(folder / f"{number}.png")
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


def _predicted(frames, *words):
    out = frames.parent / f"out{len(words)}{''.join(words)}"
    formula = "blue-red"
    return _invoke("predict", formula, frames, "-o", out, "--no-picture", "--workers", 1, *words)


def test_predict_names_each_input_only_when_asked(frames):
    code, out, err = _predicted(frames, "-v")
    assert code == 1
    assert [line[:8] for line in out[:-1]] == [f"{n}/4 done" for n in (1, 2, 3)]
    assert sum("bad.png" in line for line in err) == 1
    for words in ((), ("-q",)):
        code, lines, errors = _predicted(frames, *words)
        assert code == 1
        assert len(lines) == 2
        assert re.fullmatch(r"(clear|cloudy|unknown): 3", lines[0])
        assert lines[1].startswith("3 done, 0 skipped (already there), 1 failed")
        assert [line for line in errors if "bad.png" in line] == errors


def test_usually_there_is_a_line_of_progress_now_and_then(frames, monkeypatch):
    monkeypatch.setattr(room, "SECONDS", 0.0)
    _, _, err = _predicted(frames)
    progress = [line for line in err if line.startswith("predicting ")]
    assert [line.split(",")[0] for line in progress] == [f"predicting {n}/4" for n in range(1, 5)]
    assert all(" left" in line for line in progress[:-1])
    assert " left" not in progress[-1]
    assert not any(line.startswith("predicting ") for line in _predicted(frames, "-q")[2])


@pytest.mark.parametrize(("words", "named"), [((), 0), (("-q",), 0), (("-v",), 2)])
def test_a_bar_s_lines_follow_the_same_rule(words, named, tmp_path):
    code, out, err = _invoke("simulate", "sky", "-o", tmp_path, "--scenes", 2, *words)
    assert code == 0
    assert out == [f"2 frames in {tmp_path}"]
    assert sum(re.match(r"simulating \d/2 ", line) is not None for line in err) == named


def test_both_are_a_wrong_usage(tmp_path):
    code, _, err = _invoke("simulate", "sky", "-o", tmp_path, "-q", "-v")
    assert code == 2
    assert "-q and -v: one of them" in err[-1]


def test_the_rate_counts_what_is_tried_now(monkeypatch):
    clock = iter([100.0, 104.0, 104.0, 104.0])
    monkeypatch.setattr(room.time, "monotonic", lambda: next(clock))
    pace = room.Pace()
    for tried in (False, True, True):
        pace.count(tried)
    # Two in four seconds, seven to go.
    assert pace.line(3, 10) == "3/10, 30.0/min, 0:00:14 left"


def test_lines_come_soon_at_first_and_then_each_minute(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(room, "SECONDS", 10.0)
    monkeypatch.setattr(room, "LATER", 60.0)
    monkeypatch.setattr(room.time, "monotonic", lambda: clock[0])
    pace, said = room.Pace(), []
    for second in range(300):
        clock[0] = float(second)
        said += [second] if pace.due() else []
    assert said == [10, 20, 30, 40, 50, 60, 120, 180, 240]


@pytest.mark.parametrize("how", room.Loudness)
def test_what_takes_a_while_is_said_unless_quiet(how, capsys, monkeypatch):
    monkeypatch.setattr(room, "loudness", lambda: how)
    room.tell_stage("drawing")
    said = capsys.readouterr().err.splitlines()
    assert said == ([] if how is room.Loudness.QUIET else ["drawing ..."])


def _noted(*notes):
    return [Event(None, "done", None, n, len(notes), note) for n, note in enumerate(notes, 1)]


def _under_way(share, number=0):
    job = Job(SceneFile(Path("raw/slot.nat"), "slot"), Path("out/slot.nc"))
    return Event(job, "under way", None, number, 4, share=share)


@pytest.mark.parametrize(("how", "quick"), [(0, False), (1, False), (-1, False), (0, True)])
def test_how_far_an_input_is_that_takes_long_is_said(how, quick, capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(room.time, "monotonic", lambda: now[0])  # the one clock of all rooms
    monkeypatch.setattr(room, "SECONDS", 10.0)
    monkeypatch.setattr(room, "LATER", 60.0)
    for each in (room, run_report):
        monkeypatch.setattr(each, "loudness", lambda: room.Loudness(how))
    with run_progress(hint="use a box") as tell:
        for number in range(2):
            for share in (0.0, 0.125, 0.25, 0.5, 1.0):
                tell(_under_way(share, number))
                now[0] += 0.1 if quick else 100 * (2 if share else 1)
    said = capsys.readouterr().err.splitlines()
    if how < 0 or quick:
        assert said == []
        return
    once = [
        "predicting slot: 12%, 0:11:40 left of it",
        "predicting slot: 25%, 0:15:00 left of it",
        "predicting slot: 50%, 0:08:20 left of it",
        "predicting slot: made, now drawn and written",
    ]
    assert said == [once[0], "predicting use a box", *once[1:], *once]


@pytest.mark.parametrize("how", room.Loudness)
def test_what_is_said_of_inputs_is_counted_where_no_line_tells_it(how, capsys, monkeypatch):
    monkeypatch.setattr("nephoscope.cli.run_report.loudness", lambda: how)
    lacking = [f"channel {number} holds no measurement" for number in range(6)]
    with run_progress() as tell:
        for event in _noted("cloudy, cloud 9%", "", "cloudy, cloud 7%", *lacking):
            tell(event)
    said = capsys.readouterr().out.splitlines()
    named = ", ".join(f"{remark}: 1" for remark in lacking[:4])
    counted = f"cloudy: 2, {named}, 2 other remarks (-v)"
    assert said == ([] if how is room.Loudness.VERBOSE else [counted])


def test_a_background_says_how_far_it_is(capsys, monkeypatch):
    def build(files, recipe, on_error, open_scene):
        return [open_scene(file.path) for file in files]

    monkeypatch.setattr(room, "SECONDS", 0.0)
    monkeypatch.setattr("nephoscope.background.build_background", build)
    monkeypatch.setattr("nephoscope.instruments.open_scene", lambda path, instrument: path.stem)
    files = [SceneFile(Path(f"{name}.jpg"), name) for name in "abc"]
    assert of_maps(files, load_recipe("mars"), print) == ["a", "b", "c"]
    said = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in said] == [f"reading {n}/3" for n in (1, 2, 3)]


@pytest.mark.parametrize("words", [("-v", "--no-such-option"), ("-v", "-q"), ("-v",)])
def test_what_one_verb_was_asked_the_next_one_was_not(words, tmp_path):
    _invoke("simulate", "sky", "-o", tmp_path, "--scenes", 1, *words)
    assert room.loudness() is room.Loudness.USUAL
