"""Counts of what the parts of a store of half orbits hold."""

import numpy as np
import pytest
import xarray as xr

from nephoscope.samples import split_orbits
from nephoscope.samples.split_orbits import class_counts, orbit_parts


def store(samples=40, levels=5):
    rng = np.random.default_rng(0)
    sizes = rng.integers(0, 9, samples)
    kinds = rng.integers(-1, 9, (sizes.sum(), levels)).astype(np.int8)
    kinds[rng.random(len(kinds)) < 0.5] = 0
    parts = rng.choice(["train", "validation", ""], samples)
    return xr.Dataset(
        {
            "cloud_type": (("point", "level"), kinds),
            "row_size": ("sample", sizes),
            "split": ("sample", parts.astype(np.dtypes.StringDType())),
            "group": ("sample", [f"g{n // 4}" for n in range(samples)]),
            "id": ("sample", [f"s{n}" for n in range(samples)]),
        }
    )


def test_types_are_counted_piece_by_piece(monkeypatch):
    made, held = store(), []
    monkeypatch.setattr(split_orbits, "_POINTS", 7)
    bincount = np.bincount

    def watched(values, **options):
        held.append(values.size)
        return bincount(values, **options)

    monkeypatch.setattr(np, "bincount", watched)
    counts = class_counts(made)
    assert max(held) <= 7 * made.sizes["level"]
    part_of_point = np.repeat(made["split"].values, made["row_size"].values)
    assert list(counts) == ["train", "validation", ""]
    for part, found in counts.items():
        mine = made["cloud_type"].values[part_of_point == part]
        samples = made["split"].values == part
        assert found == {
            "samples": samples.sum(),
            "granules": len({*made["group"].values[samples]}),
            "profiles": len(mine),
            "cloudy_profiles": sum(1 for bins in mine if bins.max() > 0),
            "cloud_type": [int((mine == kind).sum()) for kind in range(9)],
            "unknown": int((mine == -1).sum()),
        }


@pytest.mark.parametrize("by", ["day", "block"])
def test_an_overpass_across_midnight_is_in_one_part(by):
    # Three overpasses a day, of two slots each; every sixth day the last one ends after midnight.
    times = []
    for day in range(30):
        start = day * 86_400.0
        late = 85_800.0 if day % 6 == 2 else 60_000.0
        times += [start + at + more for at in (6_000.0, 30_000.0, late) for more in (0.0, 900.0)]
    order = np.random.default_rng(0).permutation(times)
    days = [str(np.datetime64("2010-01-01") + int(each // 86_400)) for each in order]
    slots = xr.Dataset(
        {
            "order": ("sample", order),
            "group": ("sample", days),
            "id": ("sample", [f"s{n}" for n in range(len(order))]),
        },
        attrs={"unit": "slot", "points": "track"},
    )
    for seed in range(5):
        parts = dict(zip(order, orbit_parts(slots, by, (2, 1, 1), seed), strict=True))
        assert {*parts.values()} == {"train", "validation", "test"}
        crossing = [each for each in times if each % 86_400 == 85_800]
        assert len(crossing) == 5
        assert all(parts[each] == parts[each + 900] for each in crossing)
        alone = {each // 86_400: parts[each] for each in times}
        for each in times:
            assert parts[each] == alone[each // 86_400]  # a day is never cut
