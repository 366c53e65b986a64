"""Credentials are found where they may lie, and shown nowhere."""

from __future__ import annotations

import pickle
import traceback
from pathlib import Path

import pytest

from nephoscope.archives.credentials import CredentialsError, Login, find_login, need_login


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return tmp_path


def write_netrc(home: Path, text: str, mode: int = 0o600) -> None:
    (home / ".netrc").write_text(text)
    (home / ".netrc").chmod(mode)


def test_the_environment_is_asked_first(home):
    write_netrc(home, "machine h login other password else\n")
    login, _ = find_login("h", "X", {"X_USER": "me", "X_PASSWORD": "topsecret"})
    assert login == Login("me", "topsecret", None, "environment")


def test_netrc_is_asked_for_the_host_alone(home):
    write_netrc(home, "machine h login me password topsecret\ndefault login all password any\n")
    login, _ = find_login("h", "X", {})
    assert login is not None
    assert (login.user, login.password) == ("me", "topsecret")
    assert find_login("other", "X", {})[0] is None


def test_a_netrc_that_others_can_read_is_refused(home):
    write_netrc(home, "machine h login me password topsecret\n", 0o644)
    with pytest.raises(CredentialsError, match="chmod 600") as caught:
        find_login("h", "X", {})
    assert "topsecret" not in str(caught.value)


def test_a_damaged_netrc_is_not_quoted(home):
    write_netrc(home, "machine h login me password x topsecret more\n")
    with pytest.raises(CredentialsError, match="line 1") as caught:
        find_login("h", "X", {})
    assert "topsecret" not in "".join(traceback.format_exception(caught.value))


def test_where_was_looked_is_said_and_how_one_gets_an_account(home):
    with pytest.raises(CredentialsError) as caught:
        need_login("h", "X", "Register at example.org.", {"X_USER": "me"})
    said = str(caught.value)
    for part in ("X_USER is set alone", ".netrc: is not there", "keyring", "Register"):
        assert part in said


def test_a_login_shows_no_secret(home):
    login = Login("me", "topsecret", None, "environment")
    assert "topsecret" not in f"{login} {login!r}"
    assert login.hide("530 topsecret is wrong") == "530 *** is wrong"
    assert pickle.loads(pickle.dumps(login)) == login  # noqa: S301
