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
Product = Annotated[
    list[str] | None, typer.Option("--product", help="Archives: which product; may be repeated.")
]
From = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="Archives: first day, e.g. 2009-07-01.")
]
To = Annotated[
    str | None, typer.Option("--to", metavar="DAY", help="Archives: last day. [default: the first]")
]
Pair = Annotated[
    bool,
    typer.Option("--pair", help="icare: only half orbits of PARASOL that CALIPSO follows by day."),
]
Daytime = Annotated[bool, typer.Option("--daytime", help="icare: no granules of the night side.")]
Step = Annotated[
    int | None, typer.Option(min=15, help="eumetsat: minutes between pictures. [default: 15]")
]
Bbox = Annotated[
    str | None, typer.Option(metavar="W,S,E,N", help="eumetsat: degrees that pictures must show.")
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Archives: list again what was listed before.")
]
Limit = Annotated[
    str | None,
    typer.Option(help="Bytes that the folder may hold, e.g. 100GB: the first fetched go first."),
]
KeepArchives = Annotated[
    bool, typer.Option("--keep-archives", help="Keep zip and tar files beside what was in them.")
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
HostKey = Annotated[
    str | None,
    typer.Option(
        metavar="SHA256:...", help="SFTP: take a host key of this fingerprint, though not known."
    ),
]
Verify = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Compare what was fetched into DIR with its sha256."),
]
