"""A version of the simulator makes what it made: a change of these numbers is another version."""

from __future__ import annotations

import numpy as np
import pytest

from nephoscope.instruments.cloudsat import read_time_offsets
from nephoscope.simulate.earth.reading import find_truths, open_simulated
from nephoscope.simulate.earth.version import SIMULATOR_VERSION

pytest.importorskip("satpy")
pytest.importorskip("pyhdf")
pytest.importorskip("netCDF4")

SEED = 1
# Means over a small scene; summing in another order moves them by less than the tolerance.
VERSION_1 = {
    "seviri": {
        "iwp": 2.26277e-05,
        "lwp": 0.00347945,
        "optical_depth": 0.93413,
        "cloud_cover": 0.147705,
        "surface_altitude": 1118.37,
        "IR_039": 280.213,
        "WV_062": 238.935,
        "IR_108": 283.487,
        "track iwc": 4.25625e-09,
    },
    "polder": {
        "iwp": 0.00495748,
        "lwp": 0.0441541,
        "optical_depth": 7.69912,
        "cloud_cover": 0.744811,
        "surface_altitude": 70.7189,
        "I443NP": 0.240221,
        "I763NP": 0.117261,
        "I865P": 0.217168,
        "Q865P": -0.00803936,
        "thetav": 45.7641,
        "track cover": 0.0088377,
    },
}
FILES_1_1 = {"rb2 row": 352.286, "rb2 column": 1766.476}
FINGERPRINTS = {
    "1": VERSION_1,
    # The same radiances, profiles and truth; other indices in the files of PAR-RB2.
    "1.1": {**VERSION_1, "polder": {**VERSION_1["polder"], **FILES_1_1}},
}


def fingerprint(out, pipeline: str) -> dict[str, float]:
    if pipeline == "seviri":
        from nephoscope.simulate.earth.seviri import simulate_slots

        simulate_slots(out, 1, SEED, size=32)
    else:
        from nephoscope.simulate.earth.polder import simulate_half_orbits

        simulate_half_orbits(out, 1, SEED, rows=8)
    (path,) = find_truths(out)
    scene, truth, track = open_simulated(path)
    names = ("iwp", "lwp", "optical_depth", "cloud_cover", "surface_altitude")
    found = {name: float(truth[name].mean()) for name in names}
    if pipeline == "seviri":
        image = scene["image"].mean(("y", "x"))
        found |= {name: float(image.sel(channel=name)) for name in ("IR_039", "WV_062", "IR_108")}
        found["track iwc"] = float(track["iwc"].mean())
    else:
        fields = scene["field"].values
        for name in ("I443NP", "I763NP", "I865P", "Q865P", "thetav"):
            found[name] = float(np.nanmean(scene["image"].values[fields == name]))
        found["track cover"] = float((track["cloud_type"] > 0).mean())
        (offsets,) = out.rglob("CALTRACK-5km_PAR-RB2*.hdf")
        beside = read_time_offsets(offsets)
        found |= {f"rb2 {name}": float(beside[f"rb2_{name}"].mean()) for name in ("row", "column")}
    return found


@pytest.mark.parametrize("pipeline", ["seviri", "polder"])
def test_the_simulator_of_this_version_makes_the_same(tmp_path, pipeline):
    expected = FINGERPRINTS[SIMULATOR_VERSION][pipeline]
    found = fingerprint(tmp_path, pipeline)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=2e-3, abs=1e-7), name


def test_a_version_of_the_same_whole_number_has_the_same_radiances_and_truth():
    for version, facts in FINGERPRINTS.items():
        for pipeline, numbers in FINGERPRINTS[version.partition(".")[0]].items():
            assert numbers.items() <= facts[pipeline].items()
