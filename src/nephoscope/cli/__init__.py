"""The command line: one verb a file, imported only when it is called.

`cli/<verb>.py` defines a function (or a `typer.Typer`) named after the verb. A verb is listed from
the day its file exists.
"""

from __future__ import annotations

import io
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as command_of

from nephoscope.errors import NephoscopeError, PreemptedError, UsageError
from nephoscope.extras import extra_of, remedy

VERBS = {
    "demo": "Simulate a scene, predict it with the shipped model, show how good it is.",
    "simulate": "Write raw files in an instrument's own format, with the truth beside them.",
    "fetch": "Fetch raw files from an archive, resumed and verified.",
    "info": "Say what a file, store, model, product or report is, and what to do with it.",
    "inspect": "Say what a folder of raw files holds by day and product, and what lacks.",
    "doctor": "Look at the installation: parts, credentials, disk, GPU.",
    "bin": "Write block means of thermal sky-camera frames.",
    "background": "Build what the clear scene looks like at each place.",
    "build": "Read raw files with their labels and write training samples.",
    "split": "Divide samples into train, validation and test parts.",
    "train": "Fit a recipe's network to samples and write a model folder.",
    "tune": "Search for the best settings of a recipe.",
    "study": "Find out what a network needs of all that it sees.",
    "evaluate": "Score a model on samples, beside trivial baselines.",
    "leaderboard": "Put reports side by side on a static page.",
    "predict": "Apply a model to files, folders or trees and write products.",
    "plot": "Draw quick-looks of products, spectra and neighbours of frames.",
    "view": "Explore products in a browser: step, click for a profile, draw a curtain.",
    "recipes": "List, show and export recipes.",
    "models": "List, show, verify and export models.",
}

INTERRUPTED, TERMINATED = 130, 143  # the shell's convention: 128 + SIGINT, + SIGTERM


class _Verb(TyperCommand):
    """Stands in for a verb until it is called, so that `--help` imports none of them."""

    def load(self) -> TyperCommand | TyperGroup:
        """Import the verb's file and make the real command."""
        verb = str(self.name)
        found = getattr(import_module(f"{__name__}.{verb}"), verb)
        if not isinstance(found, typer.Typer):
            single = typer.Typer(add_completion=False, rich_markup_mode=None)
            single.command(verb)(found)
            found = single
        return command_of(found)  # type: ignore[return-value]

    def make_context(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401 - click's, private
        return self.load().make_context(*args, **extra)


class _Verbs(TyperGroup):
    """The verbs that exist, and the one place where failures become messages and exit codes."""

    def list_commands(self, ctx: object) -> list[str]:
        return [verb for verb in VERBS if find_spec(f"{__name__}.{verb}")]

    def get_command(self, ctx: object, cmd_name: str) -> _Verb | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        return _Verb(cmd_name, help=VERBS[cmd_name], rich_markup_mode=None)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - click's, private
        try:
            return super().invoke(ctx)
        except UsageError as error:
            raise _stop(str(error), code=2) from error
        except PreemptedError as error:
            raise _stop(str(error), code=TERMINATED) from error
        except NephoscopeError as error:
            raise _stop(str(error), code=1) from error
        except ModuleNotFoundError as error:
            extra = extra_of(error.name or "")
            if extra is None:
                raise
            raise _stop(f"{error.name} is not installed: {remedy(extra)}", code=1) from error
        except KeyboardInterrupt as error:
            raise _stop("interrupted; what was finished is kept", code=INTERRUPTED) from error
        finally:
            _forget_loudness()


def _forget_loudness() -> None:
    """What one verb was asked, the next one in this process was not."""
    from nephoscope.cli.loudness import forget  # not loaded by `--help`

    forget()


def _stop(message: str, code: int) -> typer.Exit:
    one_line = " ".join(line.strip() for line in message.splitlines())
    typer.echo(f"nephoscope: {one_line}", err=True)
    return typer.Exit(code)


app = typer.Typer(
    cls=_Verbs,
    name="nephoscope",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        import nephoscope

        typer.echo(f"nephoscope {nephoscope.__version__}")
        raise typer.Exit


@app.callback()
def _face(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Cloud masks, types and ice profiles from pictures of the sky, by deep learning."""


def main() -> None:
    """Run the command line; the exit code is 0, 1 (failed inputs) or 2 (wrong usage)."""
    for stream in (sys.stdout, sys.stderr):
        # A console of another encoding, or a name in none, must not end a run.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="nephoscope")
