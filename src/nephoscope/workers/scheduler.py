"""Scheduler of Dask: where it is, whether it answers, and with which certificates.

It is asked once before a client is made of it: a client that cannot connect stays for many seconds,
and one that meets something other than a scheduler waits forever.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nephoscope.errors import NephoscopeError, UsageError, shown

if TYPE_CHECKING:
    from distributed import Client

ANSWER = 5.0
"""Seconds in which a scheduler answers."""
_VARIABLE = "DASK_DISTRIBUTED__COMM__"
_CERTIFICATES = {
    "tls_ca_file": "TLS__CA_FILE",
    "tls_client_cert": "TLS__CLIENT__CERT",
    "tls_client_key": "TLS__CLIENT__KEY",
}
"""Names of `distributed.Security` and those of Dask's variables, in the order of the docs."""


def connect(scheduler: str) -> Client:
    """A client of a scheduler.

    Args:
        scheduler: "tcp://host:port", "tls://host:port", or the path of a scheduler file.

    Raises:
        UsageError: there is none, or it and this run do not accept each other's certificates.
    """
    from distributed import Client

    # What it says of itself on stderr is said in our own words.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    address = _address(scheduler)
    try:
        arguments = _arguments(address)
        with ThreadPoolExecutor(1) as beside:  # here a loop may run already, as in a notebook
            beside.submit(asyncio.run, _ask(address, arguments)).result()
        return Client(address, timeout=ANSWER, set_as_default=False)
    except NephoscopeError as error:
        raise UsageError(f"--scheduler {scheduler}: {error}") from error
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise UsageError(f"--scheduler {scheduler}: {_why(address, error)}") from error


def _address(scheduler: str) -> str:
    """The address, or that which a scheduler file holds."""
    path = Path(scheduler)
    if "://" in scheduler or not (path.exists() or "/" in scheduler):
        return scheduler
    if not path.is_file():
        raise UsageError(f"--scheduler {scheduler}: there is no such scheduler file")
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"--scheduler {scheduler}: is no scheduler file: name the one that "
            "`dask scheduler --scheduler-file` writes, or give an address"
        ) from error


def _arguments(address: str) -> dict[str, Any]:
    """What Dask's configuration says of how to connect.

    Raises:
        NephoscopeError: it does not fit the address.
    """
    from distributed import Security

    security = Security()
    if not address.startswith("tls://"):
        if security.require_encryption:
            raise NephoscopeError(
                f"is not encrypted, and {_VARIABLE}REQUIRE_ENCRYPTION wants that: give the "
                "tls:// address of a scheduler that was started with --protocol tls"
            )
        return {}
    for name, variable in _CERTIFICATES.items():
        given = getattr(security, name)
        if not given:
            raise NephoscopeError(
                f"tls:// needs certificates: set {_VARIABLE}{variable} (of CA_FILE, CLIENT__CERT "
                "and CLIENT__KEY) to those that the scheduler was started with"
            )
        if "\n" not in given and not Path(given).is_file():  # the text itself is taken as well
            raise NephoscopeError(
                f"{shown(Path(given))}, named by {_VARIABLE}{variable}, is not there: name the "
                "file that the scheduler was started with"
            )
    try:
        found: dict[str, Any] = security.get_connection_args("client")
    except ssl.SSLError as error:
        raise NephoscopeError(
            f"the files that {_VARIABLE}TLS__... name are no certificate of an authority, "
            f"certificate and key in PEM that belong together ({error.reason or error})"
        ) from error
    return found


async def _ask(address: str, arguments: dict[str, Any]) -> None:
    """See that a program of Dask answers."""
    from distributed.comm import connect as reach

    async def greeted() -> None:
        comm = await reach(address, timeout=ANSWER, **arguments)
        await comm.close()

    try:
        await asyncio.wait_for(greeted(), ANSWER + 1)
    except TimeoutError as error:
        raise NephoscopeError("what listens there is no scheduler of Dask: " + _START) from error


_START = (
    "start one with `dask scheduler` on a machine that this one can reach, and give the address "
    "that it prints"
)


def _why(address: str, error: BaseException) -> str:
    """Why there was no connection, and what to do."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    refused = next((each for each in causes if isinstance(each, ssl.SSLError)), None)
    if isinstance(refused, ssl.SSLCertVerificationError):
        return (
            f"its certificate does not hold before the authority of {_VARIABLE}TLS__CA_FILE "
            f"({refused.verify_message}): name the authority that the scheduler was started with"
        )
    if refused is not None and refused.reason == "WRONG_VERSION_NUMBER":
        return (
            "there is a program there that speaks no TLS: give its tcp:// address, or start it "
            "with --protocol tls"
        )
    reason = str(error) or type(error).__name__
    if refused is not None or (address.startswith("tls://") and "SSL" in reason):
        return (
            f"the scheduler there does not accept {_VARIABLE}TLS__CLIENT__CERT: give a certificate "
            "of the authority that it was started with"
        )
    if any(isinstance(each, ConnectionResetError) for each in causes):
        return (
            "what listens there ends the connection: if it was started with --protocol tls, give "
            "its tls:// address and the certificates; otherwise " + _START
        )
    return f"no scheduler answers there ({reason}): {_START}"
