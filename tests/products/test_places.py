"""Where products may lie below a folder: each file and store once, nothing of a store's inside."""

from nephoscope.folders import STORE, is_store
from nephoscope.products.places import arrays_below, no_product


def made(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_files_and_stores_are_found_once_and_sorted(tmp_path):
    later, deep = made(tmp_path / "b.nc"), made(tmp_path / "one" / "two" / "c.nc")
    store = made(tmp_path / "a.zarr" / STORE).parent
    bare = made(tmp_path / "one" / "no suffix" / STORE).parent
    assert arrays_below(tmp_path) == sorted([later, deep, store, bare])
    assert is_store(store)
    assert not is_store(tmp_path)


def test_what_lies_in_a_store_is_its_own(tmp_path):
    store = made(tmp_path / "a.zarr" / STORE).parent
    made(store / "status" / STORE)
    made(store / "left.nc")
    assert arrays_below(tmp_path) == [store]


def test_backgrounds_hidden_files_and_others_are_no_products(tmp_path):
    for name in ("background_sky.nc", ".hidden/a.nc", "frames.csv", "a.nc.png"):
        made(tmp_path / name)
    assert arrays_below(tmp_path) == []


def test_a_link_to_a_product_is_not_a_second_one(tmp_path):
    there = made(tmp_path / "a.nc")
    (tmp_path / "z.nc").symlink_to(there)
    assert arrays_below(tmp_path) == [there]


def test_where_frames_are_seen_is_said_where_no_product_is(tmp_path):
    assert "files *.nc and stores *.zarr" in str(no_product(tmp_path))
    made(tmp_path / "night" / "frames.csv")
    assert "frames have their pictures beside them" in str(no_product(tmp_path))
