import pytest

from nephoscope.errors import InputError
from nephoscope.instruments import marci


def test_a_table_is_read_by_name_in_both_flavours(tmp_path):
    table = tmp_path / "P01_ls.txt"
    table.write_text("﻿P01_day01       28       132.500\n\n# note\nP01day02 28 132.900 \r\n")
    assert marci.read_ls_table(table) == {"P01_day01": (28, 132.5), "P01_day02": (28, 132.9)}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"P01_day01 28\n", "NAME MARS_YEAR LS"),
        (b"P01_day01 28 spring\n", "NAME MARS_YEAR LS"),
        (b"Sol 28 132.5\n", "NAME MARS_YEAR LS"),
        (b"P01_day01 28 400\n", r"0\.\.360"),
        (b"P01_day01 28 nan\n", r"0\.\.360"),
        (b"P01_day01 28 10\nP01day01 28 11\n", "two seasons"),
        (b"\xff\xfe\x00", "text"),
    ],
)
def test_a_malformed_table_is_named_with_the_line(tmp_path, content, problem):
    table = tmp_path / "P01_ls.txt"
    table.write_bytes(content)
    with pytest.raises(InputError, match=problem) as caught:
        marci.read_ls_table(table)
    assert str(table) in str(caught.value)


@pytest.mark.parametrize(
    ("table", "map_name"),
    [
        ("P01_ls.txt", "P01_day01_zequat.jpg"),
        ("list_ls.txt", "mdgms/P01day01.jpeg"),
        ("P01_ls.txt", "mdgms/P01_day01.jpg"),
        ("everything_ls.txt", "P01day01.jpeg"),
    ],
)
def test_the_season_is_found_beside_the_map_or_one_folder_up(tmp_path, table, map_name):
    (tmp_path / table).write_text("P01day01 28 132.5\n")
    assert marci.find_season(tmp_path / map_name) == (28, 132.5)


def test_the_subphase_s_own_table_wins_and_a_changed_table_is_read_anew(tmp_path):
    (tmp_path / "A_ls.txt").write_text("P01_day01 20 1.0\n")
    own = tmp_path / "P01_ls.txt"
    own.write_text("P01_day01 28 132.5\n")
    assert marci.find_season(tmp_path / "P01_day01.jpg").mars_year == 28
    own.unlink()
    assert marci.find_season(tmp_path / "P01_day01.jpg").mars_year == 20


def test_headings_are_skipped_and_a_bad_row_names_its_own_map_alone(tmp_path):
    (tmp_path / "P01_ls.txt").write_bytes(
        b"name MY Ls [\xb0]\n---- -- --\nP01_day01 28 132.5\nP01_day02 28 -\nP01_day03 28\n"
        b"P01_day04 28 400\nP01_day05 28 1\nP01_day05 28 2\nP01_dayX 28 7\nP01_day07 28 133\n"
    )
    assert marci.find_season(tmp_path / "P01_day01.jpg") == (28, 132.5)
    assert marci.find_season(tmp_path / "P01_day07.jpg") == (28, 133)
    for day, line, problem in [
        (2, 4, "'P01_day02 28 -' is not"),
        (3, 5, "'P01_day03 28' is not"),
        (4, 6, "has Ls 400.0"),
        (5, 8, "two seasons"),
    ]:
        path = tmp_path / f"P01_day0{day}.jpg"
        with pytest.raises(InputError, match=problem) as caught:
            marci.season_of(path)
        assert caught.value.path == str(path)
        assert f"P01_ls.txt, line {line}" in str(caught.value)
    with pytest.raises(InputError, match="its line 9 names no map"):
        marci.season_of(tmp_path / "P01_day06.jpg")


def test_a_table_that_cannot_be_read_stops_only_maps_that_no_other_names(tmp_path):
    (tmp_path / "P01_ls.txt").write_bytes(b"\0\0")
    (tmp_path / "gone_ls.txt").symlink_to(tmp_path / "nothing")
    (tmp_path / "list_ls.txt").write_text("P01_day01 28 132.5\n")
    assert marci.find_season(tmp_path / "P01_day01.jpg") == (28, 132.5)
    with pytest.raises(InputError, match=r"_ls\.txt: cannot be read"):
        marci.find_season(tmp_path / "P01_day02.jpg")


def test_a_missing_row_names_the_map_the_table_and_the_way_out(tmp_path):
    (tmp_path / "P01_ls.txt").write_text("P01_day02 28 132.9\n")
    path = tmp_path / "P01_day01_zequat.jpg"
    assert marci.find_season(path) is None
    with pytest.raises(InputError) as caught:
        marci.season_of(path)
    message = str(caught.value)
    for part in (str(path), "solar_longitude", "P01_day01", "P01_ls.txt", "add a line"):
        assert part in message


def test_image_ids_are_the_lines_of_the_list(tmp_path):
    (tmp_path / "list").mkdir()
    (tmp_path / "list/P01_day01.list").write_text("P01_001332_1322_MA_00N287W\nP01_2\n")
    path = marci.image_ids_path_for(tmp_path / "P01_day01_zequat.jpg")
    assert marci.read_image_ids(path) == ["P01_001332_1322_MA_00N287W", "P01_2"]
    assert marci.image_ids_path_for(tmp_path / "P01_day02_zequat.jpg") is None
