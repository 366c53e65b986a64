"""One window the original's way, from the archive's files to its folder, imported: as we read it.

The steps are those of its generator, version 1: rows and columns around a profile, values scaled
where they are valid with codes left in, corners by `benchmarks.original_polder`.
"""

import json
import pickle
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from benchmarks.original_polder import match, vincenty

from atcs_factory import decode, group_of, write_json
from half_orbits_factory import write_pair
from nephoscope import collocate, open_track
from nephoscope.instruments.polder import Window
from nephoscope.instruments.polder import read as read_half_orbit
from nephoscope.samples.from_atcs import import_atcs
from nephoscope.samples.store import open_samples

FIELDS = ("I443NP", "I490P", "Q490P", "phi", "thetav", "Nviews", "Latitude", "Longitude")
SIZE = 40
RECIPE = SimpleNamespace(
    task="cloud_type", name="made", instrument="polder", inputs=SimpleNamespace(side=None)
)


def values_of(file, name, rows, columns):
    """(y, x, view) float64: scaled where valid, codes raw."""
    data = file[f"{group_of(name)}/{name}"]
    raw = data[rows[0] : rows[-1] + 1][np.arange(SIZE)[:, None], columns]
    valid = np.ones(raw.shape, bool)
    for code in ("_FillValue", "missing_value"):
        if code in data.attrs:
            valid &= raw != raw.dtype.type(np.ravel(data.attrs[code])[0])
    values = raw.astype(np.float64)
    values[valid] = values[valid] * data.attrs["scale_factor"] + data.attrs["add_offset"]
    return values.reshape(SIZE, SIZE, -1)


def generate(folder, picture, tracks):
    """The folder of one sample, and its first row and the origins of its rows."""
    track = open_track(list(tracks))
    places = track["latitude"].values, track["longitude"].values
    middle = len(places[0]) // 2
    first = int(18 * (90 - places[0][middle]) - SIZE / 2)
    rows = first + np.arange(SIZE)
    with h5py.File(picture) as file:
        longitude = file["Geolocation_Fields/Longitude"][rows[0] : rows[-1] + 1]
        latitude = 90 - (rows + 0.5) / 18
        reach = SIZE / 2 * 180 / (3240 * np.cos(np.radians(latitude)))
        near = np.abs(longitude - places[1][middle]) <= reach[:, None]
        columns = np.stack([np.flatnonzero(row)[:SIZE] for row in near])
        image = np.concatenate([values_of(file, name, rows, columns) for name in FIELDS], -1)
        attributes = {}
        for name in FIELDS:
            told = {key: np.ravel(value).tolist()[0] for key, value in
                    file[f"{group_of(name)}/{name}"].attrs.items()
                    if np.asarray(value).dtype.kind in "iuf"}  # fmt: skip
            attributes.setdefault(group_of(name), {})[name] = told
    seen = image[..., 5 * 16] >= 13
    pixels = image[..., -2][seen], image[..., -1][seen]
    found = match(places, pixels, vincenty)
    inside = found.enclosed
    index = np.argwhere(seen)[found.pixel[inside]]
    output = {
        "lat": places[0][inside], "lon": places[1][inside],
        "height": track["height"].values[inside].astype(np.int16),
        "time": np.arange(inside.sum(), dtype=float),
        "cloud_scenario": decode(track["cloud_scenario"].values[inside]),
        "corner_idx": index, "corner_weights": found.weight[inside],
    }  # fmt: skip
    for kind in ("input", "output"):
        (folder / kind).mkdir(parents=True)
    np.save(folder / "input" / "0.npy", image)
    (folder / "output" / "0.pkl").write_bytes(pickle.dumps(output))
    names = {"cldclass_file": tracks[0].name, "cal_par_file": tracks[1].name}
    told = {"par_file": picture.name, "input_path": "input/0.npy", "output_path": "output/0.pkl"}
    write_json(folder / "instance_info.json", {"0": names | told})
    fields = [[group_of(name), name] for name in FIELDS]
    generation = {"par_fields": fields, "par_field_attributes": attributes}
    (folder / "dataset_generation_info.json").write_text(json.dumps(generation))
    return Window(first, columns[:, 0].astype(np.int64), SIZE), track, np.flatnonzero(inside)


@pytest.mark.parametrize("longitude", [20.0, -130.0])
def test_the_same_counts_pixels_and_labels(tmp_path, longitude):
    pytest.importorskip("pyhdf")
    views = np.full((56, 60), 14)
    views[30:32, 27:31] = 9
    picture, tracks = write_pair(tmp_path / "raw", longitude=longitude, views=views)
    window, track, profiles = generate(tmp_path / "atrain", picture, tracks)
    assert not import_atcs(tmp_path / "atrain", tmp_path / "atcs.zarr", RECIPE)
    store = open_samples(tmp_path / "atcs.zarr")
    scene = read_half_orbit(picture, FIELDS, window=window)
    scale, offset = (scene[name].values[:, None, None] for name in ("scale_factor", "add_offset"))
    counts = np.rint((scene["image"].values - offset) / scale)
    counts = np.where(np.isfinite(counts), counts, -32768)
    np.testing.assert_array_equal(store["image"][0], counts)
    for name in ("scale_factor", "add_offset", "turns", "unit", "field", "view_of"):
        np.testing.assert_array_equal(store[name].values, scene[name].values)
    np.testing.assert_array_equal(store["known"][0], scene["known"])
    np.testing.assert_array_equal(store["origin"][0], window.origin)
    assert store["first_row"][0] == window.first_row
    for name in ("latitude", "longitude"):
        np.testing.assert_allclose(store[name][0], scene[name], atol=1e-5)
    known = scene["known"].where(scene["image"].sel(channel="Nviews").values >= 13, False)
    for weights in ("bilinear", "inverse_distance"):
        pairs = collocate(track, scene.assign(known=known), weights=weights)
        ours = np.isin(profiles, pairs["profile"])
        assert 0.8 < ours.mean() < 1  # beside a gap the original takes pixels that lie farther off
        theirs = np.isin(pairs["profile"], profiles)
        assert theirs.all()
        np.testing.assert_array_equal(store["corner_row"][ours], pairs["corner_row"])
        np.testing.assert_array_equal(store["corner_col"][ours], pairs["corner_col"])
        np.testing.assert_allclose(store[f"weight_{weights}"][ours], pairs["weight"], atol=1e-3)
        np.testing.assert_allclose(store["row"][ours], pairs["row"], atol=1e-3)
    np.testing.assert_array_equal(store["cloud_type"], track["cloud_type"][profiles])
    np.testing.assert_array_equal(store["time_offset"], -131.0)
