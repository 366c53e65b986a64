"""Scenes on disk: read back, taken up again, moved by the wind, and crossed by the A-Train."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("satpy")
pytest.importorskip("netCDF4")

from nephoscope.errors import UsageError
from nephoscope.instruments.dardar import read as read_track
from nephoscope.instruments.seviri import CHANNELS, SOLAR, grid_of
from nephoscope.instruments.seviri import find as find_slots
from nephoscope.instruments.seviri import read as read_slot
from nephoscope.simulate.earth.seviri.regions import choose_regions
from nephoscope.simulate.earth.seviri.writing import simulate_slots
from nephoscope.simulate.earth.version import SIMULATOR_VERSION

SIZE = 32


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("slots")
    return out, simulate_slots(out, scenes=2, seed=5, size=SIZE)


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    out = tmp_path_factory.mktemp("series")
    return simulate_slots(out, scenes=1, seed=6, slots=3, size=SIZE)


def test_pictures_lie_as_the_archive_has_them(made):
    out, paths = made
    assert len(paths) == 2
    for path in paths:
        day = path.relative_to(out / "HRSEVIRI").parts[:3]
        assert path.name.startswith("MSG2-SEVI-MSG15-0100-NA-" + "".join(day))
        assert path.name.endswith("Z-NA.nat")
    assert [slot.path for slot in find_slots(out)] == sorted(paths, key=lambda path: path.name)


def test_the_truth_lies_beside_on_the_same_pixels(made):
    import xarray as xr

    out, paths = made
    for path in paths:
        scene = read_slot(path)
        name = f"{scene.attrs['id']}.zarr"
        truth = xr.open_zarr(out / "truth" / name)
        assert truth.iwc.shape == (84, SIZE, SIZE)
        np.testing.assert_allclose(truth.latitude, scene.latitude, atol=2e-3)
        np.testing.assert_allclose(truth.longitude, scene.longitude, atol=2e-3)


def test_our_reader_and_satpy_read_the_same(made):
    from satpy import Scene

    path = made[1][0]
    told = f"CreatingCentre              : simulated by nephoscope.simulate {SIMULATOR_VERSION}\n"
    assert told.encode() in path.read_bytes()[:6000]
    scene = read_slot(path)
    assert scene.image.shape == (len(CHANNELS), SIZE, SIZE)
    for name in ("IR_108", "WV_062"):
        other = Scene([str(path)], reader="seviri_l1b_native")
        other.load([name])
        # satpy's rows run from the south, its columns from the east.
        np.testing.assert_allclose(
            other[name].values[::-1, ::-1], scene.image.sel(channel=name).values, atol=0.01
        )
    thermal = scene.image.values[len(SOLAR) :]
    assert np.isfinite(thermal).all()
    assert 180 < thermal[1:].min() < thermal.max() < 340


def test_values_survive_the_file_within_half_a_count(tmp_path):
    from nephoscope.simulate.earth.seviri.native import SLOPE, write_native
    from nephoscope.simulate.earth.seviri.picture import observe
    from nephoscope.simulate.earth.seviri.planck import Planck

    (region,) = choose_regions(5, 1, SIZE, 1)
    from nephoscope.simulate.earth.atmosphere import LocalGrid
    from nephoscope.simulate.earth.atmosphere.weather import Weather

    grid = LocalGrid.covering(*region.grid.places(), 3000.0, 30_000.0)
    air = Weather(grid, 1, region.middle(0)).at(region.middle(0))
    image = observe(air, region.grid, region.starts[0])
    path = write_native(
        tmp_path, image, CHANNELS, region.starts[0], region.first_row, region.first_col
    )
    back = read_slot(path).image.values
    for name in ("WV_073", "IR_087", "IR_108", "IR_134"):
        number = CHANNELS.index(name)
        planck = Planck.of(name, 322)
        error = planck.radiance(back[number]) - planck.radiance(image[number])
        assert np.abs(error).max() < 0.51 * SLOPE[number]


def test_what_is_there_is_kept_and_what_is_missing_made_again(made):
    out, paths = made
    before = [path.read_bytes() for path in paths]
    paths[1].unlink()
    kept = paths[0].stat().st_mtime_ns
    told = []
    assert simulate_slots(out, scenes=2, seed=5, progress=told.append, size=SIZE) == paths
    assert len(told) == 2
    assert paths[0].stat().st_mtime_ns == kept
    assert [path.read_bytes() for path in paths] == before
    with pytest.raises(UsageError, match="another simulation"):
        simulate_slots(out, scenes=2, seed=6, size=SIZE)


def test_the_a_train_crosses_the_picture_while_it_is_scanned(made):
    out, paths = made
    tracks = sorted((out / "CLOUDSAT" / "DARDAR-NICE_L2-PRO.v1.00").rglob("*.nc"))
    assert len(tracks) == len(paths)
    for path in paths:
        scene = read_slot(path)
        near = []
        for file in tracks:
            track = read_track(file)
            row, col = grid_of(scene).to_pixel(track.latitude, track.longitude)
            inside = (row > 0) & (row < SIZE) & (col > 0) & (col < SIZE)
            late = np.abs(track.time[inside] - scene.time.values[SIZE // 2])
            if inside.any() and late.max() < np.timedelta64(9, "m"):
                near.append(file)
        assert len(near) == 1


def test_clouds_move_and_grow_from_slot_to_slot(series):
    scenes = [read_slot(path, ("IR_108",)) for path in series]
    starts = [np.datetime64(scene.attrs["nominal_time"]) for scene in scenes]
    assert set(np.diff(starts)) == {np.timedelta64(15, "m")}
    image = [scene.image.values[0].ravel() for scene in scenes]
    assert np.abs(image[1] - image[0]).max() > 1
    if image[0].std() > 2:
        near, far = (np.corrcoef(image[0], image[number])[0, 1] for number in (1, 2))
        assert near > far - 0.05
        assert near > 0.3


@pytest.mark.parametrize("number", range(40))
def test_regions_are_within_the_domain_when_the_a_train_passes(number):
    region = choose_regions(11, number + 1, 512, 1)[number]
    latitude, longitude = region.grid.places()
    assert np.abs(latitude).max() <= 30.2
    assert np.abs(longitude).max() <= 30.2
    middle = float(latitude[256, 256]), float(longitude[256, 256])
    here = [float(one) for one in region.orbit.place(region.middle(0))]
    assert here[0] == pytest.approx(middle[0], abs=0.1)
    assert here[1] == pytest.approx(middle[1], abs=2.0)
    day = region.middle(0).astype("datetime64[D]")
    hours = float((region.middle(0) - day) / np.timedelta64(1, "h")) + middle[1] / 15
    assert min(abs(hours % 24 - hour) for hour in (1.5, 13.5)) < 0.7
    quarter = (region.starts[0] - region.starts[0].astype("datetime64[h]")) / np.timedelta64(
        15, "m"
    )
    assert quarter == round(float(quarter))


def test_requests_that_make_no_sense(tmp_path):
    for wrong in ({"scenes": 0}, {"slots": 0}, {"size": 30}, {"size": 3000}, {"scenes": 5000}):
        with pytest.raises(UsageError):
            simulate_slots(tmp_path, **wrong)


@pytest.mark.slow
def test_files_do_not_depend_on_the_number_of_processes(tmp_path):
    alone, together = (
        simulate_slots(tmp_path / str(workers), scenes=2, seed=5, workers=workers, size=SIZE)
        for workers in (1, 2)
    )
    assert [path.name for path in alone] == [path.name for path in together]
    for one, other in zip(alone, together, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_no_two_purposes_share_a_draw(tmp_path, monkeypatch):
    usual, drawn = np.random.default_rng, []

    def noted(seed):
        drawn.append(usual(seed).random())
        return usual(seed)

    monkeypatch.setattr(np.random, "default_rng", noted)
    simulate_slots(tmp_path, scenes=1, seed=5, slots=2, size=SIZE)
    assert len(set(drawn)) == len(drawn) > 30


def test_no_two_scenes_share_a_slot():
    """With this seed two of all would: an overpass at midnight, and the next day's at its start."""
    regions = choose_regions(1, 1341, SIZE, 1)
    assert len({region.starts[0] for region in regions}) == len(regions)
    for number in (1, 40):
        some = choose_regions(1, number, SIZE, 1)
        assert [one.seed for one in some] == [one.seed for one in regions[:number]]
