"""What a frame's FITS header says: site, time, temperatures, in one vocabulary."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

FACTS = {
    "fpa_temperature": ("FPA-TEMP",),
    "shutter_temperature": ("SHU-TEMP",),
    "housing_temperature": ("IN-TEMP",),
    "black_body_temperature": ("BB-TEMP",),
    "ambient_temperature": ("AMB-TEMP", "TEMPAMB", "AMBTEMP"),
    "focal_length": ("FOCAL", "FOCALLEN"),
    "f_number": ("APERTURE",),
    "pixel_size": ("PXSIZE", "PIXSIZE"),
    "exposure_time": ("EXPTIME", "EXPOSURE"),
    "airmass": ("AIRMASS",),
    "stacked": ("STACKED",),
}
"""Attribute of the Scene → keywords that hold it, first found first. Units: temperatures degC,
focal length mm, pixel size um, exposure s."""

_LATITUDE = ("LATOBS", "OBSLAT", "SITELAT", "LAT-OBS", "LATITUDE")
_LONGITUDE = ("LONGOBS", "OBSLONG", "SITELONG", "LONG-OBS", "LONGITUD")
_NAME_TIME = re.compile(r"(\d{4})_(\d\d)_(\d\d)_(\d\d)_(\d\d)_(\d\d)(?:_(\d{1,6}))?")
_UNKNOWN_TIME = np.datetime64("NaT", "ns")


def facts_of(header: fits.Header) -> dict[str, float]:
    """The facts of `FACTS` that the header has, as float; temperatures in degC."""
    found: dict[str, float] = {}
    for fact, keywords in FACTS.items():
        for keyword in keywords:
            value = _number(header, keyword)
            if math.isfinite(value):
                fahrenheit = "deg F" in header.comments[keyword]
                found[fact] = (value - 32) / 1.8 if fahrenheit else value
                break
    return found


def site_of(header: fits.Header) -> tuple[float, float]:
    """Latitude and longitude of the camera, degrees; NaN where the header does not say."""
    latitude, longitude = (
        next((value for key in keys if math.isfinite(value := _number(header, key))), math.nan)
        for keys in (_LATITUDE, _LONGITUDE)
    )
    return latitude, longitude


def time_of(header: fits.Header, path: Path) -> np.datetime64:
    """Start of the exposure, UTC: DATE-OBS, else the name `YYYY_MM_DD_HH_MM_SS_us*`, else NaT."""
    text = str(header.get("DATE-OBS", "")).strip()
    if text and "T" not in text and "TIME-OBS" in header:
        text = f"{text}T{header['TIME-OBS']}"
    for candidate in (text, _time_in(path.name)):
        try:
            if candidate:
                return np.datetime64(candidate.rstrip("Z"), "ns")
        except ValueError:
            continue
    return _UNKNOWN_TIME


def camera_of(header: fits.Header) -> str:
    """Name of the camera: CAMERA, else INSTRUME, else ""."""
    return str(header.get("CAMERA", header.get("INSTRUME", ""))).strip()


def _time_in(name: str) -> str:
    match = _NAME_TIME.match(name)
    if match is None:
        return ""
    year, month, day, hour, minute, second, micro = match.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}.{(micro or '0').zfill(6)}"


def _number(header: fits.Header, keyword: str) -> float:
    """Value of a keyword, decimal or sexagesimal ("-34:28:38"); NaN where there is none."""
    try:
        value: Any = header.get(keyword)
    except fits.VerifyError:
        return math.nan
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
