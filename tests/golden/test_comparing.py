"""Texts of another machine's arithmetic: hashes are no numbers, and numbers are no hashes."""

import pytest

from golden.comparing import differences


def differ(old, new):
    return differences({"computed": old}, {"computed": new}, same_machine=False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("model 12345e67, F1 0.5", "model 9a0b1c2d, F1 0.5"),
        ("weights 440135de5a221924.", "weights 1e999999bbcd0123."),
        ("folder~12345e99", "folder~0badcafe"),
        ("loss 1.2345678e-05", "loss 1.2345679e-05"),
        ("20240101T00, 12345678", "20240101T00, 12345679"),
    ],
)
def test_texts_alike_but_for_hashes_and_last_digits(old, new):
    assert not differ(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("F1 0.5 of 12345e67", "F1 0.7 of 12345e67"),
        ("loss 1.2345678e+05", "loss 2.2345678e+05"),
        ("loss 1.2345678e5", "loss 2.2345678e5"),
        ("12345678", "22345678"),
        ("model 12345e67", "model of nothing"),
    ],
)
def test_other_words_and_numbers_differ(old, new):
    assert differ(old, new)
