"""Names of files: which are SEVIRI's, and which belong together."""

from pathlib import Path

import numpy as np
import pytest

from nephoscope.errors import InputError
from nephoscope.instruments.seviri.names import find as find_slots
from nephoscope.instruments.seviri.names import hrit_files, identity_of
from nephoscope.instruments.seviri.names import recognises as is_slot

NATIVE = "MSG4-SEVI-MSG15-0100-NA-20210302124244.185000000Z-NA.nat"
HRIT = "H-000-MSG2__-MSG2________-{}-{}-201010111400-__"


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        (NATIVE, "MSG4-202103021230"),
        ("MSG2-SEVI-MSG15-0100-NA-20100101001240.7Z-NA.nat", "MSG2-201001010000"),
        (HRIT.format("IR_108___", "000004___"), "MSG2-201010111400"),
        ("H-000-MSG1__-MSG1_IODC___-WV_062___-000008___-201803011215-C_", "MSG1-201803011215"),
        ("picture.nat", "picture"),
        ("MSG4-SEVI-MSG15-0100-NA-20219902124244.1Z-NA.nat", None),
    ],
)
def test_identities_are_satellite_and_start_of_the_slot(name, identity):
    assert identity_of(Path(name)) == (identity or Path(name).stem)


def test_other_files_are_not_seviri(tmp_path):
    (tmp_path / "picture.png").touch()
    (tmp_path / "notes.nat").touch()
    assert not is_slot(tmp_path)
    with pytest.raises(InputError, match="no picture of SEVIRI"):
        find_slots(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        find_slots(tmp_path / "gone")


def test_trees_are_searched_and_hrit_counts_once(tmp_path):
    day = tmp_path / "2010"
    day.mkdir()
    for channel, part in (("_________", "PRO______"), ("IR_108___", "000001___"),
                          ("IR_108___", "000002___"), ("_________", "EPI______")):  # fmt: skip
        (day / HRIT.format(channel, part)).touch()
    (tmp_path / NATIVE).touch()
    found = find_slots(tmp_path)
    assert [slot.id for slot in found] == ["MSG2-201010111400", "MSG4-202103021230"]
    assert [str(slot.relative) for slot in found] == ["2010", "."]
    files = hrit_files(found[0].path)
    assert sorted(files.segments["IR_108"]) == [1, 2]
    assert files.epilogue is not None
    assert len(files.paths) == 4


def test_order_is_the_start_in_seconds_since_1970(tmp_path):
    (tmp_path / NATIVE).touch()
    (slot,) = find_slots(tmp_path)
    assert np.datetime64(round(slot.order), "s") == np.datetime64("2021-03-02T12:30")
    odd = tmp_path / "MSG2-SEVI-MSG15-0100-NA-20209902142730.000000000Z-NA.nat"
    odd.touch()
    assert find_slots(odd)[0].order == 0
