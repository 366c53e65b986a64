"""Predict what clouds are above every pixel of a half orbit, and look along a radar's track.

Usage: python clouds_below_a_track.py FOLDER
"""

import sys
from pathlib import Path

import nephoscope
from nephoscope.instruments import cloudsat
from nephoscope.plots.product_pictures import along_track_pictures
from nephoscope.simulate.earth.polder import simulate_half_orbits


def main(folder: Path, rows: int = 160) -> None:
    """Simulate part of a half orbit into `folder`; write `clouds_below_a_track.png` there."""
    picture = simulate_half_orbits(folder, scenes=1, seed=2, rows=rows)[0]
    model = nephoscope.load_model("polder")
    scene = nephoscope.open_scene(picture, **model.recipe.read)  # the fields that it sees
    product = nephoscope.predict(model, scene)

    # The radar saw one line of it; the curtain of the product is drawn over what it saw.
    (caltrack,) = cloudsat.find(folder / "CALIOP")
    track = nephoscope.open_track(caltrack.path)
    pictures = dict(along_track_pictures(product, track, scene))
    pictures["_curtain"].savefig(folder / "clouds_below_a_track.png")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
