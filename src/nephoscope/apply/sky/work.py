"""What is done for one frame: read, judge, write. The same in this process and in a worker."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.apply.plan import Job
from nephoscope.apply.sky.chain import SkyChain, SkyOptions
from nephoscope.apply.sky.choice import INSTRUMENT
from nephoscope.errors import shown
from nephoscope.instruments import open_scene
from nephoscope.products.fits import Facts, card_text, write_frame_fits
from nephoscope.products.sky import FrameResult, blob_rows, frame_row

_LINE = 60  # characters of a note in one card


@dataclass(frozen=True)
class Done:
    """What the tables and the journal keep of a frame.

    Attributes:
        row: of `frames.csv`.
        blobs: of `blobs.csv`.
        note: why it is unknown, or what is odd.
    """

    row: dict[str, str]
    blobs: list[dict[str, str]]
    note: str

    @property
    def said(self) -> str:
        """The state in one line, with the reason."""
        state = self.row["state"]
        cover = self.row["cloud_fraction"]
        words = [state, f"cloud {float(cover):.0%}" if cover else "", self.note]
        return ", ".join(word for word in words if word)


def predict_frame_file(chain: SkyChain, job: Job) -> Done:
    """Read, judge and write one frame; the FITS comes last.

    Raises:
        InputError: the frame cannot be used.
        OutputError: something cannot be written.
    """
    scene = open_scene(job.scene.path, INSTRUMENT, flavour=chain.options.flavour)
    result, facts = chain.judge(scene)
    if job.picture is not None:
        from nephoscope.plots.sky import overlay, save_overlay

        save_overlay(overlay(scene, result), job.picture)
    write_result(job, scene, result, facts)
    name = shown(job.scene.relative / job.scene.path.name)
    blobs = [blob | {"file": name} for blob in blob_rows(result)]
    return Done(frame_row(result) | {"file": name}, blobs, result.note)


def write_result(job: Job, scene: xr.Dataset, result: FrameResult, facts: Facts) -> None:
    """Write the FITS of a frame.

    Raises:
        OutputError: it cannot be written.
    """
    image = scene["image"]
    lines = textwrap.wrap(result.note, _LINE)
    notes = {f"NOTE{number}": (card_text(line), "") for number, line in enumerate(lines[:9], 1)}
    source = {"ORIGFILE": (card_text(job.scene.path.name, _LINE), "")}
    if "scale_note" in scene.attrs:
        source["SCALED"] = (card_text(str(scene.attrs["scale_note"])), "")
    pixels = image.values[0] if image.sizes["channel"] == 1 else image.values
    write_frame_fits(
        job.target,
        pixels,
        result.mask,
        result.probability,
        str(scene.attrs.get("header", "")),
        source | _time_of(scene) | dict(facts) | notes,
        str(image.attrs["units"]),
    )


def _time_of(scene: xr.Dataset) -> dict[str, tuple[str, str]]:
    """DATE-OBS for frames whose header has none."""
    time = scene["time"].values
    if np.isnat(time) or "DATE-OBS" in str(scene.attrs.get("header", "")):
        return {}
    return {"DATE-OBS": (str(time.astype("datetime64[us]")), "UTC, start of the exposure")}


_STATE: dict[str, Any] = {}


def start_worker(options: SkyOptions) -> None:
    """Open the models in the process that will run them."""
    _STATE["chain"] = SkyChain(options)


def work_on(job: Job) -> Done:
    """Do one frame with the models of this process."""
    chain: SkyChain = _STATE["chain"]
    return predict_frame_file(chain, job)
