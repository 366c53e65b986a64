"""A predicted night beside its truth: numbers by hand, and a picture."""

import numpy as np
import pytest
from astropy.io import fits

from nephoscope.errors import InputError
from nephoscope.evaluation.night import compare_night
from nephoscope.instruments.skycam import read_label
from nephoscope.plots.night import draw_night
from nephoscope.products.fits import write_frame_fits
from nephoscope.products.frames import FRAME_COLUMNS, write_table

# found, true: of 4 x 5 pixels
FRAMES = {
    "b_flux.fits": ("2023-01-24T18:01:00", "cloudy", 0.5, 10, 15),
    "a_flux.fits": ("2023-01-24T18:00:00", "clear", 0.0, 0, 0),
    "c_flux.fits": ("2023-01-24T18:02:00", "unknown", None, None, 20),
}


def first(number):
    mask = np.zeros(20, np.int8)
    mask[:number] = 1
    return mask.reshape(4, 5)


@pytest.fixture
def night(tmp_path):
    rows = []
    for name, (time, state, cover, found, true) in FRAMES.items():
        mask = np.full((4, 5), -1, np.int8) if found is None else first(found)
        write_frame_fits(tmp_path / "out" / name, mask.astype("f4"), mask, mask.astype("f4"))
        rows.append({"file": name, "time": time, "state": state,
                     "cloud_fraction": "" if cover is None else str(cover)})  # fmt: skip
        (tmp_path / "truth").mkdir(exist_ok=True)
        truth = fits.ImageHDU(first(true).astype(np.uint8), name="MASK")
        fits.HDUList([fits.PrimaryHDU(), truth]).writeto(
            tmp_path / "truth" / name.replace("_flux", "_truth")
        )
    write_table(tmp_path / "out" / "frames.csv", FRAME_COLUMNS, rows)
    return compare_night(tmp_path / "out", tmp_path / "truth", read_label), tmp_path


def test_frames_come_in_order_of_time_and_numbers_are_those_counted_by_hand(night):
    found, _ = night
    assert found.file == ["a_flux.fits", "b_flux.fits", "c_flux.fits"]
    assert found.counts.tolist() == [[25, 0], [5, 10]]
    assert found.mean_iou == pytest.approx((25 / 30 + 10 / 15) / 2)
    assert (found.judged, found.right) == (2, 2)
    assert found.error == pytest.approx((0 + 0.25) / 2)


def test_the_night_is_drawn_with_and_without_a_first_look(night):
    found, folder = night
    figure = draw_night(found, folder / "out", found)
    labels = figure.subfigs[0].axes[0].get_legend_handles_labels()[1]
    assert labels == ["simulated truth", "each frame by itself", "beside its own clear sky",
                      "state: clear", "state: cloudy", "state: unknown"]  # fmt: skip
    assert "found" in draw_night(found, folder).subfigs[0].axes[0].get_legend_handles_labels()[1]


def test_a_folder_without_a_table_is_named(tmp_path):
    with pytest.raises(InputError, match=r"frames.csv: cannot be read"):
        compare_night(tmp_path, tmp_path, read_label)
