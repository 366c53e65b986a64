"""What the reader makes of real maps; needs the data folder named by NEPHOSCOPE_DATA."""

import numpy as np

from nephoscope.instruments import find_scenes, marci, open_scene


def test_both_layouts_are_found(mars_data):
    assert len(find_scenes(mars_data / "raw", "marci")) == 7
    label = find_scenes(mars_data / "label", "marci")
    assert [f.order for f in label] == list(range(1, 19))
    assert all(marci.label_path_for(f.path) for f in label)


def test_a_partial_map_says_so(mars_data):
    whole = open_scene(mars_data / "raw/P/P01/P01_day01_zequat.jpg")
    partial = open_scene(mars_data / "raw/P/P01/P01_day25_zequat.jpg")
    assert whole["solar_longitude"] == 132.5
    assert partial["mars_year"] == 28
    assert whole.attrs["missing_share"] < 0.3 < 0.5 < partial.attrs["missing_share"]


def test_images_of_the_day_are_listed(mars_data):
    path = marci.image_ids_path_for(mars_data / "raw/P/P01/P01_day25_zequat.jpg")
    assert path is not None
    assert len(marci.read_image_ids(path)) == 5


def test_missing_pixels_agree_with_the_labels(mars_data):
    folder = mars_data / "label/P01"
    pixels = marci.read_pixels(folder / "mdgms/P01day01.jpeg")
    label = marci.read_label(folder / "cloudmask/cloudmask_P01day01.ncdf")
    rows, cols = marci.label_bounds(label)
    assert (rows, cols) == (slice(189, 1336), slice(4, 3597))
    unknown = label[rows, cols] < 0
    agreement = {
        rule: np.mean(marci.missing_mask(pixels, rule)[rows, cols] == unknown)
        for rule in ("blue", "legacy")
    }
    assert agreement["blue"] > 0.994
    assert agreement["blue"] > agreement["legacy"]
