"""Ten-bit packing against integers written out bit by bit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.instruments.seviri.packing import pack, unpack


def by_bits(counts):
    bits = "".join(f"{count:010b}" for count in counts)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


@given(st.lists(st.integers(0, 1023), min_size=4, max_size=40).map(lambda c: c[: len(c) // 4 * 4]))
def test_counts_are_laid_bit_after_bit(counts):
    packed = pack(np.array(counts, np.uint16))
    assert packed.tobytes() == by_bits(counts)
    np.testing.assert_array_equal(unpack(packed), counts)


def test_lines_keep_their_places():
    counts = np.random.default_rng(0).integers(0, 1024, (3, 2, 8)).astype(np.uint16)
    assert pack(counts).shape == (3, 2, 10)
    np.testing.assert_array_equal(unpack(pack(counts)), counts)
