"""Credentials: user, password and key from the environment, `~/.netrc` or keyring; never shown."""

from __future__ import annotations

import netrc
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nephoscope.errors import NephoscopeError, shown
from nephoscope.extras import is_there

HIDDEN = "***"


class CredentialsError(NephoscopeError):
    """Credentials are missing, or lie where others can read them."""


@dataclass(frozen=True)
class Login:
    """User with password or private key; neither is in its repr.

    Attributes:
        user: name at the archive.
        password: or secret; of the key if there is one.
        key: file of the private key for SSH.
        found_in: where it was found.
    """

    user: str = field(repr=False)
    password: str = field(default="", repr=False)
    key: Path | None = None
    found_in: str = ""

    def hide(self, text: str) -> str:
        """`text` without the password, should a server repeat it."""
        return text.replace(self.password, HIDDEN) if self.password else text


def find_login(
    host: str, prefix: str = "", environment: Mapping[str, str] = os.environ
) -> tuple[Login | None, list[str]]:
    """Look for the credentials of a host.

    Args:
        host: its name; `.netrc` and keyring are asked for it.
        prefix: begins the names in the environment: `<prefix>_USER`, `_PASSWORD`, `_KEY`; "" asks
            no environment.
        environment: variables.

    Returns:
        them, None where there are none, and a line for each place that was looked at.

    Raises:
        CredentialsError: `.netrc` can be read by others, or is damaged.
    """
    looked: list[str] = []
    for login in (
        _from_environment(prefix, environment, looked),
        _from_netrc(host, environment, looked),
        _from_keyring(host, looked),
    ):
        if login is not None:
            return login, looked
    return None, looked


def need_login(
    host: str, prefix: str, account: str, environment: Mapping[str, str] = os.environ
) -> Login:
    """The credentials of a host.

    Args:
        host: its name.
        prefix: see `find_login`.
        account: how one gets an account.
        environment: variables.

    Raises:
        CredentialsError: there are none; it says where was looked.
    """
    login, looked = find_login(host, prefix, environment)
    if login is None:
        raise CredentialsError(f"no credentials for {host}: {'; '.join(looked)}. {account}")
    return login


def _from_environment(
    prefix: str, environment: Mapping[str, str], looked: list[str]
) -> Login | None:
    if not prefix:
        return None
    user, password, key = (
        environment.get(f"{prefix}_{what}", "") for what in ("USER", "PASSWORD", "KEY")
    )
    if user and (password or key):
        return Login(user, password, Path(key).expanduser() if key else None, "environment")
    state = "is set alone" if user else "is not set"
    looked.append(f"environment: {prefix}_USER {state} (with {prefix}_PASSWORD or {prefix}_KEY)")
    return None


def _from_netrc(host: str, environment: Mapping[str, str], looked: list[str]) -> Login | None:
    path = Path(environment.get("NETRC") or Path.home() / ".netrc")
    try:
        mode = path.stat().st_mode
    except OSError:
        looked.append(f"{shown(path)}: is not there")
        return None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CredentialsError(
            f"{shown(path)}: others can read it; close it (chmod 600 {shown(path)}), and change "
            "the passwords in it if others use this machine"
        )
    try:
        # Only the host's own entry: a `default` would be sent to whoever asks.
        found = netrc.netrc(path).hosts.get(host)
    except netrc.NetrcParseError as error:
        # Its message may quote a password.
        raise CredentialsError(
            f"{shown(path)}, line {error.lineno}: cannot be understood"
        ) from None
    except (OSError, UnicodeDecodeError):
        raise CredentialsError(f"{shown(path)}: cannot be read") from None
    if found is None or not found[2]:
        looked.append(f"{shown(path)}: has no entry for {host}")
        return None
    return Login(found[0] or "", found[2], None, shown(path))


def _from_keyring(host: str, looked: list[str]) -> Login | None:
    if not is_there("keyring"):
        looked.append("keyring: is not installed")
        return None
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_credential(host, None)
    except (KeyringError, RuntimeError, OSError):
        looked.append("keyring: has no store that can be opened here")
        return None
    if found is None or not found.password:
        looked.append(f"keyring: has nothing for the service {host}")
        return None
    return Login(found.username, found.password, None, "keyring")
