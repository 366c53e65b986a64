"""Options that say by whom the work of a verb is done; no verb."""

from __future__ import annotations

from typing import Annotated

import typer


def _use(number: int | None) -> int | None:
    if number is not None:
        from nephoscope.workers import use_cores

        use_cores(number)
    return number


ThreadsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        callback=_use,
        help="Processors to use on this machine, in all processes. [default: all]",
    ),
]
WorkersOption = Annotated[int | None, typer.Option(min=1, help="Processes. [default: 1]")]
SchedulerOption = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Have a Dask cluster do it: tcp://HOST:PORT of its scheduler, or a scheduler file.",
        show_default=False,
    ),
]
