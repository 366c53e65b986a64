"""Parts of a run that end in the same moment: the store of objects holds what both have made."""

import json
import sys
from pathlib import Path

import pytest

from cube_factory import EPOCH, STEP, files_below, made_of, opened, write
from nephoscope.apply.away import AwaySink, folder_of
from nephoscope.apply.bulk import sink_of
from nephoscope.apply.cube_sink import CubeSink
from nephoscope.files import JOURNAL, journal_lines
from nephoscope.remote.store import ObjectStore
from object_store import QUIET, object_store, path_of, system

sys.path.insert(0, str(Path(__file__).parent))
from sky_runs import chain_of, predict_sky

pytestmark = [pytest.mark.filterwarnings(each) for each in QUIET]
FORMULA = chain_of("zscale-log-otsu", picture=False)


@pytest.fixture(scope="module")
def bucket():
    with object_store() as url:
        yield url


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Work on another machine from now on: it has other copies."""
    return lambda name: monkeypatch.setenv("NEPHOSCOPE_CACHE", str(tmp_path / name))


@pytest.fixture
def meanwhile(monkeypatch):
    """Do something right after the n-th listing of what is there, which does not tell of it."""

    def plan(number, action):
        listed, plain = [], ObjectStore.sizes

        def sizes(store):
            found = plain(store)
            listed.append(store)
            if len(listed) == number:
                action()
            return found

        monkeypatch.setattr(ObjectStore, "sizes", sizes)

    return plan


def slots(url, numbers):
    """A part that makes some slots of a cube, and has come to its end, which is returned."""
    sink = AwaySink(CubeSink(folder_of(url)), ObjectStore(url))
    sink.begin()
    cube = opened(sink.out / "cube_2010.zarr")
    for number in numbers:
        write(cube, number)
        for file in cube.files(EPOCH + number * STEP):
            sink.store.put(file, file.relative_to(sink.out).as_posix())
    return sink.close


def content(url):
    return system(url).cat_file(path_of(url))


def length(url):
    root = json.loads(content(f"{url}/cube_2010.zarr/zarr.json"))
    return root["consolidated_metadata"]["metadata"]["time"]["shape"][0]


def test_the_axis_of_a_cube_holds_the_slots_of_all_parts(bucket, tmp_path, machine, meanwhile):
    url, lengths = f"{bucket}/cubes", []

    def other():
        machine("second")
        slots(url, [3, 4])()
        machine("first")
        lengths.append(length(url))

    machine("first")
    end = slots(url, [0, 1])
    meanwhile(1, other)
    end()
    assert [*lengths, length(url)] == [5, 5]
    here = made_of(tmp_path / "cube_2010.zarr", [0, 1, 3, 4])
    assert {name: content(f"{url}/cube_2010.zarr/{name}") for name in here} == here


def test_tables_hold_the_frames_of_all_parts(frames, bucket, tmp_path, machine, meanwhile):
    raw, url = tmp_path / "night", f"{bucket}/frames"
    for number in range(4):
        frames.cloudy(raw / f"{number}.fits", number)
    predict_sky([raw], tmp_path / "here", FORMULA)

    def other():
        machine("second")
        assert predict_sky([raw], url, FORMULA, part=(2, 2)).done == 2
        machine("first")

    machine("first")
    meanwhile(2, other)  # at its end
    assert predict_sky([raw], url, FORMULA, part=(1, 2)).done == 2
    there = files_below(tmp_path / "here")
    assert {"frames.csv", "blobs.csv", "0.fits", "3.fits"} < there.keys()
    of_products = {name: each for name, each in there.items() if JOURNAL not in name}
    assert {name: content(f"{url}/{name}") for name in of_products} == of_products


def test_a_part_does_not_send_back_what_it_has_of_anothers_journal(
    frames, bucket, tmp_path, machine
):
    raw, url = tmp_path / "night", f"{bucket}/one after the other"
    for number in range(4):
        frames.cloudy(raw / f"{number}.fits", number)
    machine("second")
    assert predict_sky([raw], url, FORMULA, part=(2, 2), limit=1).done == 1
    machine("first")
    first = AwaySink(sink_of(FORMULA, folder_of(url)), ObjectStore(url))
    first.begin()
    machine("second")
    assert predict_sky([raw], url, FORMULA, part=(2, 2)).done == 1
    first.update()
    kept = tmp_path / "kept.jsonl"
    kept.write_bytes(content(f"{url}/{JOURNAL}-2-of-2.jsonl"))
    assert [entry["key"] for entry in journal_lines(kept)] == ["2.fits", "3.fits"]
