from pathlib import Path

import pytest

from nephoscope.errors import InputError
from nephoscope.files import Journal
from nephoscope.folders import LeftOut
from nephoscope.instruments import find_all, marci


@pytest.mark.parametrize(
    ("name", "map_id", "flavour"),
    [
        ("P01_day01_zequat.jpg", "P01_day01", "raw"),
        ("P01day01.jpeg", "P01_day01", "label"),
        ("P01_day25.jpg", "P01_day25", "raw"),
        ("cloudmask_B22day07.ncdf", "B22_day07", "label"),
        ("cloudmask_N03_day07.ncdf", "N03_day07", "raw"),
        ("d04_DAY5_zequat.JPG", "D04_day05", "raw"),
        ("my_copy_of_P01_day123_zequat_v2.jpg", "P01_day123", "raw"),
    ],
)
def test_names_are_parsed_whatever_their_length(name, map_id, flavour):
    found = marci.parse_map_id(Path("G99_day99") / name)
    assert (found.map_id, found.flavour) == (map_id, flavour)
    assert found.phase == map_id[0]
    assert found.subphase == map_id[:3]


@pytest.mark.parametrize("name", ["holiday.jpg", "day01.jpg", "P1_day01.jpg", "XP01_day01.jpg", ""])
def test_other_names_hold_no_id(name):
    assert marci.parse_map_id(name) is None


def touch(root, *names):
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_a_tree_is_listed_by_folder_and_day_with_its_structure(tmp_path):
    touch(
        tmp_path,
        "P/P01/P01_day10_zequat.jpg",
        "P/P01/P01_day02_zequat.jpg",
        "B/B01/mdgms/B01_day01.jpg",
        "P/P01/P01_ls.txt",
        "P/P01/list/P01_day02.list",
        "P/P01/.P01_day03_zequat.jpg.77.part",
        "P/P01/.P01_day03_zequat.jpg",
        "P/P01/quicklook.png",
        "P/P01/holiday.JPG",
    )
    found = marci.find(tmp_path)
    assert [(f.id, f.relative.as_posix(), f.order) for f in found] == [
        ("B01_day01", "B/B01/mdgms", 1),
        ("holiday", "P/P01", 0),
        ("P01_day02", "P/P01", 2),
        ("P01_day10", "P/P01", 10),
    ]


def test_a_single_file_is_taken_as_it_is(tmp_path):
    touch(tmp_path, "P01day01.jpeg")
    (found,) = marci.find(tmp_path / "P01day01.jpeg")
    assert found.relative == Path()
    assert found.series == "P01"


@pytest.mark.parametrize(
    "name",
    ["P01_day01_zequat (1).jpg", "P01_day01_npole.jpg", "Copy of P01_day01_zequat.jpg",
     "P01_day01_zequat - Kopie.JPG", "P01day01.jpeg"],
)  # fmt: skip
def test_a_second_file_of_a_map_is_named_and_the_archives_own_is_taken(tmp_path, name):
    touch(tmp_path, "P01_day01_zequat.jpg", name, "P01_day02_zequat.jpg", f"elsewhere/{name}")
    left_out = LeftOut()
    found = marci.find(tmp_path, left_out)
    assert [file.path.relative_to(tmp_path).as_posix() for file in found] == [
        "P01_day01_zequat.jpg",
        "P01_day02_zequat.jpg",
        f"elsewhere/{name}",
    ]
    (error,) = left_out.errors
    assert error.path == str(tmp_path / name)
    assert "second file of map P01_day01, beside P01_day01_zequat.jpg" in error.problem
    with pytest.raises(InputError, match="second file"):
        marci.find(tmp_path)
    by_glob = LeftOut()
    files = find_all(sorted(tmp_path.glob("*.[jJ]*")), "marci", by_glob)
    assert [file.path for file in files] == [file.path for file in found[:2]]
    assert [error.path for error in by_glob.errors] == [str(tmp_path / name)]


def test_copies_that_a_run_made_of_its_maps_are_not_found_again(tmp_path):
    """Layout `legacy`, beside the original's own tree that looks the same."""
    touch(
        tmp_path,
        "raw/P01_day01_zequat.jpg",
        "legacy/P/P01/mdgms/P01_day01.jpg",
        "legacy/P/P01/cloudmasks/cloudmask_P01_day01.ncdf",
        "own/P/P01/mdgms/P01_day02.jpg",
        "own/P/P01/cloudmasks/cloudmask_P01_day02.ncdf",
    )
    for name, source in [
        ("legacy/P/P01/cloudmasks/cloudmask_P01_day01.ncdf", "raw/P01_day01_zequat.jpg"),
        ("own/P/P01/cloudmasks/cloudmask_P01_day02.ncdf", "own/P/P01/mdgms/P01_day02.jpg"),
    ]:
        out, _, key = name.partition("/")
        journal = Journal(tmp_path / out / "predict-journal.jsonl")
        journal.record(key, input=str(tmp_path / source))
    left_out = LeftOut()
    found = marci.find(tmp_path, left_out)
    assert [file.path.relative_to(tmp_path).as_posix() for file in found] == [
        "own/P/P01/mdgms/P01_day02.jpg",
        "raw/P01_day01_zequat.jpg",
    ]
    assert left_out.errors == []
    assert left_out.remarks()[0].startswith("1 products of an earlier run, e.g. ")


def test_nothing_to_find_is_said(tmp_path):
    with pytest.raises(InputError, match="holds no map"):
        marci.find(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        marci.find(tmp_path / "absent")


def test_a_product_given_for_a_map_is_told(tmp_path):
    (tmp_path / "P01_day01.nc").touch()
    with pytest.raises(InputError, match=r"is no map but NetCDF .name the JPEG that it is of"):
        marci.find(tmp_path / "P01_day01.nc")
