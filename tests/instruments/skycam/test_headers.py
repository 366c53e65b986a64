"""What a header says is believed where it can be true; what cannot be is named or missing."""

import string

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from nephoscope.errors import InputError
from nephoscope.instruments.skycam import read as read_frame
from nephoscope.instruments.skycam.headers import FACTS, TEMPERATURES, site_of, temperatures_of
from nephoscope.tasks.sky_state import temperatures_of as vouched

COUNTS = np.full((16, 20), 700, np.int16)


def written(path, *cards):
    """A frame with the cards of the text, as they stand."""
    fits.PrimaryHDU(COUNTS, fits.Header({"IMTYPE": "IR"})).writeto(path, overwrite=True)
    content = path.read_bytes()
    end = content.index(b"END" + b" " * 77)
    lines = b"".join(card.encode("ascii").ljust(80)[:80] for card in cards) + b"END".ljust(80)
    blocks = (content[:end] + lines).ljust(2880 * (2 if end + len(lines) > 2880 else 1))
    path.write_bytes(blocks + content[2880:])
    return path


@pytest.mark.parametrize(
    ("card", "field"),
    [
        ("BSCALE  =", "BSCALE"),
        ("BZERO   =", "BZERO"),
        ("BLANK   = 'none    '", "BLANK"),
        ("BLANK   =", "BLANK"),
        ("BSCALE  = 'one     '", "BSCALE"),
        ("BSCALE  =                    T", "BSCALE"),
        ("BSCALE  =                  0.0", "BSCALE"),
        ("BSCALE  =              one,five", "BSCALE"),
        ("BZERO   =                  1.2.3", "BZERO"),
        ("BLANK   = #32768", "BLANK"),
        ("PCOUNT  =                -9999", "PCOUNT"),
    ],
)
def test_a_scale_that_is_none_is_named(tmp_path, card, field):
    path = written(tmp_path / "x.fits", card)
    with pytest.raises(InputError) as caught:
        read_frame(path)
    assert (caught.value.path, caught.value.field) == (str(path), field)
    assert caught.value.remedy or field == "PCOUNT"


def test_a_scale_is_applied(tmp_path):
    cards = "BSCALE  =                  0.5", "BZERO   =                 10.0"
    image = read_frame(written(tmp_path / "x.fits", *cards))["image"].values
    assert (image == 360).all()
    image = read_frame(written(tmp_path / "x.fits", "BLANK   =                    0"))["image"]
    assert not np.isnan(image.values).any()


def of_header(**cards):
    header = fits.Header()
    for name, value in cards.items():
        header[name.replace("_", "-")] = value
    return temperatures_of(header)


@pytest.mark.parametrize(
    ("value", "celsius"),
    [
        (22.0, 22.0),
        ((22.0, "deg C"), 22.0),
        ((295.15, "[K]"), 22.0),
        ((295.15, "Temperature of the array in kelvin"), 22.0),
        (295.15, 22.0),
        ((71.6, "deg F"), 22.0),
        ((71.6, "Fahrenheit"), 22.0),
        ((71.6, "Mean Ambient Temperature in deg F"), 22.0),
        ("22.0", 22.0),
        ("295.15 K", 22.0),
        (-40, -40.0),
        (999.0, None),
        (-999.0, None),
        (-273.16, None),
        (350.0, None),
        ((350.0, "[K]"), None),
        ((295.15, "deg C"), None),
        ((22.0, "[K]"), None),
        (71.6, None),
        (85.0, None),
        (-9999, None),
        (True, None),
        ("N/A", None),
        ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_a_temperature_is_one_that_a_camera_can_have(value, celsius):
    found, wrong = of_header(FPA_TEMP=value, AMB_TEMP=5.0 if not isinstance(value, tuple) else
                             (278.15, "K") if celsius is None else (5.0, "C"))  # fmt: skip
    if celsius is None:
        assert "fpa_temperature" not in found
        assert "FPA-TEMP" in wrong
        assert wrong in vouched({**found, "temperature_note": wrong}).doubt
    else:
        assert found["fpa_temperature"] == pytest.approx(celsius)
        assert not wrong


def test_a_unit_that_one_card_names_holds_for_those_that_name_none():
    found, wrong = of_header(FPA_TEMP=(295.15, "[K]"), SHU_TEMP=295.15, AMB_TEMP=283.15)
    assert not wrong
    assert found == pytest.approx(
        {"fpa_temperature": 22, "shutter_temperature": 22, "ambient_temperature": 10}
    )
    found, _ = of_header(FPA_TEMP=(71.6, "deg F"), AMB_TEMP=50.0)
    assert found["ambient_temperature"] == pytest.approx(10)


def test_a_wrong_temperature_stands_in_the_scene(tmp_path):
    path = written(tmp_path / "x.fits", "FPA-TEMP=                999.0 / deg C",
                   "AMB-TEMP=                 12.0")  # fmt: skip
    attrs = read_frame(path).attrs
    assert attrs["ambient_temperature"] == 12
    assert "fpa_temperature" not in attrs
    assert attrs["temperature_note"] == "FPA-TEMP 999.0: no temperature of a camera"


def test_a_place_beyond_the_poles_is_unknown():
    header = fits.Header({"LATOBS": 123.0, "SITELAT": 43.9, "LONGOBS": -999.0})
    latitude, longitude = site_of(header)
    assert latitude == 43.9
    assert np.isnan(longitude)


KEYWORDS = [
    "BSCALE", "BZERO", "BLANK", "DATE-OBS", "TIME-OBS", "UT", "MJD-OBS", "TIMESYS", "CAMERA",
    "EXTNAME", "IMTYPE", "DATAMAX", "BSCALED", "BITPIX", "NAXIS", "PCOUNT", "GCOUNT", "LATOBS",
    "LONGOBS", *[key for keys in (FACTS | TEMPERATURES).values() for key in keys],
]  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(string.ascii_letters + string.digits + " :-/.+T", max_size=30),
    st.sampled_from(["2023-02-30T00:00:00", "2023-01-24T24:00:00", "24/01/98", "20230124", "N/A",
                     "9999-12-31T23:59:60", "2023-01-24T00:00:00+99:99", "-00:00:01"]),
)  # fmt: skip
NOISE = st.text(string.printable[:95], max_size=70)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KEYWORDS), VALUES | NOISE.map(str.encode)), max_size=6))
def test_no_value_of_any_card_ends_in_a_traceback(tmp_path_factory, cards):
    path = tmp_path_factory.getbasetemp() / "cards.fits"
    lines = []
    for keyword, value in cards:
        if isinstance(value, bytes):
            lines.append(f"{keyword:<8}= {value.decode()}")
        elif isinstance(value, str):
            lines.append(f"{keyword:<8}= '{value:<8}'")
        else:
            text = {None: "", True: "T", False: "F"}.get(value, repr(value).upper())
            lines.append(f"{keyword:<8}= {text:>20}")
    written(path, *lines)
    try:
        time = read_frame(path)["time"].values
    except InputError as error:
        named, time = (error.path, bool(error.field)), np.datetime64("NaT")
    else:
        named = str(path), True
    assert named == (str(path), True)
    assert np.isnat(time) or np.datetime64("1900") <= time < np.datetime64("2200-01-02")
