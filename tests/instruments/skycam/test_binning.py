"""Block means are exact, know what is missing, and are written as frames that read back."""

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from nephoscope import cli
from nephoscope.errors import UsageError
from nephoscope.instruments.skycam import bin_files, block_mean
from nephoscope.instruments.skycam import find as find_frames
from nephoscope.instruments.skycam import read as read_frame


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.integers(0))
def test_every_block_holds_its_mean(rows, cols, high, wide, seed):
    image = np.random.default_rng(seed % 2**32).integers(0, 2**14, (rows * high, cols * wide))
    found = block_mean(image, (rows, cols))
    for row in range(rows):
        for col in range(cols):
            block = image[row * high : (row + 1) * high, col * wide : (col + 1) * wide]
            assert found[row, col] == np.float32(block.mean())


def test_missing_pixels_do_not_count_and_empty_blocks_are_missing():
    image = np.array([[1, np.nan, np.nan, np.nan], [3, 5, np.nan, np.nan]], np.float32)
    np.testing.assert_array_equal(block_mean(image, (1, 2)), [[3, np.nan]])


def test_a_shape_that_does_not_divide_is_refused():
    with pytest.raises(UsageError, match="512 x 640 pixels cannot be divided into 100 x 160"):
        block_mean(np.zeros((512, 640)), (100, 160))


def test_a_binned_frame_reads_back(tau2, counts, tmp_path):
    ((file, error),) = bin_files(find_frames(tau2), tmp_path / "out", (128, 160))
    assert error is None
    path = tmp_path / "out" / f"{file.id}_binned.fits"
    with fits.open(path, checksum=True) as units:
        units.verify("exception")
        assert units[0].header["FPA-TEMP"] == 5.3
        expected = counts.reshape(128, 4, 160, 4).mean((1, 3)) / 16384
        np.testing.assert_array_equal(units[0].data, expected.astype(np.float32))
    scene = read_frame(path)
    assert scene.attrs["ambient_temperature"] == -4.77
    assert float(scene["image"].max()) == pytest.approx(expected.max() * 16384)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_verb_names_what_it_cannot_bin_and_does_the_rest(tau2, tmp_path, workers):
    folder = tau2.parent
    (folder / "sub").mkdir()
    (folder / "sub" / "copy.fits").write_bytes(tau2.read_bytes())
    (folder / "half.fits").write_bytes(tau2.read_bytes()[:9000])
    words = ["bin", str(folder), "-o", str(tmp_path / "out"), "--workers", workers]
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == 1, result.output
    assert "failed:" in result.stderr
    assert "half.fits [image]" in result.stderr
    assert "2 of 3 frames at 128 x 160" in result.stdout
    written = sorted(p.relative_to(tmp_path / "out") for p in (tmp_path / "out").rglob("*.fits"))
    assert [str(path) for path in written] == [f"{tau2.stem}_binned.fits", "sub/copy_binned.fits"]


@pytest.mark.parametrize("shape", ["128", "a,b", "0,5", "128,160,1"])
def test_a_shape_is_rows_and_columns(tau2, tmp_path, shape):
    words = ["bin", str(tau2), "-o", str(tmp_path / "out"), "--shape", shape]
    assert CliRunner().invoke(cli.app, words).exit_code == 2


def test_binning_makes_no_frame_thermal_and_no_counts_of_a_picture(tmp_path):
    from PIL import Image

    from nephoscope.errors import InputError
    from nephoscope.instruments.skycam import bin_frame

    light = np.random.default_rng(0).integers(0, 60_000, (64, 80), np.uint16)
    fits.PrimaryHDU(light).writeto(tmp_path / "x.fits")
    bin_frame(tmp_path / "x.fits", tmp_path / "small.fits", (32, 40))
    scene = read_frame(tmp_path / "small.fits")
    assert scene.attrs["flavour"] == "grey"
    np.testing.assert_array_equal(scene["image"].values[0], block_mean(light, (32, 40)))
    Image.fromarray((light // 256).astype(np.uint8)).save(tmp_path / "y.png")
    with pytest.raises(InputError, match="holds no counts to bin"):
        bin_frame(tmp_path / "y.png", tmp_path / "z.fits", (32, 40))
