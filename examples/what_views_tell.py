"""What bands, views and polarisation tell: one training without each of them (an hour or two).

Usage: python what_views_tell.py FOLDER
"""

import sys
from pathlib import Path

from nephoscope.cli import app
from nephoscope.learn.study import run_study
from nephoscope.recipe import load_recipe
from nephoscope.simulate.earth.polder import simulate_half_orbits


def main(
    folder: Path, scenes: int = 270, steps: int = 600, rows: int = 400, variants: int = 9
) -> None:
    """Simulate, train and score in `folder`; write `what_views_tell.png` there."""
    simulate_half_orbits(folder / "raw", scenes=scenes, seed=1100, rows=rows)
    store = str(folder / "samples.zarr")
    app(["build", "polder", str(folder / "raw"), "-o", store], standalone_mode=False)
    app(["split", store, "--fractions", "0.89,0.11,0"], standalone_mode=False)
    short = [f"training.steps={steps}", f"training.validate_every={steps // 2}"]
    recipe = load_recipe("polder-study", short)
    withheld = dict(list((recipe.study or {}).items())[:variants])
    run_study(recipe, store, folder / "study", withheld)
    (folder / "study" / "study.png").rename(folder / "what_views_tell.png")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
