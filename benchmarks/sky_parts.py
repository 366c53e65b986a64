"""Parts of the samples that the shipped colour-sky model was fitted to and chosen on.

    nephoscope simulate sky --flavour cameras --scenes 200 --seed 900 -o cameras
    nephoscope build sky-colour WSISEG HYTA cameras -o mix.zarr
    python -m benchmarks.sky_parts mix.zarr -o parts.json
    nephoscope split mix.zarr --parts parts.json

Of WSISEG the names 001 to 195 train and 201 to 240 validate. Of the simulated pictures the first
100 train: with more of them the real ones are seen too seldom. All other pictures train, or with
`--leave-out-pictures` none of them: a camera that the model has not seen.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from nephoscope.files import write_text
from nephoscope.samples.store import open_samples

WHOLE_SKY, SIMULATED = "ASC100-1006_", "SIM-"
LAST_TRAINED, FIRST_VALIDATING, MOST_SIMULATED = 195, 201, 100


def main() -> None:
    """Write the parts of a store."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("samples", type=Path)
    parser.add_argument("--leave-out-pictures", action="store_true", help="train on none of them")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    ids = [str(name) for name in open_samples(options.samples)["id"].values]
    parts = parts_of(ids, pictures=not options.leave_out_pictures)
    write_text(options.output, json.dumps(parts, indent=1) + "\n")


def parts_of(ids: Iterable[str], pictures: bool = True) -> dict[str, list[str]]:
    """Names of the samples of each part.

    Args:
        ids: of all samples.
        pictures: whether the ordinary pictures train.
    """
    parts: dict[str, list[str]] = {"train": [], "validation": []}
    for name in sorted(ids):
        if name.startswith(WHOLE_SKY):
            number = int(name.removeprefix(WHOLE_SKY))
            if number <= LAST_TRAINED:
                parts["train"].append(name)
            elif number >= FIRST_VALIDATING:
                parts["validation"].append(name)
        elif name.startswith(SIMULATED):
            if int(name.removeprefix(SIMULATED)) < MOST_SIMULATED:
                parts["train"].append(name)
        elif pictures:
            parts["train"].append(name)
    return parts


if __name__ == "__main__":
    main()
