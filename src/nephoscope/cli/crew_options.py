"""Options that say by whom the work of a verb is done; no verb."""

from __future__ import annotations

from typing import Annotated

import typer


def _use(number: int | None) -> int | None:
    if number is not None:
        from nephoscope.workers import use_cores

        use_cores(number)
    return number


def _use_device(name: str | None) -> str | None:
    if name is not None:
        from nephoscope.apply.on_device import use_device

        use_device(name)
    return name


DeviceOption = Annotated[
    str | None,
    typer.Option(
        callback=_use_device,
        metavar="NAME",
        help="Where networks run, as torch calls it: cuda, cuda:1, mps. Workers of a cluster take "
        "it from NEPHOSCOPE_DEVICE. [default: cpu]",
    ),
]
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
