"""The schemes have the fields of the original's table, and rows of the field table fit the spec."""

import numpy as np
import pytest

from nephoscope.instruments.polder import (
    FIELDS,
    SCHEMES,
    HalfOrbit,
    parse_name,
    polarisation,
)

BANDS = (443, 490, 565, 670, 763, 765, 865, 910, 1020)
POLARISED = (490, 670, 865)


def test_the_35_names():
    names = {"all", "default", "directional", "minimal", "all_bands", "all_bands_no_p"}
    names |= {f"tri{number}" for number in range(1, 6)}
    names |= {f"single_band_{band}{end}" for band in BANDS for end in ("", "_no_geom")}
    names |= {f"single_band_{band}_no_p{end}" for band in POLARISED for end in ("", "_no_geom")}
    assert len(names) == 35
    assert set(SCHEMES) == names


@pytest.mark.parametrize(
    ("scheme", "fields"),
    [
        ("minimal", "I865P Nviews cloud_indicator Latitude Longitude"),
        ("single_band_443", "I443NP thetas thetav"),
        ("single_band_490", "I490P Q490P U490P thetas thetav"),
        ("single_band_490_no_geom", "I490P Q490P U490P"),
        ("single_band_670_no_p", "I670P thetas thetav"),
        ("single_band_865_no_p_no_geom", "I865P"),
        ("tri1", "I490P I670P I865P thetas thetav"),
        ("tri2", "I443NP I763NP I1020NP thetas thetav"),
        ("tri3", "I443NP I490P I565NP thetas thetav"),
        ("tri4", "I670P I763NP I765NP thetas thetav"),
        ("tri5", "I865P I910NP I1020NP thetas thetav"),
        (
            "all_bands_no_p",
            "I443NP I490P I565NP I670P I763NP I765NP I865P I910NP I1020NP thetas thetav",
        ),
        (
            "directional",
            "I443NP I490P Q490P U490P I565NP I670P Q670P U670P I763NP I765NP I865P Q865P U865P "
            "I910NP I1020NP phi thetas thetav",
        ),
    ],
)
def test_fields_of_a_scheme_in_their_order(scheme, fields):
    assert list(SCHEMES[scheme]) == fields.split()


@pytest.mark.parametrize(
    ("scheme", "channels"), [("default", 294), ("directional", 288), ("all_bands", 272)]
)
def test_channels_of_a_scheme(scheme, channels):
    assert sum(16 if FIELDS[name].directional else 1 for name in SCHEMES[scheme]) == channels
    assert len(SCHEMES["all"]) == 39


@pytest.mark.parametrize(
    ("name", "dtype", "scale", "fill", "missing"),
    [
        ("I1020NP", "int16", 1e-4, 32767, -32767),
        ("U490P", "int16", 1e-4, 32767, -32767),
        ("thetav", "uint16", 0.0015, 65535, 65534),
        ("thetas", "uint16", 0.0015, 65535, 65534),
        ("phi", "uint16", 0.006, 65535, 65534),
        ("CCD_row", "int16", 0.01, 32767, None),
        ("delta_thetav.sinphi", "int8", 0.0016, 127, -127),
    ],
)
def test_storage_of_the_documented_fields(name, dtype, scale, fill, missing):
    field = FIELDS[name]
    found = field.dtype, field.scale, field.fill, field.missing, field.certain
    assert found == (dtype, scale, fill, missing, True)


def test_names_come_back():
    name = "POLDER3_L1B-BG1-080176M_2008-06-03T01-34-54_V1-01.h5"
    parsed = parse_name(f"/archive/{name}")
    assert isinstance(parsed, HalfOrbit)
    assert (parsed.cycle, parsed.orbit, str(parsed.start)) == (80, 176, "2008-06-03 01:34:54")
    assert parsed.file_name == name
    assert str(parsed.folder) == "2008/2008_06_03"
    for other in ("x.h5", name.replace("BG1", "BG2"), name.replace("-06-", "-16-"), name + ".part"):
        assert parse_name(other) is None


def test_polarisation_by_hand_and_of_darkness():
    assert polarisation(0.5, -0.03, 0.04) == pytest.approx(0.1)
    assert np.isnan(polarisation(0.0, 0.1, 0.1))
    assert np.isnan(polarisation(-0.1, 0.1, 0.1))
