"""Sources: one module an archive, all with the same names.

`OPTIONS`: options of `nephoscope fetch` that it has. `plan(request, access)`: the files that are
wanted. `login_of(host)`: its credentials. `host()`: who is asked. `PREFIX`: of its credentials in
the environment, "" where it needs none. `ACCOUNT`: how one gets an account. Of some: `MEMBERS`:
pattern of what its packed files hold; `PAIRS_OF`: the instrument whose pictures `build --fetch`
takes from it, with the tracks if `PAIRED` names their products, else with tracks the user has.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from nephoscope.errors import UsageError


def source_names() -> list[str]:
    """Names of the sources, as on the command line."""
    return sorted(module.name.replace("_", "-") for module in iter_modules(__path__))


def source_named(name: str) -> ModuleType:
    """The module of a source.

    Raises:
        UsageError: there is none of that name.
    """
    known = source_names()
    if (plain := name.replace("_", "-")) not in known:
        raise UsageError(f"{name}: is no source; there are {', '.join(known)}")
    return import_module(f"{__name__}.{plain.replace('-', '_')}")
