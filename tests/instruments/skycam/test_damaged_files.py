"""Files that claim or unpack to more than they can be, and damaged .mat files, are named."""

import bz2
import gzip
import io

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from nephoscope.errors import InputError
from nephoscope.instruments.skycam import mat, unpack
from nephoscope.instruments.skycam import read as read_frame

SIMPLE = fits.PrimaryHDU(np.full((16, 20), 700, np.int16), fits.Header({"IMTYPE": "IR"}))


def fits_bytes(unit=SIMPLE):
    buffer = io.BytesIO()
    unit.writeto(buffer)
    return buffer.getvalue()


PACK = {"gz": gzip.compress, "bz2": bz2.compress}


@pytest.mark.parametrize("suffix", PACK)
def test_a_file_that_unpacks_without_end_is_named(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(unpack, "LARGEST", 2**20)
    monkeypatch.setattr(unpack, "_PIECE", 2**16)
    path = tmp_path / f"x.fits.{suffix}"
    path.write_bytes(PACK[suffix](fits_bytes() + bytes(2**21)))
    with pytest.raises(InputError, match=rf"x.fits.{suffix} \[image\]: holds more than 1048576"):
        read_frame(path)
    path.write_bytes(PACK[suffix](fits_bytes() + bytes(2**19)))
    assert read_frame(path)["image"].shape == (1, 16, 20)


def test_a_huge_plain_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, "LARGEST", 2**12)
    (tmp_path / "x.fits").write_bytes(fits_bytes())
    with pytest.raises(InputError, match="holds more than 4096 bytes"):
        read_frame(tmp_path / "x.fits")


@pytest.mark.parametrize("suffix", PACK)
@pytest.mark.parametrize("tail", [b"", b"garbage", bytes(5000)])
def test_what_follows_a_packed_frame_is_harmless_and_members_are_joined(tmp_path, suffix, tail):
    content = fits_bytes()
    halves = content[:3000], content[3000:]
    path = tmp_path / f"x.fits.{suffix}"
    path.write_bytes(b"".join(map(PACK[suffix], halves)) + tail)
    assert (read_frame(path)["image"].values == 700).all()


def test_a_tile_compressed_frame_that_claims_too_much_is_named(tmp_path):
    unit = fits.CompImageHDU(np.full((64, 64), 700, np.int16), compression_type="RICE_1")
    content = fits_bytes(fits.HDUList([fits.PrimaryHDU(), unit]))
    at = content.index(b"ZNAXIS1 =")
    huge = f"ZNAXIS1 = {10**9:>20}".encode().ljust(80)
    (tmp_path / "x.fits").write_bytes(content[:at] + huge + content[at + 80 :])
    with pytest.raises(InputError, match=r"\[ZNAXIS\]: would be 128000000000 bytes"):
        read_frame(tmp_path / "x.fits")


def mat_bytes(compressed, **content):
    buffer = io.BytesIO()
    savemat(buffer, content, do_compression=compressed)
    return buffer.getvalue()


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("kind", ["f8", "f4", "i2", "u1", "i8", "?"])
def test_the_numbers_of_a_mat_file_are_those_that_scipy_reads(tmp_path, compressed, kind):
    values = np.random.default_rng(0).uniform(0, 2 if kind == "?" else 100, (9, 11)).astype(kind)
    whole = mat_bytes(compressed, note="text", BT=values, other={"a": 1}, z=np.array([1j]),
                      a_name_longer_than_four=values)  # fmt: skip
    (tmp_path / "x.mat").write_bytes(whole)
    expected = loadmat(tmp_path / "x.mat")["BT"]
    np.testing.assert_array_equal(mat.read_mat(tmp_path / "x.mat")["BT"], expected.astype("f4"))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"BT": np.zeros((4, 5, 6))}, "3 dimensions"),
        ({"BT": np.zeros((9, 9)), "TB": np.zeros((9, 8))}, r"has shape \(9, 8\)"),
        ({"BT": "text"}, "no such variable"),
        ({"BT": np.zeros((9, 9)) * 1j}, "no such variable"),
    ],
)
def test_a_mat_file_of_other_content_is_named(tmp_path, content, problem):
    (tmp_path / "x.mat").write_bytes(mat_bytes(False, **content))
    with pytest.raises(InputError, match=problem):
        mat.read_mat(tmp_path / "x.mat")


def test_a_mat_file_may_not_claim_any_shape(tmp_path, monkeypatch):
    (tmp_path / "x.mat").write_bytes(mat_bytes(True, BT=np.zeros((300, 300))))
    monkeypatch.setattr(mat, "MOST_PIXELS", 200 * 200)
    with pytest.raises(InputError, match="claims 300 x 300 pixels"):
        mat.read_mat(tmp_path / "x.mat")
    monkeypatch.setattr(mat, "_LARGEST", 10_000)
    with pytest.raises(InputError, match="larger than 10000 bytes"):
        mat.read_mat(tmp_path / "x.mat")
    import h5py

    with h5py.File(tmp_path / "y.mat", "w") as file:
        file.create_dataset("BT", (10**6, 10**6), "f8", chunks=(100, 100))  # nothing is stored
    with pytest.raises(InputError, match="claims 1000000 x 1000000 pixels"):
        mat.read_mat(tmp_path / "y.mat")


MATS = {flag: mat_bytes(flag, BT=np.random.default_rng(0).random((9, 11)), mask=np.ones((9, 11)))
        for flag in (True, False)}  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.booleans(), st.lists(st.tuples(st.integers(124, 399), st.integers(0, 255)), min_size=1,
                               max_size=4), st.integers(0, 2000))  # fmt: skip
def test_a_damaged_mat_file_is_named_or_read_never_a_crash(tmp_path_factory, flag, bytes_, size):
    path = tmp_path_factory.getbasetemp() / "damaged.mat"
    content = bytearray(MATS[flag])
    for at, value in bytes_:
        content[at % len(content)] = value
    path.write_bytes(content[: max(size, 200)])
    try:
        outcome = mat.read_mat(path)["BT"].ndim
    except InputError as error:
        outcome = error.path
    assert outcome in {2, str(path)}
