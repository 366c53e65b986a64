"""Bulk runs over frames, as `nephoscope predict` makes them."""

from pathlib import Path

from nephoscope.apply.bulk import predict_many
from nephoscope.apply.chain import SkyChain
from nephoscope.apply.jobs import Options, plan_jobs
from nephoscope.apply.sinks import FitsSink
from nephoscope.cli.run_report import draw
from nephoscope.products.frames import INSTRUMENT


def chain_of(model="sky", *, threshold=None, picture=True, background=None, **own) -> SkyChain:
    options = Options(threshold, picture, own=own)
    return SkyChain(model, options, None if background is None else Path(background))


def predict_sky(inputs, out, chain=None, workers=1, **how):
    return predict_many(inputs, out, chain or chain_of(), workers=workers, draw=draw, **how)


def plan_frames(inputs, out, left_out=None):
    return plan_jobs(inputs, out, INSTRUMENT, FitsSink(out), False, left_out)
