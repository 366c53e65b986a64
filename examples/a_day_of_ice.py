"""A day of Meteosat: from its pictures to cloud ice over time, at every height, above a place.

Usage: python a_day_of_ice.py FOLDER
"""

import sys
from pathlib import Path

from nephoscope.apply.bulk import maker_of, predict_many
from nephoscope.plots.ice import column_at, plot_column
from nephoscope.plots.ice_view import write_animation
from nephoscope.products.series import open_slots
from nephoscope.simulate.earth.seviri import simulate_slots

SEED = 5


def main(folder: Path, slots: int = 96, size: int = 96) -> None:
    """Simulate a day of a small region into `folder`; write `a_day_of_ice.png` there."""
    simulate_slots(folder / "meteosat", seed=SEED, slots=slots, size=size)
    predict_many([folder / "meteosat" / "HRSEVIRI"], folder / "cubes", maker_of("seviri"))

    # A store for each year; of none more is read than is asked for.
    with open_slots(sorted((folder / "cubes").glob("*.zarr"))) as products:
        first = products[0]
        middle = first.isel(y=size // 2, x=size // 2)
        column = column_at(products, float(middle["latitude"]), float(middle["longitude"]))
        plot_column(column).savefig(folder / "a_day_of_ice.png", dpi=100)
        write_animation(products, folder / "moving.gif", seconds=0.15)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
