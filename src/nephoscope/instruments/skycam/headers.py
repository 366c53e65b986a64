"""Header of a frame's FITS file: site, temperatures and optics, in one vocabulary."""

from __future__ import annotations

import math
import re
from typing import Any

from astropy.io import fits

FACTS = {
    "focal_length": ("FOCAL", "FOCALLEN"),
    "f_number": ("APERTURE",),
    "pixel_size": ("PXSIZE", "PIXSIZE"),
    "exposure_time": ("EXPTIME", "EXPOSURE"),
    "airmass": ("AIRMASS",),
    "stacked": ("STACKED",),
}
"""Attribute of the Scene → keywords that hold it, first found first. Units: focal length mm, pixel
size um, exposure s."""

TEMPERATURES = {
    "fpa_temperature": ("FPA-TEMP",),
    "shutter_temperature": ("SHU-TEMP",),
    "housing_temperature": ("IN-TEMP",),
    "black_body_temperature": ("BB-TEMP",),
    "ambient_temperature": ("AMB-TEMP", "TEMPAMB", "AMBTEMP"),
}
"""Attribute of the Scene, deg C → keywords that hold it."""

_COLDEST, _WARMEST = -100.0, 70.0
"""deg C; outside of it no camera under the sky works: 999 and -999 mean "not measured"."""
_ZERO_CELSIUS = 273.15
_UNIT = re.compile(r"(?:\b|deg(?:rees?)?[ ._]*)([CKF])\b")
_UNIT_WORDS = re.compile(r"\b(celsius|centigrade|kelvin|fahrenheit)\b", re.IGNORECASE)
_WITH_UNIT = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?)\s*((?:deg\s*)?[CKF])?")

_LATITUDE = ("LATOBS", "OBSLAT", "SITELAT", "LAT-OBS", "LATITUDE")
_LONGITUDE = ("LONGOBS", "OBSLONG", "SITELONG", "LONG-OBS", "LONGITUD")


def facts_of(header: fits.Header) -> dict[str, float]:
    """The facts of `FACTS` that the header has, as float."""
    found = {fact: _first(header, keywords) for fact, keywords in FACTS.items()}
    return {fact: value for fact, value in found.items() if math.isfinite(value)}


def temperatures_of(header: fits.Header) -> tuple[dict[str, float], str]:
    """The temperatures of `TEMPERATURES` that the header has, and which of its cards hold none.

    The unit is that in the comment of the card, else the one that the other temperatures of the
    header have in theirs, else deg C; a number without any unit that could only be kelvin is taken
    for it. Fahrenheit is believed only where it is written: 71.6 could be anything.

    Returns:
        attribute → deg C, and what is wrong with the others ("" where nothing is).
    """
    cards = [key for keywords in TEMPERATURES.values() for key in keywords if key in header]
    units = {unit for key in cards if (unit := _unit_in(header.comments[key]))}
    usual = units.pop() if len(units) == 1 else ""
    found: dict[str, float] = {}
    wrong = []
    for fact, keywords in TEMPERATURES.items():
        there = [keyword for keyword in keywords if keyword in header]
        values = [_celsius(header, keyword, usual) for keyword in there]
        good = [value for value in values if math.isfinite(value)]
        if good:
            found[fact] = good[0]
        elif there:
            value = header[there[0]]
            shown = value if isinstance(value, (str, int, float)) else "is empty"
            wrong.append(f"{there[0]} {shown}")
    return found, f"{', '.join(wrong)}: no temperature of a camera" if wrong else ""


def site_of(header: fits.Header) -> tuple[float, float]:
    """Latitude and longitude of the camera, degrees; NaN where the header does not say."""
    return _first(header, _LATITUDE, 90), _first(header, _LONGITUDE, 360)


def camera_of(header: fits.Header) -> str:
    """Name of the camera: CAMERA, else INSTRUME, else ""."""
    return str(header.get("CAMERA", header.get("INSTRUME", ""))).strip()


def _first(header: fits.Header, keywords: tuple[str, ...], limit: float = math.inf) -> float:
    values = (_number(header, keyword) for keyword in keywords)
    return next(
        (value for value in values if math.isfinite(value) and abs(value) <= limit), math.nan
    )


def _celsius(header: fits.Header, keyword: str, usual: str) -> float:
    """Deg C; NaN for what is no temperature of a camera."""
    value: Any = header.get(keyword)
    unit = _unit_in(header.comments[keyword])
    if isinstance(value, str):
        match = _WITH_UNIT.fullmatch(value.strip())
        if match is None:
            return math.nan
        value, unit = float(match[1]), (match[2] or unit)[-1:]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    unit = unit or usual
    kelvin = value - _ZERO_CELSIUS
    celsius = {"K": kelvin, "F": (value - 32) / 1.8}.get(unit, value)
    if not unit and not _possible(celsius) and _possible(kelvin):
        celsius = kelvin
    return float(celsius) if _possible(celsius) else math.nan


def _possible(celsius: float) -> bool:
    return _COLDEST <= celsius <= _WARMEST


def _unit_in(comment: str) -> str:
    """C, K or F; "" where the comment names none, or several."""
    words = {word[0].upper() for word in _UNIT_WORDS.findall(comment)}
    letters = set(_UNIT.findall(comment))
    found = words or letters
    return found.pop() if len(found) == 1 else ""


def _number(header: fits.Header, keyword: str) -> float:
    """Value of a keyword, decimal or sexagesimal ("-34:28:38"); NaN where there is none."""
    value: Any = header.get(keyword)
    if isinstance(value, bool) or value is None:
        return math.nan
    if isinstance(value, (int, float)):
        return float(value)
    parts = re.split(r"[:\s]+", str(value).strip())
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return math.nan
    size = math.fsum(abs(number) / 60.0**place for place, number in enumerate(numbers))
    return -size if str(value).strip().startswith("-") else size
