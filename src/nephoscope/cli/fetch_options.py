"""Options of `nephoscope fetch`; no verb."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[str | None, typer.Argument(help="Where from: url, or an archive by name.")]
Items = Annotated[list[str] | None, typer.Argument(metavar="URL...", help="url: what to fetch.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Folder to write to.")]
Listed = Annotated[
    Path | None,
    typer.Option("--list", help="url: text file with a URL a line, then its checksum."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say how many files and bytes; fetch nothing.")
]
Streams = Annotated[int, typer.Option(min=1, max=32, help="Connections to a host.")]
Rate = Annotated[str | None, typer.Option(help="Bytes per second, e.g. 20MB. [default: no limit]")]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds without a byte.")]
Retries = Annotated[
    int, typer.Option(min=0, help="Attempts without a new byte before a file is given up.")
]
AllowPlaintext = Annotated[
    bool, typer.Option("--allow-plaintext", help="Allow plain FTP, and HTTP with a password.")
]
Verify = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Compare what was fetched into DIR with its sha256."),
]
