"""What to say of a name or path that is no model: what it is, and what was probably meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nephoscope.arguments import nearest
from nephoscope.errors import InputError, NephoscopeError, UsageError
from nephoscope.formulas import FORMULAS

CHAIN = "sky"
_OF_CHAIN = "sky-state (of a thermal frame), then sky-thermal or sky-colour (of its pixels)"


def no_model(
    model: str, shipped: list[str], facts_of: Callable[[Path], Path | None]
) -> NephoscopeError:
    """The error for a name or path at which there is no model.

    Args:
        model: as the user gave it.
        shipped: names of the shipped models.
        facts_of: the file of facts in a model folder, or None where a folder is none.
    """
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
        if facts_of(path.parent):
            return UsageError(f"'{model}' is a file of a model: give its folder, {path.parent}")
        return InputError(path, "is a file, not a model folder")
    if path.is_dir():
        return _of_folder(path, facts_of)
    names = ", ".join(shipped) or "none"
    guess = nearest(model, [*shipped, CHAIN, *FORMULAS])
    return UsageError(f"no model '{model}': neither a folder nor shipped (shipped: {names}){guess}")


def _of_folder(folder: Path, facts_of: Callable[[Path], Path | None]) -> NephoscopeError:
    below = [place for place in sorted(folder.glob("*/")) if facts_of(place)]
    if len(below) == 1:
        return UsageError(f"'{folder}' is no model folder, but holds one: {below[0]}")
    if below:
        listed = ", ".join(map(str, below[:5]))
        return UsageError(f"'{folder}' is no model folder, but holds some: {listed}")
    problem = "is not a model folder: it holds neither model.yaml nor state.yaml"
    return InputError(folder, problem, remedy="a finished run keeps its model in RUN/model")
