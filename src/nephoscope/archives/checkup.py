"""Checkup of an installation: parts, versions, memory, disk, GPU, credentials, reachability."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from nephoscope.archives.credentials import find_login
from nephoscope.archives.facts import cache_folder, facts_file
from nephoscope.archives.pace import size_text
from nephoscope.archives.sources import source_named, source_names
from nephoscope.errors import NephoscopeError, shown
from nephoscope.extras import PACKAGES, is_there, remedy
from nephoscope.workers import cores, spare_memory

Line = tuple[str, str, bool]
"""What was looked at, what was found, and whether it is as it should be."""
_SECONDS = 10


def environment() -> Iterator[Line]:
    """Python, this package, processors, memory and the disk."""
    yield "python", f"{platform.python_version()} on {platform.platform()}", True
    yield "nephoscope", _version_of("nephoscope"), True
    yield "processors", str(cores()), True
    if memory := spare_memory():
        yield "free memory", size_text(memory), True
    for name, place in (("here", Path.cwd()), ("home", Path.home())):
        try:
            yield f"free disk ({name})", size_text(shutil.disk_usage(place).free), True
        except OSError as error:
            yield f"free disk ({name})", str(error.strerror), False


def parts() -> Iterator[Line]:
    """The extras and the versions of their packages."""
    known = packages_distributions()
    for extra, packages in PACKAGES.items():
        missing = [name for name in packages if not is_there(name)]
        if missing:
            yield extra, f"lacks {', '.join(missing)}: {remedy(extra)}", True
            continue
        names = [known.get(name, [name])[0] for name in packages]
        yield extra, ", ".join(f"{name} {_version_of(name)}" for name in names), True


def gpu() -> Line:
    """The GPU that training would use."""
    if not is_there("torch"):
        return "GPU", "not looked for: torch is not installed", True
    import torch

    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
        return "GPU", ", ".join(names), True
    return "GPU", "none; training runs on the processors", True


def credentials() -> Iterator[Line]:
    """Where the credentials of each source were found; never what they are."""
    for name in source_names():
        module = source_named(name)
        if not module.PREFIX:
            continue
        try:
            login, looked = find_login(module.host()[0], module.PREFIX, os.environ)
        except NephoscopeError as error:
            yield name, str(error), False
            continue
        if login is not None:
            yield name, f"credentials found: {login.found_in}", True
        else:
            yield name, f"no credentials ({'; '.join(looked)}). {module.ACCOUNT}", True


def configuration() -> Iterator[Line]:
    """Files that say where archives are, and where listings are kept."""
    path = facts_file()
    yield "own facts of archives", shown(path) + ("" if path.is_file() else " (not there)"), True
    yield "kept listings", shown(cache_folder()), True


def reachability() -> Iterator[Line]:
    """Whether the host of each source answers; no login is tried."""
    for name in source_names():
        try:
            place = source_named(name).host()
        except NephoscopeError as error:
            yield name, str(error), False
            continue
        if place is None:
            continue
        host, port = place
        try:
            socket.create_connection((host, port), _SECONDS).close()
            yield name, f"{host}:{port} answers", True
        except OSError as error:
            yield name, f"{host}:{port} does not answer: {error.strerror or error}", False


CHECKS: dict[str, Callable[[], Iterator[Line]]] = {
    "environment": environment,
    "parts": parts,
    "archives": credentials,
    "configuration": configuration,
}
"""What is looked at without asking any other machine."""


def _version_of(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return f"(not installed; {shown(sys.prefix)})"
