"""Rooms that one scene goes through in `nephoscope.predict`: how far a reader has to walk.

    python -m benchmarks.rooms MODEL FILE [FILE ...]

A room is a folder or module right below `nephoscope`. Each pair of functions, one of which calls
the other, is walked once, in the order of its first call. A climb is a call into a room of a higher
floor (`docs/design.md`). A stay is a call into another room than the last, a return one into a room
that was entered before; the two lowest floors (files, grids, workers ...), which are used from
everywhere, count for neither.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any

FLOORS = (
    "errors arguments extras", "files folders workers arrays grids sun", "scene track levels",
    "tasks", "recipe", "instruments", "inputs networks", "background limits formulas collocate",
    "samples models products", "apply", "evaluation", "plots",
    "reports learn simulate archives monitor", "cli",
)  # fmt: skip
GROUND = 2  # the floors below are used from everywhere, like the standard library
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms.split()}


class Walk:
    """Calls between rooms, each pair of functions once.

    Args:
        root: folder of the package.
    """

    def __init__(self, root: Path) -> None:
        self.root = f"{root}/"
        self.calls: list[tuple[str, str, str]] = []
        self._seen: set[tuple[str, str]] = set()

    def room(self, frame: FrameType | None) -> str | None:
        """The room of a frame's code; None of code that is not the package's."""
        name = "" if frame is None else frame.f_code.co_filename
        if not name.startswith(self.root) or frame is None or frame.f_code.co_name == "<module>":
            return None
        return name.removeprefix(self.root).split("/")[0].removesuffix(".py")

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:  # noqa: ANN401
        """Note a call, as `sys.setprofile` has it."""
        if event != "call" or (to := self.room(frame)) is None or to == "__init__":
            return
        caller = frame.f_back
        while caller is not None and self.room(caller) is None:
            caller = caller.f_back
        begin = self.room(caller)
        if caller is None or begin is None or begin == to:
            return
        pair = caller.f_code.co_qualname, frame.f_code.co_qualname
        if pair not in self._seen:
            self._seen.add(pair)
            self.calls.append((begin, to, f"{pair[0]} → {pair[1]}"))


def count(calls: list[tuple[str, str, str]]) -> dict[str, list[str]]:
    """Each stay, and those of them that are climbs and returns."""
    stays: list[str] = []
    climbs: list[str] = []
    returns: list[str] = []
    entered: list[str] = []
    for begin, to, text in calls:
        line = f"{begin} → {to}: {text}"
        if FLOOR_OF.get(to, 0) > FLOOR_OF.get(begin, 0):
            climbs.append(line)
        if FLOOR_OF.get(to, 0) < GROUND or (entered and entered[-1] == to):
            continue
        stays.append(line)
        if to in entered:
            returns.append(line)
        entered.append(to)
    return {"stays": stays, "climbs": climbs, "returns": returns}


def main() -> None:
    """Walk once and print what was counted."""
    import nephoscope

    model, path = sys.argv[1], Path(sys.argv[2])
    walk = Walk(Path(str(nephoscope.__file__)).parent)
    predict = nephoscope.predict
    with tempfile.TemporaryDirectory() as out:
        sys.setprofile(walk)
        predict(model, path, output=out)
        sys.setprofile(None)
    for name, found in count(walk.calls).items():
        print(f"{len(found)} {name}")  # noqa: T201 - a script
        if "-v" in sys.argv:
            print("\n".join(f"    {line}" for line in found))  # noqa: T201


if __name__ == "__main__":
    main()
