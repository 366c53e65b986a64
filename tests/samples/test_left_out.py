"""What no sample is made of: damaged files, nights, tracks alone; each counted with its reason."""

import errno
import shutil
from datetime import timedelta

import h5py
import numpy as np
import pytest
import xarray as xr

import half_orbits_factory as factory
from nephoscope.errors import InputError, OutputError, UsageError
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments import granules
from nephoscope.instruments.polder import counts
from nephoscope.samples import from_tracks, harvest, patches, resumable
from nephoscope.samples.patches import Choice

pytest.importorskip("pyhdf")
built, granules_of = factory.built, factory.granules_of


def copied(raw, tmp_path):
    """A copy of the files with half orbits 176, 177 and 178 by number, and their tracks."""
    folder = tmp_path / "files of my own"
    shutil.copytree(raw, folder)
    pictures = sorted(folder.rglob("*.h5"))
    tracks = sorted(folder.rglob("*CLDCLASS*.hdf"))
    return folder, pictures, tracks


def truncated(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without(path, field):
    with h5py.File(path, "r+") as file:
        del file[field]


DAMAGES = {
    "cut picture": (lambda picture, track, offsets: truncated(picture), harvest.DAMAGED),
    "empty picture": (
        lambda picture, track, offsets: picture.write_bytes(b""),
        harvest.DAMAGED,
    ),
    "cut track": (lambda picture, track, offsets: truncated(track), harvest.DAMAGED),
    "cut offsets": (lambda picture, track, offsets: truncated(offsets), harvest.DAMAGED),
    "no U": (
        lambda picture, track, offsets: without(picture, "Data_Directional_Fields/U490P"),
        harvest.MISSING_FIELD,
    ),
    "no number of views": (
        lambda picture, track, offsets: without(picture, "Data_Fields/Nviews"),
        harvest.MISSING_FIELD,
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_left_out_and_named(half_orbits, tmp_path, damage):
    harm, reason = DAMAGES[damage]
    folder, pictures, tracks = copied(half_orbits, tmp_path)
    offsets = sorted(folder.rglob("*PAR-RB2*.hdf"))
    harm(pictures[1], tracks[1], offsets[1])
    told = []
    found, skipped = built(folder, tmp_path / "s.zarr", told=told)
    assert skipped == {reason: 1}
    assert len(told) == 1
    assert told[0].path in {str(each[1]) for each in (pictures, tracks, offsets)}
    assert len(set(found["group"].values.tolist())) == 2
    assert found.attrs["skipped"] == {reason: 1}


def test_nothing_usable_at_all_is_an_error(half_orbits, tmp_path):
    folder, pictures, _ = copied(half_orbits, tmp_path)
    for picture in pictures:
        truncated(picture)
    with pytest.raises(InputError, match="not one sample"):
        built(folder, tmp_path / "s.zarr")
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"fewest_views": 15}, from_tracks.FEW_VIEWS),
        ({"most_offset": 100.0}, from_tracks.TOO_LATE),
        ({"latitudes": (60.0, 70.0)}, from_tracks.BEYOND),
    ],
)
def test_half_orbits_without_anything_usable_are_counted(half_orbits, tmp_path, wanted, reason):
    with pytest.raises(UsageError, match=f"3 x {reason}"):
        built(half_orbits, tmp_path / "s.zarr", **wanted)


def test_patches_without_labels_are_counted(half_orbits, tmp_path):
    with pytest.raises(UsageError, match=f"9 x {patches.FEW_LABELS}"):
        built(half_orbits, tmp_path / "s.zarr", Choice(size=16, fewest=60))
    with pytest.raises(UsageError, match=f"3 x {patches.SHORT}"):
        built(half_orbits, tmp_path / "t.zarr", Choice(size=60))


def test_latitudes_limit_the_rows(half_orbits, tmp_path):
    first, last = POLDER.to_latitude(1600), POLDER.to_latitude(1655)
    middle = (first + last) / 2
    found, _ = built(half_orbits, tmp_path / "s.zarr", latitudes=(middle, 90.0))
    assert found["latitude"].values.min() >= middle
    assert found.sizes["sample"] == 3


def test_nights_and_tracks_alone_and_twins_are_counted(half_orbits, tmp_path):
    folder, pictures, tracks = copied(half_orbits, tmp_path)
    night = tracks[0].with_name(tracks[0].name.replace("ZD.hdf", "ZN.hdf"))
    night.write_bytes(b"is not opened")
    later = tracks[0].with_name(tracks[0].name.replace("T01-32-43", "T12-00-00"))
    shutil.copy(tracks[0], later)
    newer = pictures[1].with_name(pictures[1].name.replace("V1-01", "V1-02"))
    shutil.copy(pictures[1], newer)
    (folder / "again").mkdir()
    shutil.copy(tracks[2], folder / "again" / tracks[2].name)
    found = granules_of(folder)
    assert found.skipped == {granules.NIGHT: 1, granules.ALONE: 1, granules.DUPLICATE: 2}
    assert [pair.picture.path.name for pair in found.pairs] == [
        pictures[0].name, newer.name, pictures[2].name,
    ]  # fmt: skip
    assert all(pair.offsets is not None for pair in found.pairs)


def test_two_granules_of_one_half_orbit_the_nearer_is_taken(half_orbits, tmp_path):
    folder, _, tracks = copied(half_orbits, tmp_path)
    near = tracks[0].with_name(tracks[0].name.replace("T01-32-43", "T01-34-00"))
    shutil.copy(tracks[0], near)
    found = granules_of(folder)
    assert found.skipped == {granules.DUPLICATE: 1}
    assert found.pairs[0].track == near


def test_a_granule_without_cloud_is_counted(tmp_path):
    factory.write_pair(tmp_path, cloudy=False)
    with pytest.raises(UsageError, match=f"1 x {from_tracks.NO_CLOUD}"):
        built(tmp_path, tmp_path / "s.zarr")


def test_without_offsets_the_starts_tell_the_time(tmp_path):
    factory.write_pair(tmp_path, with_offsets=False)
    found, _ = built(tmp_path, tmp_path / "s.zarr")
    assert set(found["time_offset"].values.tolist()) == {-131.0}
    assert set(found["offsets"].values.tolist()) == {""}


def test_each_profile_is_matched_by_its_own_difference(tmp_path):
    places = factory.track_places()
    difference = np.linspace(-700, 700, len(places[0]))
    factory.write_pair(tmp_path, offset=difference)
    found, _ = built(tmp_path, tmp_path / "s.zarr")
    offset = found["time_offset"].values
    np.testing.assert_allclose(offset, difference[found["profile"].values], atol=1e-3)
    assert np.abs(offset).max() <= 600


def test_days_and_files_are_drawn_by_seed(half_orbits):
    every = granules_of(half_orbits)
    one = granules_of(half_orbits, files=1, seed=3)
    assert len(every.pairs) == 3
    assert len(one.pairs) == 1
    assert one.skipped == {granules.NOT_DRAWN: 2}
    assert granules_of(half_orbits, files=1, seed=3).pairs == one.pairs
    assert len({granules_of(half_orbits, files=1, seed=seed).pairs[0] for seed in range(8)}) > 1
    assert len(granules_of(half_orbits, days=1).pairs) == 3


def test_each_row_is_inflated_once(half_orbits, tmp_path, monkeypatch):
    read, stored = [], counts._Packed.stored

    def counting(self, row):
        read.append((self.dataset.file.filename, self.dataset.name, row))
        return stored(self, row)

    monkeypatch.setattr(counts._Packed, "stored", counting)
    built(half_orbits, tmp_path / "s.zarr", Choice(size=16, fewest=8, overlap=True))
    fields = [each for each in read if not each[1].endswith("Nviews")]
    assert len(fields) == len(set(fields))
    assert len(fields) > 3 * 8 * 40


def test_a_file_of_other_counts_is_left_out(half_orbits, tmp_path):
    folder, pictures, _ = copied(half_orbits, tmp_path)
    with h5py.File(pictures[2], "r+") as file:
        file["Data_Directional_Fields/I490P"].attrs["scale_factor"] = 2e-4
    told = []
    found, skipped = built(folder, tmp_path / "s.zarr", told=told)
    assert skipped == {harvest.OTHER_KIND: 1}
    assert told[0].field == "scale_factor"
    assert found.sizes["sample"] == 6
    assert found.sizes["point"] == found["row_size"].values.sum()


def test_a_track_of_other_bins_is_left_out(half_orbits, tmp_path):
    folder, _, tracks = copied(half_orbits, tmp_path)
    start = factory.half_orbit(177, 1.65).start - timedelta(seconds=131)
    factory.write_tracks(folder, start, factory.track_places(longitude=179.9), bins=99)
    told = []
    found, skipped = built(folder, tmp_path / "s.zarr", told=told)
    assert skipped == {harvest.OTHER_KIND: 1}
    assert told[0].path == str(tracks[1])
    assert found.sizes["level"] == 125
    assert found.sizes["sample"] == 6
    assert found.sizes["point"] == found["row_size"].values.sum()


def test_a_full_disk_is_said_and_the_build_goes_on(half_orbits, cut_samples, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(resumable.SampleArrays, "append", full)
        with pytest.raises(OutputError, match=r"s.zarr: could not be written: No space left"):
            built(half_orbits, tmp_path / "s.zarr")
    xr.testing.assert_identical(built(half_orbits, tmp_path / "s.zarr")[0].load(), cut_samples)
