"""Pictures as files: native by the writer, HRIT byte by byte from the format's documents."""

import struct
from pathlib import Path

import numpy as np

from nephoscope.instruments.seviri import CHANNELS, SOLAR

NOON = np.datetime64("2010-06-11T12:00")
MIDNIGHT = np.datetime64("2010-06-11T00:00")
WINDOW = (1800, 1500, 40, 48)


def draw_image(rows=40, cols=48, channels=CHANNELS, seed=0):
    rng = np.random.default_rng(seed)
    bounds = {"WV_062": (200, 255), "WV_073": (200, 270)}
    planes = [
        rng.uniform(*((1, 90) if name in SOLAR else bounds.get(name, (220, 300))), (rows, cols))
        for name in channels
    ]
    image = np.stack(planes).astype(np.float32)
    image[:, 3:6, 7:9] = np.nan
    return image


def hrit_header(kind: int, content: bytes) -> bytes:
    return struct.pack(">BH", kind, len(content) + 3) + content


def segment_bytes(channel: str, number: int, counts, planned=(1, 8), satellite=322) -> bytes:
    """A segment of HRIT (CGMS 03, EUM/MSG/SPE/057), counts (464, 3712) south first, east first."""
    first = packed(counts[0])
    lines = [first if (line == counts[0]).all() else packed(line) for line in counts]
    data = b"".join(lines)
    days = int((NOON.astype("datetime64[D]") - np.datetime64("1958-01-01")).astype(int))
    quality = b"".join(
        struct.pack(
            ">iHIBBB", (number - 1) * 464 + line + 1, days,
            43_200_000 + 200 * ((number - 1) * 464 + line), 1, 1, 1,
        )
        for line in range(464)
    )  # fmt: skip
    headers = (
        hrit_header(1, struct.pack(">BHHB", 10, 3712, 464, 0))
        + hrit_header(
            2, struct.pack(">32siiii", b"GEOS(+000.0)".ljust(32), -13642337, -13642337,
                           1856, 1856 - (number - 1) * 464)
        )
        + hrit_header(
            128, struct.pack(">hbHHHb", satellite, CHANNELS.index(channel) + 1, number, *planned, 0)
        )
        + hrit_header(129, quality)
    )  # fmt: skip
    primary = hrit_header(0, struct.pack(">BIQ", 0, 16 + len(headers), len(data) * 8))
    return primary + headers + data


def packed(line) -> bytes:
    return int("".join(f"{count:010b}" for count in line), 2).to_bytes(4640, "big")


def body_bytes(record) -> bytes:
    """A prologue or epilogue around a structured record."""
    content = record.tobytes()
    return hrit_header(0, struct.pack(">BIQ", 128, 16, len(content) * 8)) + content


def write_hrit(folder: Path, native: Path, segments, **wrong) -> Path:
    """Prologue and epilogue with the facts of a native file, and segments whose lines are alike."""
    from satpy.readers.seviri_l1b_native_hdr import (
        get_native_header,
        hrit_epilogue,
        hrit_prologue,
        native_trailer,
    )

    content = native.read_bytes()
    header = np.frombuffer(content, get_native_header(True), 1)[0]["15_DATA_HEADER"]
    trailer = np.frombuffer(content[-native_trailer.itemsize :], native_trailer, 1)[0]["15TRAILER"]
    prologue, epilogue = np.zeros(1, hrit_prologue), np.zeros(1, hrit_epilogue)
    for name in hrit_prologue.names:
        prologue[0][name] = header[name]
    for name in hrit_epilogue.names:
        epilogue[0][name] = trailer[name]
    folder.mkdir(exist_ok=True)
    name = "H-000-MSG2__-MSG2________-{:_<9}-{:_<9}-201006111200-__"
    (folder / name.format("", "PRO")).write_bytes(body_bytes(prologue))
    (folder / name.format("", "EPI")).write_bytes(body_bytes(epilogue))
    for channel, number in segments:
        counts = np.broadcast_to((200 + number * 50 + np.arange(3712) // 16)[None], (464, 3712))
        content = segment_bytes(channel, number, counts, **wrong)
        (folder / name.format(channel, f"{number:06d}")).write_bytes(content)
    return folder


def changed(native, tmp_path, **fields):
    """A copy of a native file with other values of header fields, named by paths."""
    from satpy.readers.seviri_l1b_native_hdr import get_native_header

    layout = get_native_header(True)
    content = native.read_bytes()
    header = np.frombuffer(content, layout, 1).copy()
    for name, value in fields.items():
        *road, last = name.split("__")
        place = header[0]["15_DATA_HEADER"]
        for step in road:
            place = place[step]
        place[last] = value
    path = tmp_path / native.name
    path.write_bytes(header.tobytes() + content[layout.itemsize :])
    return path
