"""The operational cloud mask errs where such masks do."""

from __future__ import annotations

import numpy as np
import pytest

from nephoscope.simulate.earth.polder.indicator import CLEAR, CLOUDY, UNDETERMINED, cloud_indicator


@pytest.fixture(scope="module")
def classes(views):
    """Share of each class by cover, over sea and over land."""

    def of(cover, sea):
        there = np.isfinite(views.thetav)
        planes = np.where(there, np.float32(cover), np.float32(np.nan))
        ground = np.full(planes.shape[1:], float(sea))
        mask = cloud_indicator(np.random.default_rng(0), planes, ground, views)[there.any(axis=0)]
        return [float((mask == one).mean()) for one in (CLEAR, UNDETERMINED, CLOUDY)]

    return of


def test_thick_cloud_is_found_and_clear_land_is_clear(classes):
    assert classes(0.9, sea=1)[2] == 1
    assert classes(0.9, sea=0)[2] == 1
    assert classes(0.0, sea=0)[0] == 1


def test_thin_cloud_is_found_over_sea_sooner_than_over_land(classes):
    assert classes(0.09, sea=1)[0] < 0.3
    assert classes(0.09, sea=0)[0] > 0.7
    assert classes(0.03, sea=0)[0] > 0.9


def test_nothing_is_sure_in_the_glint(classes):
    """In June at 20 north the Sun is mirrored near the track."""
    clear, unsure, cloudy = classes(0.0, sea=1)
    assert 0.02 < unsure < 0.6
    assert clear > 0.4
    assert cloudy == 0
