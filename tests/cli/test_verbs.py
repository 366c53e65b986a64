"""One place turns failures into messages and exit codes; verbs are found by their file."""

import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nephoscope import cli

FROB = '''
"""A verb that fails as it is told."""
from typing import Annotated
import typer
from nephoscope.errors import InputError, OutputError, UsageError

def frob(
    how: Annotated[str, typer.Argument(help="How to fail.")],
    loud: Annotated[bool, typer.Option(help="Say more.")] = False,
) -> None:
    """Fail in one of many ways."""
    if how == "wait":
        import time
        print("waiting", flush=True)
        time.sleep(60)
    if how == "exit":
        raise typer.Exit(1)
    raise {
        "input": InputError("map.jpeg", "is cut\\nshort", field="image", remedy="get it again"),
        "output": OutputError("out.nc: could not be written: No space left on device"),
        "usage": UsageError("--bounds and --bbox exclude each other"),
        "interrupt": KeyboardInterrupt(),
        "extra": ModuleNotFoundError("No module named 'lightning'", name="lightning.pytorch"),
        "module": ModuleNotFoundError("No module named 'frobnicate'", name="frobnicate"),
        "bug": ZeroDivisionError("a bug of ours"),
    }[how]
'''


@pytest.fixture
def verbs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The table of verbs with `frob` in it, whose file lies in another folder."""
    (tmp_path / "frob.py").write_text(FROB)
    monkeypatch.setattr(cli, "__path__", [*cli.__path__, str(tmp_path)])
    monkeypatch.setitem(cli.VERBS, "frob", "Fail as told.")
    monkeypatch.setitem(cli.VERBS, "unwritten", "No file holds it.")
    monkeypatch.delitem(sys.modules, "nephoscope.cli.frob", raising=False)
    return tmp_path


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, list(words))
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("how", "code", "message"),
    [
        ("input", 1, "nephoscope: map.jpeg [image]: is cut short (get it again)\n"),
        ("output", 1, "nephoscope: out.nc: could not be written: No space left on device\n"),
        ("usage", 2, "nephoscope: --bounds and --bbox exclude each other\n"),
        ("interrupt", 130, "nephoscope: interrupted; what was finished is kept\n"),
        (
            "extra",
            1,
            "nephoscope: lightning.pytorch is not installed: pip install 'nephoscope[train]'\n",
        ),
    ],
)
@pytest.mark.usefixtures("verbs")
def test_a_failure_is_one_line_on_stderr_and_a_code(how, code, message):
    assert run("frob", how) == (code, "", message)


@pytest.mark.usefixtures("verbs")
def test_the_exit_code_a_verb_chooses_is_kept():
    assert run("frob", "exit") == (1, "", "")


@pytest.mark.parametrize(("how", "kind"), [("bug", ZeroDivisionError), ("module", ImportError)])
@pytest.mark.usefixtures("verbs")
def test_a_bug_keeps_its_traceback(how, kind):
    result = CliRunner().invoke(cli.app, ["frob", how])
    assert result.exit_code == 1
    assert isinstance(result.exception, kind)


@pytest.mark.usefixtures("verbs")
def test_help_lists_the_verbs_that_have_a_file():
    code, out, _ = run("--help")
    assert code == 0
    assert "Fail as told." in out
    assert "unwritten" not in out


@pytest.mark.usefixtures("verbs")
def test_help_of_a_verb_is_that_of_its_function():
    code, out, _ = run("frob", "--help")
    assert code == 0
    assert "Fail in one of many ways." in out
    assert "--loud" in out
    assert "Usage: root frob" in out or "Usage: nephoscope frob" in out


@pytest.mark.parametrize(
    "words",
    [("unwritten",), ("nonsense",), ("frob",), ("frob", "exit", "--quiet"), ("--nonsense",)],
)
@pytest.mark.usefixtures("verbs")
def test_wrong_usage_is_2(words):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "Error" in err


def test_version_is_that_of_the_package():
    assert run("--version") == (0, f"nephoscope {version('nephoscope')}\n", "")


def test_no_verb_shows_the_help():
    _, out, err = run()
    assert "Usage:" in out + err


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_that_is_listed_has_a_help_page(verb):
    code, out, err = run(verb, "--help")
    assert code == 0, err
    assert "Usage:" in out


def test_ctrl_c_is_a_short_message_and_130(verbs):
    script = (
        "import sys\nfrom nephoscope import cli\n"
        f"cli.__path__.append({str(verbs)!r})\ncli.VERBS['frob'] = ''\n"
        "sys.argv = ['nephoscope', 'frob', 'wait']\ncli.main()\n"
    )
    process = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == "nephoscope: interrupted; what was finished is kept\n"


def test_python_dash_m_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "nephoscope", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"nephoscope {version('nephoscope')}\n"


@pytest.mark.parametrize(
    "words", [["predict", "otsu"], ["bin"], ["background", "sky"], ["build", "sky-state"], ["plot"]]
)
def test_an_input_that_cannot_be_opened_is_no_wrong_usage(words, tmp_path, monkeypatch):
    """Else one file among thousands that a shell's * names would refuse them all."""
    (tmp_path / "locked.fits").write_bytes(b"")
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    code, _, err = run(*words, str(tmp_path / "locked.fits"), "-o", str(tmp_path / "out"))
    assert code in (1, 2)
    assert "readable" not in err.replace("readable NetCDF", "")
