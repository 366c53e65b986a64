"""Near-duplicates: shifted frames are found, strangers are not; parts never share a group."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from nephoscope.errors import UsageError
from nephoscope.samples.alike import ALIKE, NEAR, group_numbers, prepare, similarity
from nephoscope.samples.split_rules import block_parts, group_parts


def skies(count, seed=0, rows=128, cols=160, margin=40):
    rng = np.random.default_rng(seed)
    shape = (rows + 2 * margin, cols + 2 * margin)
    return [gaussian_filter(rng.normal(size=shape), 3) * 100 for _ in range(count)]


def view(sky, dy=0, dx=0, noise=0.0, seed=0, margin=40):
    rows, cols = (side - 2 * margin for side in sky.shape)
    part = sky[margin + dy : margin + dy + rows, margin + dx : margin + dx + cols]
    rng = np.random.default_rng(seed)
    return (800 + part + rng.normal(0, noise, part.shape))[None].astype(np.float32)


def test_a_shifted_frame_is_alike_and_a_stranger_is_not():
    first, second = skies(2)
    frames = np.stack([view(first), view(first, 24, -30, noise=3), view(second)])
    alike = similarity(*prepare(frames))
    np.testing.assert_allclose(alike, alike.T)
    np.testing.assert_allclose(np.diag(alike), 1)
    assert alike[0, 1] > 0.85
    assert max(alike[0, 2], alike[1, 2]) < NEAR
    assert group_numbers(alike).tolist() == [0, 0, 1]


def test_correlation_is_that_of_the_overlap():
    sky = skies(1)[0]
    detail, known = prepare(np.stack([view(sky), view(sky, 8, 0)]))
    found = similarity(detail, known)[0, 1]
    a, b = detail[0, 4:], detail[1, :-4]  # compared at half the size: 8 pixels are 4
    expected = (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())
    assert found >= expected - 1e-4
    assert expected > 0.9


def test_a_camera_s_scale_and_offset_do_not_matter():
    sky = skies(1)[0]
    frames = np.stack([view(sky), view(sky, 10, 10) * 3 + 500])
    assert similarity(*prepare(frames))[0, 1] > 0.9


def test_a_fixed_pattern_does_not_make_strangers_alike():
    pattern = np.random.default_rng(9).normal(0, 300, (128, 160))
    pattern = gaussian_filter(pattern, 1).astype(np.float32)
    frames = np.stack([view(sky) + pattern for sky in skies(10, seed=3)])
    alike = similarity(*prepare(frames))
    assert (alike - np.eye(10)).max() < ALIKE


def test_bytes_with_missing_pixels_are_compared_where_both_are_known():
    sky = skies(1)[0]
    grey = np.stack([view(sky), view(sky, 0, 12)])
    frames = np.clip((grey - 500) / 3, 1, 255).astype(np.uint8).repeat(3, axis=1)
    frames[:, :, :30] = 0
    assert similarity(*prepare(frames))[0, 1] > 0.8


def test_groups_are_connected_components_by_first_member():
    alike = np.eye(5, dtype=np.float32)
    alike[0, 3] = alike[3, 0] = alike[3, 4] = alike[4, 3] = 0.9
    assert group_numbers(alike).tolist() == [0, 1, 2, 0, 0]


def test_no_group_is_in_two_parts_and_none_is_near_another():
    rng = np.random.default_rng(1)
    alike = rng.uniform(0, 0.62, (60, 60)).astype(np.float32)
    for start in range(0, 60, 4):
        alike[start : start + 4, start : start + 4] = 0.9
    alike = np.maximum(alike, alike.T)
    np.fill_diagonal(alike, 1)
    parts = np.array(group_parts(alike, (0.6, 0.2, 0.2), seed=0))
    for group in np.unique(groups := group_numbers(alike)):
        assert len(set(parts[groups == group]) - {""}) <= 1
    for one, two in (("train", "validation"), ("train", "test"), ("validation", "test")):
        assert alike[np.ix_(parts == one, parts == two)].max(initial=0) < NEAR
    assert parts.tolist() == group_parts(alike, (0.6, 0.2, 0.2), seed=0)


def test_shares_are_kept_and_too_few_groups_are_refused():
    parts = group_parts(np.eye(100, dtype=np.float32), (0.7, 0.2, 0.1), seed=3)
    assert [parts.count(part) for part in ("train", "validation", "test")] == [70, 20, 10]
    with pytest.raises(UsageError, match="2 groups of frames cannot fill 3 parts"):
        group_parts(np.eye(2, dtype=np.float32), (0.7, 0.2, 0.1), seed=0)
    with pytest.raises(UsageError, match="three weights"):
        group_parts(np.eye(4, dtype=np.float32), (0, 1, 1), seed=0)


def test_blocks_keep_a_buffer_whatever_the_order_of_the_store():
    names = [f"f{n:02d}" for n in range(20)]
    places = ["train"] * 12 + ["validation"] * 4 + ["test"] * 4
    expected = ["train"] * 10 + [""] * 2 + ["validation"] * 2 + [""] * 2 + ["test"] * 4
    assert block_parts(names, places, 2) == expected
    order = np.random.default_rng(0).permutation(20)
    shuffled = block_parts([names[n] for n in order], places, 2)
    assert [shuffled[list(order).index(n)] for n in range(20)] == expected
    assert block_parts(names, places, 0) == places


@pytest.mark.slow
def test_the_published_groups_are_found_again(real_data):
    import json

    from astropy.io import fits

    folder = real_data / "sky" / "lwir"
    if not folder.is_dir():
        pytest.skip(f"{folder} is no folder")
    facts = json.loads((folder / "split.json").read_text())
    names = sorted(facts)[::3]
    frames = np.stack([fits.getdata(folder / name).astype(np.float32)[None] for name in names])
    parts = np.array([facts[name]["part"] for name in names])
    groups = np.array([facts[name]["group"] for name in names])
    alike = similarity(*prepare(frames))
    # 0.600 is the largest correlation across the published parts, by its own protocol.
    assert alike[np.ix_(parts == "train", parts == "val")].max() < NEAR + 0.02
    mine = group_numbers(alike)
    together = mine[:, None] == mine[None, :]
    assert (groups[:, None] == groups[None, :])[together].all()
