"""The folder of one golden session: inputs and what several cases need, each made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from golden import inputs
from golden.facts import Facts
from golden.running import run

Case = Callable[["Workshop"], Facts]
CASES: dict[str, Case] = {}
SLOW: set[str] = set()


def case(slow: bool = False) -> Callable[[Case], Case]:
    """Register a function whose facts are recorded under its name."""

    def register(function: Case) -> Case:
        CASES[function.__name__] = function
        if slow:
            SLOW.add(function.__name__)
        return function

    return register


class Workshop:
    """Inputs by name, relative to `folder`, where all commands run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def run(self, *words: object) -> Facts:
        """Run a command; its exit code and what it says."""
        return run(self.folder, *words)

    def path(self, *names: str) -> Path:
        """A place in the folder."""
        return self.folder.joinpath(*names)

    def copy(self, name: str, new: str) -> str:
        """A copy of a file or folder, to be changed."""
        shutil.copytree(self.path(name), self.path(new))
        return new

    @cached_property
    def maps(self) -> str:
        """Five maps in the distribution's layout."""
        return inputs.write_maps(self.path("maps"), 5, labelled=False).name

    @cached_property
    def two_maps(self) -> str:
        """The first two of them alone."""
        place = self.path("two", "P", "P01")
        place.mkdir(parents=True)
        source = self.path(self.maps, "P", "P01")
        for name in ("P01_day01_zequat.jpg", "P01_day02_zequat.jpg", "P01_ls.txt"):
            shutil.copy(source / name, place)
        return "two"

    @cached_property
    def one_map(self) -> str:
        """The first map."""
        return f"{self.two_maps}/P/P01/P01_day01_zequat.jpg"

    @cached_property
    def labelled_maps(self) -> str:
        """Three maps with labels."""
        return inputs.write_maps(self.path("labelled"), 3, labelled=True).name

    @cached_property
    def background(self) -> str:
        """The background of the five maps."""
        assert self.run("background", "mars", self.maps, "-o", "given.nc")["exit"] == 0
        return "given.nc"

    @cached_property
    def night(self) -> str:
        """Six thermal frames in two folders."""
        return inputs.write_night(self.path("night")).name

    @cached_property
    def few(self) -> str:
        """Two cloudy ones of them."""
        self.path("few").mkdir()
        for minute in (1, 3):
            shutil.copy(self.path(self.night, "early", inputs.name_of(minute)), self.path("few"))
        return "few"

    @cached_property
    def mixed(self) -> str:
        """Thermal frames, colour pictures and a grey frame in one tree."""
        folder = self.path("mixed")
        shutil.copytree(self.path(self.few), folder / "thermal")
        inputs.write_pictures(folder / "colour", 2, labelled=False)
        counts, _ = inputs.counts_of(9, inputs.FRAME, 90)
        inputs.write_frame(folder / "grey" / "one.fits", counts, IMTYPE="LIGHT", CAMERA="OTHER")
        return folder.name

    @cached_property
    def clear(self) -> str:
        """Clear frames of one camera."""
        return inputs.write_clear(self.path("clear_frames")).name

    @cached_property
    def reference(self) -> str:
        """The clear reference made of them."""
        assert self.run("background", "sky", self.clear, "-o", "clear.nc")["exit"] == 0
        return "clear.nc"

    @cached_property
    def pictures(self) -> str:
        """Colour pictures."""
        return inputs.write_pictures(self.path("pictures"), 3, labelled=False).name

    @cached_property
    def map_store(self) -> str:
        """Samples of three maps."""
        return self._built("mars", self.labelled_maps, "--background", self.background)

    @cached_property
    def thermal_store(self) -> str:
        """Samples of twelve thermal frames with masks."""
        raw = inputs.write_masked_frames(self.path("masked"), 12)
        return self._built("sky-thermal", raw.name)

    @cached_property
    def colour_store(self) -> str:
        """Samples of twelve colour pictures with masks."""
        raw = inputs.write_pictures(self.path("coloured"), 12)
        return self._built("sky-colour", raw.name)

    @cached_property
    def state_store(self) -> str:
        """Samples of twenty thermal frames with states."""
        raw = inputs.write_sorted_frames(self.path("sorted"), 10)
        return self._built("sky-state", raw.name)

    def _built(self, recipe: str, raw: str, *words: object) -> str:
        store = f"{recipe}.zarr"
        self.said_of_builds[recipe] = self.run("build", recipe, raw, "-o", store, *words)
        return store

    @cached_property
    def map_parts(self) -> str:
        """The maps, one for each part."""
        return self._split(self.map_store, "--fractions", "1,1,1")

    @cached_property
    def thermal_parts(self) -> str:
        """The thermal frames with masks in runs of names."""
        words = ("--by", "block", "--fractions", "2,1,1", "--buffer", 0)
        return self._split(self.thermal_store, *words)

    def _split(self, store: str, *words: object) -> str:
        parts = self.copy(store, f"parts-{store}")
        assert self.run("split", parts, *words)["exit"] == 0
        return parts

    @cached_property
    def said_of_builds(self) -> dict[str, Facts]:
        """What each `build` said."""
        return {}
