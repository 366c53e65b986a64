"""Every instrument of the registry keeps the contract."""

from datetime import datetime

import numpy as np
import pytest

from instruments.contract import InstrumentContract, ProfilerContract
from nephoscope.instruments.registry import IMAGERS, PROFILERS


class TestMarci(InstrumentContract):
    name, truths = "marci", frozenset({"pixels"})

    @pytest.fixture(scope="class")
    @classmethod
    def files(cls, tmp_path_factory):
        from nephoscope.simulate.mars import simulate_maps

        out = tmp_path_factory.mktemp("marci")
        simulate_maps(out, 1, flavour="label")
        return out / "label"


class TestSkycam(InstrumentContract):
    name, truths = "skycam", frozenset({"pixels", "frame"})

    @pytest.fixture(scope="class")
    @classmethod
    def files(cls, tmp_path_factory):
        from nephoscope.simulate.sky import simulate_sky

        out = tmp_path_factory.mktemp("skycam")
        simulate_sky(out, 2, seed=1)
        return out


class TestPolder(InstrumentContract):
    name, options = "polder", {"fields": ("I865P", "thetas", "Nviews")}

    @pytest.fixture(scope="class")
    @classmethod
    def files(cls, tmp_path_factory):
        from nephoscope.instruments.polder import SCHEMES, HalfOrbit, along
        from nephoscope.simulate.earth.polder import write_half_orbit

        name = HalfOrbit(80, 176, datetime(2008, 6, 3, 1, 34, 54))
        out = tmp_path_factory.mktemp("polder")
        (out / name.folder).mkdir(parents=True)
        window, rng = along((1000, 1012), 20.0, 30), np.random.default_rng(0)
        values = {f: rng.uniform(0.01, 0.9, (16, 12, 30)) for f in SCHEMES["directional"]}
        for field in values.values():
            field[:, 3, 4] = np.nan
        write_half_orbit(out / name.folder / name.file_name, values, window)
        return out


class TestSeviri(InstrumentContract):
    name, options = "seviri", {"window": (1800, 1500, 40, 48)}

    @pytest.fixture(scope="class")
    @classmethod
    def files(cls, tmp_path_factory):
        pytest.importorskip("satpy")
        from nephoscope.instruments.seviri import CHANNELS
        from nephoscope.simulate.earth.seviri import write_native
        from seviri_factory import NOON, WINDOW, draw_image

        out = tmp_path_factory.mktemp("seviri")
        write_native(out, draw_image(), CHANNELS, NOON, first_row=WINDOW[0], first_col=WINDOW[1])
        return out


LINE = np.linspace(0, 1, 5)
TIME = np.datetime64("2008-06-01T13:30", "ns") + np.arange(5) * np.timedelta64(160, "ms")


class TestCloudsat(ProfilerContract):
    name = "cloudsat"

    @pytest.fixture(scope="class")
    @classmethod
    def files(cls, tmp_path_factory):
        pytest.importorskip("pyhdf")
        from nephoscope.instruments import cloudsat
        from nephoscope.simulate.earth.profilers import write_granule

        out = tmp_path_factory.mktemp("cloudsat")
        height = np.tile(25000 - 240.0 * np.arange(125), (5, 1))
        codes = cloudsat.encode(np.zeros(height.shape, np.int8))
        name = "2008153133000_11111_CS_2B-CLDCLASS_GRANULE_P1_R05_E02_F00.hdf"
        write_granule(out / name, LINE, LINE, TIME, height, codes)
        return out


class TestDardar(ProfilerContract):
    name = "dardar"

    @pytest.fixture(scope="class")
    @classmethod
    def files(cls, tmp_path_factory):
        pytest.importorskip("netCDF4")
        from nephoscope.simulate.earth.profilers import write_nice

        out = tmp_path_factory.mktemp("dardar")
        values = np.ones((5, 436), np.float32)
        fields = dict.fromkeys(("iwc", "icnc_5um", "icnc_100um", "reffcli", "ta"), values)
        path = out / "DARDAR-NICE_L2-PRO_2008153133000_11111_V1-00.nc"
        write_nice(path, LINE, LINE, TIME, 25080 - 60.0 * np.arange(436), fields)
        return out


def test_every_instrument_is_tested():
    tested = {kind.name for kind in (*InstrumentContract.__subclasses__(),)}
    assert {*IMAGERS} - {"tiny_maps"} <= tested
    assert {kind.name for kind in ProfilerContract.__subclasses__()} == {*PROFILERS}
