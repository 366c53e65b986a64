"""Pictures of a store of samples say where, when and what; the 3-D view has its walls in place."""

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import profile_factory as made
from nephoscope.cli import app
from nephoscope.plots import store_pictures
from nephoscope.plots.cloud_types import TYPE_COLOURS, TYPE_NAMES
from nephoscope.plots.coverage import plot_calendar, plot_class_counts, plot_coverage
from nephoscope.plots.store_pictures import curtain_of_sample, split_pictures, types_of_samples
from nephoscope.plots.volume import plot_volume, walls_of
from nephoscope.samples.store import open_samples

NAMES = ["calendar", "classes", "coverage", "curtain", "patches", "view_3d"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return made.store(tmp_path_factory.mktemp("stores") / "atcs.zarr")


def cells(axes):
    """(row, column) counts of a map or calendar, 0 where it is empty."""
    shown = axes.collections[0] if axes.collections else axes.images[0]
    return np.ma.filled(shown.get_array(), 0)


def test_the_map_counts_samples_in_cells_of_one_area():
    latitude = np.array([0.5, 0.6, 60.0, -45.0])
    longitude = np.array([1.0, 2.0, 170.0, 181.0])
    split = np.array(["train", "train", "test", "test"])
    figure = plot_coverage(latitude, longitude, split)
    whole, train, test = (axes for axes in figure.axes if axes.get_title())
    assert [axes.get_title() for axes in (whole, train, test)] == [
        "all samples: 4", "train: 2", "test: 2"
    ]  # fmt: skip
    counts = cells(whole).reshape(30, 60)
    assert counts.sum() == 4
    assert counts[15, 30] == 2
    # At 60 degrees the meridians are half as far apart: 170°E lies 85 degrees to the right.
    assert counts[25, 44] == 1
    # 181°E is 179°W.
    assert counts[7, int((180 - 179 * np.cos(np.pi / 4)) // 6)] == 1
    assert cells(test).sum() == 2
    outline = max((line.get_xdata() for line in whole.lines), key=lambda x: np.max(np.abs(x)))
    assert np.abs(outline).max() == pytest.approx(180)


def test_the_calendar_counts_samples_of_each_day():
    time = np.array(["2008-01-31", "2008-01-31T23:59", "2008-03-01", "NaT"], "datetime64[ns]")
    figure = plot_calendar(time, np.array(["train", "train", "validation", "train"]))
    train, validation = (axes for axes in figure.axes if axes.get_title())
    assert train.get_title() == "train: 2 samples of 1 days"
    assert np.argwhere(cells(train)).tolist() == [[0, 30]]
    assert cells(train)[0, 30] == 2
    assert np.argwhere(cells(validation)).tolist() == [[2, 0]]
    assert [tick.get_text() for tick in train.get_yticklabels()] == [
        "2008-01",
        "2008-02",
        "2008-03",
    ]


def test_a_calendar_of_samples_without_times_is_empty():
    figure = plot_calendar(np.array(["NaT"], "datetime64[ns]"), np.array(["train"]))
    assert cells(figure.axes[0]).sum() == 0


def test_bars_are_shares_of_what_is_labelled():
    counts = {"train": np.array([90, *[0] * 7, 10]), "": np.array([50, 50, *[0] * 7])}
    (axes,) = plot_class_counts(counts).axes
    heights = [[bar.get_height() for bar in group] for group in axes.containers]
    assert heights == [[90, *[0] * 7, 10], [50, 50, *[0] * 7]]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["train, 100", "in no part, 100"]


def test_types_are_counted_in_each_sample(store):
    counts = types_of_samples(open_samples(store))
    assert counts[3].tolist() == [9 * 106, 9 * 10, 0, 0, 0, 0, 9 * 4, 0, 0]
    assert counts[0].tolist() == [9 * 120, *[0] * 8]  # unknown bins are of no type
    assert counts.sum() == 10 * 9 * 120


def test_the_points_of_a_sample_have_places_across_the_date_line(store):
    samples = open_samples(store)
    curtain = curtain_of_sample(samples, 6)  # about 180°E
    longitude = samples["longitude"].values[6]
    assert longitude.min() < -179
    assert longitude.max() > 179
    assert np.abs(curtain["longitude"]).min() > 179
    # Half a pixel below the first row, and column 6.
    expected = samples["latitude"].values[6][:2, 6].mean()
    assert float(curtain["latitude"][0]) == pytest.approx(expected, abs=1e-3)
    assert (curtain_of_sample(samples, 3).values[:, 50:60] == 1).all()
    assert "time" not in curtain.coords
    timed = samples.assign(profile_time=("point", np.arange(10.0 * made.POINTS)))
    first = curtain_of_sample(timed, 1)["time"].values[0]
    assert first == np.datetime64("1993-01-01T00:00:09")


def test_a_store_is_drawn_by_the_verb(store, tmp_path):
    done = CliRunner().invoke(app, ["plot", str(store), "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert sorted(path.stem for path in tmp_path.iterdir()) == NAMES
    with Image.open(tmp_path / "curtain.png") as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20)}
    assert {(76, 25, 157), (243, 172, 61), (0, 0, 0)} <= colours
    refused = CliRunner().invoke(
        app, ["plot", str(store), "--curtain", "x.hdf", "-o", str(tmp_path)]
    )
    assert refused.exit_code == 2


def test_of_several_stores_each_has_a_folder_and_a_bad_one_is_named(store, tmp_path):
    bad = tmp_path / "bad.zarr"
    bad.mkdir()
    (bad / "zarr.json").write_text(
        '{"zarr_format": 3, "node_type": "group", "attributes": {"samples_id": ""}}'
    )
    done = CliRunner().invoke(app, ["plot", str(bad), str(store), "-o", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "bad.zarr" in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["atcs"]


def test_points_that_are_no_track_are_no_curtain(tmp_path):
    path = made.store(tmp_path / "truth.zarr", 4)
    group = path / "zarr.json"
    group.write_text(group.read_text().replace('"points": "track"', '"points": "truth"'))
    drawn = split_pictures(path, tmp_path / "out")
    assert sorted(each.stem for each in drawn) == ["calendar", "classes", "coverage", "patches"]


def test_a_store_without_points_is_drawn_as_far_as_it_goes(store, monkeypatch, tmp_path):
    samples = open_samples(store).isel(point=slice(0, 0))
    samples["row_size"] = samples["row_size"] * 0
    monkeypatch.setattr(store_pictures, "open_samples", lambda path: samples)
    drawn = split_pictures(store, tmp_path)
    assert sorted(each.stem for each in drawn) == ["calendar", "classes", "coverage", "patches"]


def test_walls_stand_on_the_track_at_their_heights():
    picture = np.zeros((20, 30, 3))
    picture[5, 7] = (1, 0, 0)
    height = np.array([3000.0, 2000.0, 1000.0])
    kinds = np.array([[1, 1, 0], [0, -1, 6]], np.int8)
    figure = plot_volume(picture, np.array([5.0, 6]), np.array([7.0, 7]), kinds, height, pixel=2)
    (axes,) = figure.axes
    floor, walls = axes.collections
    # Of the collection's own order, not that in which it is drawn.
    assert floor._facecolor3d[5 * 30 + 7][:3].tolist() == [1, 0, 0]
    # Rows go down, the axis goes north: row 5 of 20 is 29 km up, at 2 km a pixel.
    corners, _ = walls_of(np.array([[15.0, 29], [15, 27]]), kinds, height)
    np.testing.assert_allclose(corners[0, :, 0], 15)
    np.testing.assert_allclose(sorted({*corners[0, :, 1]}), [28, 30])
    np.testing.assert_allclose(sorted({*corners[0, :, 2]}), [1.5, 3.5])
    np.testing.assert_allclose(sorted({*corners[1, :, 2]}), [0.5, 1.5])
    (line,) = (each for each in axes.lines if len(each.get_xdata()))
    np.testing.assert_allclose(np.array(line.get_data_3d())[:2], [[15, 15], [29, 27]])
    said = [text.get_text() for text in figure.legends[0].get_texts()]
    assert said == ["track of the profiler", TYPE_NAMES[1], TYPE_NAMES[6]]
    colours = [tuple(np.rint(255 * each[:3]).astype(int)) for each in walls._facecolor3d]
    expected = [tuple(int(TYPE_COLOURS[n][at : at + 2], 16) for at in (1, 3, 5)) for n in (1, 6)]
    assert sorted(colours) == sorted(expected)


def test_a_clear_track_has_no_walls():
    figure = plot_volume(np.zeros((4, 4, 3)), np.arange(3.0), np.arange(3.0),
                         np.zeros((3, 2), np.int8), np.array([2000.0, 1000.0]))  # fmt: skip
    assert len(figure.legends[0].get_texts()) == 1
