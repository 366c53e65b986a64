"""Pickles of arrays are read as pickle itself reads them; one that asks for more runs nothing."""

import io
import os
import pickle
import tempfile
import tracemalloc
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.errors import InputError
from nephoscope.instruments.polder.atcs.plain_pickle import read_plain

HELD = {
    "lat": np.linspace(-60, 60, 7),
    "height": np.arange(14, dtype=">i2").reshape(7, 2),
    "upright": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "empty": np.zeros((0, 4)),
    "mask": np.array([True, False]),
    "names": np.array(["I443NP", "phi"]),
    "part": np.arange(10)[::2],
    "nothing": np.array(5, np.int8),
    "scalar": np.float32(3.5),
    "more": {"tuple": (1, 2.5, "text", None, True, b"\x80"), "list": [np.arange(3), [1]]},
}


def compare(found, wanted):
    assert type(found) is type(wanted)
    if isinstance(wanted, dict):
        assert list(found) == list(wanted)
        for key in wanted:
            compare(found[key], wanted[key])
    elif isinstance(wanted, list | tuple):
        assert len(found) == len(wanted)
        for each in zip(found, wanted, strict=True):
            compare(*each)
    elif isinstance(wanted, np.ndarray):
        np.testing.assert_array_equal(found, wanted)
        assert found.dtype == wanted.dtype.newbyteorder("=")
        assert found.flags.writeable
    else:
        assert found == wanted


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_pickle_reads(tmp_path, protocol):
    path = tmp_path / "held.pkl"
    path.write_bytes(pickle.dumps(HELD, protocol))
    compare(read_plain(path), HELD)


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_names_of_other_numpy_versions(tmp_path, protocol):
    content = pickle.dumps(HELD, protocol)
    assert b"numpy._core" in content
    path = tmp_path / "older.pkl"
    # A short text has its length before it.
    for new in (b"numpy._core.multiarray", b"numpy._core.numeric"):
        old = new.replace(b"_core", b"core")
        content = content.replace(bytes([len(new)]) + new, bytes([len(old)]) + old)
        content = content.replace(b"c" + new, b"c" + old)
    assert b"numpy._core" not in content
    if protocol >= 4:  # frames tell their length too: pickle it again without them
        content = b"\x80" + bytes([protocol]) + content[11:]
    path.write_bytes(content)
    compare(read_plain(path), HELD)


class Calls:
    """What is pickled as the call of a function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def mark(place):
    return f"open({str(place)!r}, 'w').close()"


ATTACKS = {
    "system": lambda place: Calls(os.system, f"touch '{place}'"),
    "exec": lambda place: Calls(exec, mark(place)),
    "eval": lambda place: Calls(eval, mark(place)),
    "open": lambda place: Calls(open, str(place), "w"),
    "getattr": lambda place: Calls(getattr, "text", "upper"),
    "import": lambda place: Calls(__import__, "os"),
    "numpy's loader": lambda place: Calls(np.load, str(place), None, True),
    "numpy's runner": lambda place: (
        Calls(np.testing.run_module_suite, str(place))
        if hasattr(np.testing, "run_module_suite")
        else Calls(np.fromfile, str(place))
    ),
    "array of objects": lambda place: np.array([Calls(exec, mark(place))], dtype=object),
    "class": lambda place: io.StringIO,
    "path": lambda place: place,
}


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("inside", [False, True])
def test_what_runs_anything_is_refused(tmp_path, attack, protocol, inside):
    marker, path = tmp_path / "ran", tmp_path / "evil.pkl"
    bad = ATTACKS[attack](marker)
    path.write_bytes(pickle.dumps({**HELD, "bad": bad} if inside else bad, protocol))
    with pytest.raises(InputError, match=r"refused|numbers and texts"):
        read_plain(path)
    assert not marker.exists()


STEPS = {
    # Opcodes by hand: what no pickler writes.
    "changes a stand-in": b"cnumpy\ndtype\n}S'__call__'\nI1\nsb.",
    "slots of a stand-in": b"cnumpy\ndtype\n(N}S'_function'\nI1\nstb.",
    "an array made by itself": b"cnumpy\nndarray\n(I3\ntR.",
    "a stand-in as a value": b"(S'a'\ncnumpy\ndtype\nd.",
    "a key that is a list": b"}(]I1\nu.",
    "an array without content": b"cnumpy.core.multiarray\n_reconstruct\n(I1\ntR.",
    "objects": b"cnumpy\ndtype\n(S'O8'\ntR.",
    "records": b"cnumpy\ndtype\n(S'V8'\ntR.",
    "dotted name": b"\x80\x04\x8c\x05numpy\x8c\x0dos.path.split\x93.",
    "extension": b"\x80\x02\x82\x01.",
    "persistent": b"Pos\n.",
    "another coding": b"c_codecs\nencode\n(Vabc\nVzlib\ntR.",
    "nothing": b"",
    "no pickle": b"neither a picture nor a track",
    "cut short": pickle.dumps(HELD)[:100],
}


@pytest.mark.parametrize("name", STEPS)
def test_made_by_hand(tmp_path, name):
    path = tmp_path / "made.pkl"
    path.write_bytes(STEPS[name])
    with pytest.raises(InputError, match=r"made\.pkl"):
        read_plain(path)
    path.write_bytes(pickle.dumps(HELD))  # and the reader is as it was
    compare(read_plain(path), HELD)


def test_lies_about_shapes_and_sizes(tmp_path):
    path = tmp_path / "lies.pkl"
    content = pickle.dumps(np.arange(7, dtype=np.int8), 2)
    assert content.count(b"K\x07\x85") == 1
    for shape in (b"K\x08\x85", b"K\xff\x85", b"K\x06\x85"):
        path.write_bytes(content.replace(b"K\x07\x85", shape))
        with pytest.raises(InputError):
            read_plain(path)


def test_deep_and_wide_ones_end(tmp_path):
    path = tmp_path / "deep.pkl"
    path.write_bytes(b"]" * 200_000 + b"a" * 199_999 + b".")
    with pytest.raises(InputError):
        read_plain(path)
    laugh = [1]
    for _ in range(60):  # 2 to the 60 of them, if each were made anew
        laugh = [laugh, laugh]
    path.write_bytes(pickle.dumps(laugh))
    assert len(read_plain(path)) == 2
    round_about = []
    round_about.append(round_about)
    path.write_bytes(pickle.dumps(round_about))
    with pytest.raises(InputError):
        read_plain(path)


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02Nr\xff\xff\xff\x7f.",  # the number of an object: room for all before it
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\x00\x00\x00.",  # bytes that are not there
        b"\x80\x05\x96\xff\xff\xff\x7f\x00\x00\x00\x00.",  # an array likewise
        b"\x80\x02\x8b\xff\xff\xff\x7f.",  # digits likewise
        b"\x80\x04\x95\xff\xff\xff\xff\xff\x00\x00\x00N.",  # a frame likewise
        pickle.dumps(np.array("", "U1"), 2).replace(b"U1", b"U999999999"),
    ],
    ids=["number", "bytes", "array", "digits", "frame", "text"],
)
def test_a_few_bytes_take_little_memory(tmp_path, content):
    path = tmp_path / "small.pkl"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        assert read_plain(path) is None
    except InputError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2**20


@given(
    places=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4),
    protocol=st.integers(0, 5),
    cut=st.integers(0, 300),
)
def test_damaged_ones_are_refused_or_read(places, protocol, cut):
    content = bytearray(pickle.dumps(HELD, protocol))
    for place, byte in places:
        content[place % len(content)] = byte
    if cut < len(content) and cut % 3 == 0:
        del content[len(content) - cut :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.pkl"
        path.write_bytes(content)
        with suppress(InputError):
            read_plain(path)


def test_an_ordered_dict_is_a_dict(tmp_path):
    path = tmp_path / "ordered.pkl"
    path.write_bytes(pickle.dumps(OrderedDict(b=1, a=np.arange(2))))
    assert list(read_plain(path)) == ["b", "a"]
