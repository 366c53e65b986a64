"""`nephoscope view`: explore products in a browser of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def view(
    products: Annotated[
        list[Path],
        typer.Argument(
            readable=False, metavar="PRODUCT...", help="NetCDF files, Zarr stores, or folders."
        ),
    ],
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="To listen at; 0: any that is free.")
    ] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser too.")
    ] = True,
) -> None:
    """Serve a page on which products are stepped through; a click shows a profile.

    Only this machine is served, and only who has the whole address. Ctrl-C ends it.
    """
    import webbrowser

    from nephoscope.cli.plot_ice import series_of
    from nephoscope.errors import InputError
    from nephoscope.products.series import open_series
    from nephoscope.viewer.answers import Answers
    from nephoscope.viewer.server import Explorer

    with open_series(series_of(products)) as named:
        if not named:
            raise InputError(products[0], "holds no slot that was made")
        answers = Answers([slot for _, slot in named], [name for name, _ in named])
        with Explorer(answers, port) as server:
            typer.echo(f"{len(named)} products at {server.address}")
            typer.echo("Ctrl-C ends it", err=True)
            if browser:
                webbrowser.open(server.address)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                typer.echo("ended", err=True)
