"""Facts of a source, hosts, roots and products: its own table, over which a user's file is laid."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from nephoscope.errors import InputError
from nephoscope.recipe.plain_yaml import read_yaml

VARIABLE = "NEPHOSCOPE_ARCHIVES"
"""Names a YAML file of facts, instead of that in the user's configuration folder."""


class Facts(BaseModel):
    """Facts of a source; unknown names are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SftpFacts(Facts):
    """Where the files of an archive lie that is reached by SFTP.

    Attributes:
        host: its name.
        port: that answers.
        root: folder of the products.
        products: name → folder below the root.
    """

    host: str
    port: int = 22
    root: str
    products: dict[str, str]

    @property
    def url(self) -> str:
        """The root."""
        return f"sftp://{self.host}:{self.port}{quote(self.root.rstrip('/'))}"


Kind = TypeVar("Kind", bound=Facts)


def facts_file() -> Path:
    """The file of a user's own facts; it need not be there."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "nephoscope" / "archives.yaml"


def with_own(source: str, facts: Kind) -> Kind:
    """Facts of a source with what the user's file says otherwise.

    Args:
        source: its name, the key in the file; products that it names are added to those known.
        facts: as they are shipped.

    Raises:
        InputError: the file cannot be read, or names what is no fact.
    """
    path = facts_file()
    if not path.is_file():
        return facts
    try:
        tables = read_yaml(path) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(path, "is no readable YAML file") from error
    own = tables.get(source, {}) if isinstance(tables, dict) else None
    if not isinstance(own, dict):
        raise InputError(path, "must name sources, each with its facts", field=source)
    shipped = facts.model_dump()
    try:
        return type(facts).model_validate({**shipped, **_joined(shipped, own)})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, (source, *first["loc"])))
        raise InputError(path, first["msg"], field=where) from error


def cache_folder() -> Path:
    """Where listings are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "nephoscope" / "listings"


def _joined(shipped: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {**shipped[name], **value}
        if isinstance(value, dict) and isinstance(shipped.get(name), dict)
        else value
        for name, value in own.items()
    }
