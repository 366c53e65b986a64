"""The discriminator of columns: its published size, and which patches count."""

import pytest
import torch

from nephoscope.errors import UsageError
from nephoscope.networks.patch_judge import PatchJudge, least_side, patches_with


def test_its_size_is_the_published_one():
    """Eight channels in the original: 11,052,865 of columns, 663,616 of the picture, 86,080."""
    judge = PatchJudge(8)
    parts = judge.looks, judge.bridges
    aside = [sum(each.numel() for each in part.parameters()) for part in parts]
    assert aside == [663_616, 86_080]
    assert sum(each.numel() for each in judge.parameters()) - sum(aside) == 11_052_865


def test_it_speaks_of_the_published_patches():
    judge = PatchJudge(3, widths=(2, 2, 2, 2))
    assert judge(torch.zeros(1, 2, 64, 128, 128), torch.zeros(1, 3, 128, 128)).shape == (
        1, 1, 6, 14, 14
    )  # fmt: skip
    least = least_side((2, 2, 2, 2))
    least_judged = judge(torch.zeros(1, 2, least, least, least), torch.zeros(1, 3, least, least))
    assert least_judged.shape == (1, 1, 1, 1, 1)


def test_patches_without_a_column_do_not_count():
    shown = torch.zeros(2, 28, 28, dtype=torch.bool)
    shown[0, 5, 27] = shown[1, 0, :] = True
    found = patches_with(shown, torch.zeros(2, 1, 3, 14, 14))
    wanted = torch.zeros(2, 14, 14, dtype=torch.bool)
    wanted[0, 2, 13] = wanted[1, 0, :] = True
    assert torch.equal(found, wanted[:, None, None].expand(2, 1, 3, 14, 14))


def test_it_looks_at_the_picture():
    torch.manual_seed(0)
    judge, amounts = PatchJudge(1, widths=(4, 4)), torch.zeros(1, 2, 8, 8, 8)
    dark, light = judge(amounts, torch.zeros(1, 1, 8, 8)), judge(amounts, torch.ones(1, 1, 8, 8))
    assert not torch.allclose(dark, light)


def test_one_width_is_too_few():
    with pytest.raises(UsageError, match="two or more"):
        PatchJudge(1, widths=(4,))
