"""Lookup of models by shipped name or folder, and the error for what is none."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from nephoscope.arguments import nearest
from nephoscope.errors import InputError, NephoscopeError, UsageError
from nephoscope.formulas import FORMULAS

FACTS = "model.yaml"
"""In the folder of a model."""
_FIRST_FACTS = "state.yaml"
"""In the folder of a model of whole frames of the first format."""
CHAIN = "sky"
_OF_CHAIN = "sky-state (of a thermal frame), then sky-thermal or sky-colour (of its pixels)"


def zoo() -> Path:
    """Where the shipped models are."""
    return Path(str(resources.files("nephoscope.models") / "zoo"))


def list_models() -> list[str]:
    """Names of the models that come with the package."""
    folder = zoo()
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if _holds_model(path))


def locate_model(model: str | Path) -> Path | None:
    """The folder of a model, by shipped name or path; None if it is none."""
    return next((at for at in (zoo() / str(model), Path(model)) if _holds_model(at)), None)


def sent_as(model: str | Path) -> str:
    """What another process, perhaps on another machine, finds a model by: name or whole path."""
    folder = Path(model)
    if folder.parent == zoo():
        return folder.name
    is_shipped = str(model) == folder.name and _holds_model(zoo() / folder.name)
    return str(model) if is_shipped or not _holds_model(folder) else str(folder.absolute())


def another_model(host: str) -> UsageError:
    """The error of a worker whose model is not that of where a run was begun."""
    return UsageError(
        f"the worker on {host} has another model of that name, or another background: their "
        "sha256 is not that of here: install the same nephoscope there, or give the model as a "
        "folder that all machines share"
    )


def no_model(model: str) -> NephoscopeError:
    """The error for a name or path, as the user gave it, at which there is no model."""
    if model == CHAIN:
        return UsageError(
            f"'{model}' is no model but a chain of them: {_OF_CHAIN}; predict takes '{model}' "
            "itself, and each of these can be opened by its name"
        )
    if model in FORMULAS:
        return UsageError(
            f"'{model}' is a formula, not a model: predict takes it by its name, and there is "
            "nothing to open"
        )
    path = Path(model)
    if path.is_file():
        if _holds_model(path.parent):
            return UsageError(f"'{model}' is a file of a model: give its folder, {path.parent}")
        return InputError(path, "is a file, not a model folder")
    if path.is_dir():
        return _of_folder(path)
    shipped = list_models()
    names = ", ".join(shipped) or "none"
    guess = nearest(model, [*shipped, CHAIN, *FORMULAS])
    return UsageError(f"no model '{model}': neither a folder nor shipped (shipped: {names}){guess}")


def _holds_model(folder: Path) -> bool:
    return (folder / FACTS).is_file()


def _of_folder(folder: Path) -> NephoscopeError:
    below = [place for place in sorted(folder.glob("*/")) if _holds_model(place)]
    if len(below) == 1:
        return UsageError(f"'{folder}' is no model folder, but holds one: {below[0]}")
    if below:
        listed = ", ".join(map(str, below[:5]))
        return UsageError(f"'{folder}' is no model folder, but holds some: {listed}")
    if (folder / _FIRST_FACTS).is_file():
        problem = "is of the first format of models of whole frames, which is not read any more"
        return InputError(folder / _FIRST_FACTS, problem, remedy="train the model again")
    problem = f"is not a model folder: it holds no {FACTS}"
    return InputError(folder, problem, remedy="a finished run keeps its model in RUN/model")
