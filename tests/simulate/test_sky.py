import hashlib

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.errors import UsageError
from nephoscope.simulate.sky import (
    EMISSIVITY_LIMIT,
    simulate_colour,
    simulate_frame,
    simulate_night,
    simulate_sky,
)
from nephoscope.simulate.sky.writing import RAW_SUFFIX, TRUTH, TRUTH_SUFFIX

# Facts of the two real raw frames, and how a set of frames has to lie around them.
SET = 40


def block_mean(adu):
    return adu.reshape(128, 4, 160, 4).astype(np.float64).mean(axis=(1, 3))


def statistics(adu):
    """What a real frame is compared in: levels, spread, noise and the power of its columns."""
    adu = adu.astype(np.float64)
    columns = adu.mean(axis=0)
    # Without the window the step from the right edge to the left one drowns the pattern.
    windowed = np.hanning(columns.size) * (columns - columns.mean())
    power = np.abs(np.fft.rfft(windowed)) ** 2 / columns.size
    rows = adu.mean(axis=1)
    return {
        "mean": adu.mean(),
        "std": adu.std(),
        **{f"p{p}": np.percentile(adu, p) for p in (1, 5, 25, 50, 75, 95, 99)},
        "range": np.ptp(np.percentile(adu, [5, 95])),
        "noise": np.diff(adu, axis=1).std() / np.sqrt(2),
        "columns, long": power[1:10].sum(),
        "columns, middle": power[10:80].sum(),
        "columns, short": power[80:].sum(),
        "rows, short": np.std(np.diff(rows)),
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("sky")
    return out, simulate_sky(out, scenes=6, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "cloudy"), [("clear", False), ("cloud", True)])
def test_real_frames_lie_inside_what_is_made(real_data, name, cloudy):
    path = real_data / "sky" / "raw" / f"{name}_sky_sample.fits"
    if not path.is_file():
        pytest.skip(f"{path} is no file")
    real = statistics(fits.getdata(path))
    made = [statistics(simulate_frame(2, index, cloudy).adu) for index in range(SET)]
    outside = {
        key: (value, low, high)
        for key, value in real.items()
        for low, high in [np.percentile([one[key] for one in made], [2, 98])]
        if not low <= value <= high
    }
    assert not outside


def test_a_raw_frame_looks_like_the_cameras(written, real_data):
    raw = real_data / "sky" / "raw" / "clear_sky_sample.fits"
    if not raw.is_file():
        pytest.skip(f"{raw} is no file")
    with fits.open(written[1][0]) as made, fits.open(raw) as real:
        made.verify("exception")
        assert len(made) == 1
        assert made[0].data.shape == real[0].data.shape == (512, 640)
        assert made[0].data.dtype == real[0].data.dtype == np.dtype(">i2")
        assert set(real[0].header) - {"EXTEND"} <= set(made[0].header)
        for key in set(real[0].header) - {"EXTEND"}:
            kind = type(real[0].header[key])
            assert isinstance(made[0].header[key], kind), key


def test_the_header_tells_every_parameter_of_the_simulation(written):
    for index, path in enumerate(written[1]):
        header, frame = fits.getheader(path), simulate_frame(1, index)
        camera = frame.camera
        cloudy = bool(frame.kinds)
        assert header["IMGTYPE"] == ("SIMCLOUD" if cloudy else "SIMCLEAR")
        assert header["INDEX"] == index
        pairs = {
            "BIASLVL": camera.bias,
            "READLVL": camera.read_noise,
            "FPNLVL": camera.fixed_pattern,
            "BADPXCOL": camera.bad_columns,
            "SKYNOISE": camera.sky_noise,
            "RADIUS": camera.radius,
            "CENTER_X": camera.centre[0],
            "CENTER_Y": camera.centre[1],
            "SMOOTH": camera.smooth,
            "NARINT": camera.narcissus,
        }
        assert {key: header[key] for key in pairs} == pytest.approx(pairs)
        assert header["START"] <= header["STOP"]
        assert header["AUGMENT"] is (header["ZOOM"] != 1 or header["SHEAR"] != 0)
        assert header["AMB-TEMP"] == pytest.approx(frame.temperatures.ambient, abs=0.006)


def test_the_truth_beside_a_frame_is_the_emissivity_above_the_limit(written):
    for index, path in enumerate(written[1]):
        frame = simulate_frame(1, index)
        np.testing.assert_array_equal(fits.getdata(path), frame.adu)
        stem = path.name.removesuffix(RAW_SUFFIX)
        with fits.open(path.parent.parent / TRUTH / f"{stem}{TRUTH_SUFFIX}") as truth:
            truth.verify("exception")
            assert truth["MASK"].data.dtype == np.uint8
            np.testing.assert_array_equal(truth["MASK"].data, frame.emissivity > EMISSIVITY_LIMIT)
            np.testing.assert_allclose(truth["EMISSIVITY"].data, frame.emissivity, atol=6e-5)
            assert truth[0].header["CLOUDY"] is bool(frame.kinds)
            assert truth[0].header["COVER"] == pytest.approx(truth["MASK"].data.mean())


def test_checksums_are_right(written):
    with fits.open(written[1][0], checksum=True) as hdus:
        assert hdus[0].verify_checksum() == hdus[0].verify_datasum() == 1


def test_a_clear_frame_has_no_cloud_and_a_cloudy_one_has_some():
    for index in range(8):
        assert simulate_frame(3, index, cloudy=False).cover == 0
        assert simulate_frame(3, index, cloudy=True).cover > 0.01


def test_cloud_is_warmer_than_the_clear_sky_beside_it():
    differences = []
    for index in range(12):
        frame = simulate_frame(4, index, cloudy=True)
        if 0.05 < frame.cover < 0.95:
            adu = frame.adu.astype(float)
            differences.append(adu[frame.mask == 1].mean() - adu[frame.mask == 0].mean())
    assert len(differences) >= 4
    assert np.mean(np.array(differences) > 0) > 0.9
    assert np.median(differences) > 50


def test_cameras_differ_and_frames_are_reproducible():
    frames = [simulate_frame(5, index, cloudy=False) for index in range(10)]
    means = [frame.adu.mean() for frame in frames]
    assert np.std(means) > 100
    again = simulate_frame(5, 3, cloudy=False)
    np.testing.assert_array_equal(again.adu, frames[3].adu)


def test_a_night_is_one_camera_with_clouds_that_come_and_go():
    frames = list(simulate_night(6, 24))
    assert len({frame.camera for frame in frames}) == 1
    covers = np.array([frame.cover for frame in frames])
    assert covers[0] == 0 == covers[-1]
    assert covers.max() > 0.9
    assert ((covers > 0.05) & (covers < 0.95)).any()
    warm = [frame.temperatures.ambient for frame in frames]
    assert np.all(np.diff(warm) < 0)
    # The pattern of the camera stays: two clear frames agree in their columns.
    first, last = (
        (x := block_mean(frames[n].adu)).mean(axis=0)
        - np.convolve(np.pad(x.mean(axis=0), 4, mode="edge"), np.ones(9) / 9, "valid")
        for n in (0, -1)
    )
    assert np.corrcoef(first, last)[0, 1] > 0.8


def test_a_window_on_a_night_has_no_seam():
    frames = [frame for frame in simulate_night(6, 24) if frame.cover > 0.5]
    for frame in frames[::5]:
        steps = np.abs(np.diff(frame.emissivity, axis=1)).mean(axis=0)
        assert steps.max() < 20 * max(np.median(steps), 0.005)


def test_a_colour_picture_has_the_layout_of_wsiseg(tmp_path):
    paths = simulate_sky(tmp_path, scenes=3, seed=7, flavour="colour")
    for path in paths:
        assert path.parent.name == "images"
        assert path.suffix == ""
        image = np.asarray(Image.open(path))
        mask = np.asarray(Image.open(tmp_path / "masks" / path.name))
        assert (image.shape, image.dtype) == ((450, 480, 3), np.uint8)
        assert (mask.shape, mask.dtype) == ((450, 480), np.uint8)
        assert set(np.unique(mask)) <= {0, 100, 255}
        assert 0.55 < (mask > 0).mean() < 0.66
        assert image[mask > 0].mean() > 10 * max(image[:20, :20].mean(), 1)


def test_clear_sky_is_blue_and_cloud_is_grey():
    ratios = {100: [], 255: []}
    for index in range(8):
        image, mask = simulate_colour(8, index)
        red, blue = image[..., 0].astype(float), image[..., 2].astype(float)
        for value, found in ratios.items():
            found.append(((blue - red) / (blue + red + 1))[mask == value])
    clear, cloud = (np.concatenate(ratios[value]) for value in (100, 255))
    assert np.median(clear) > 0.2
    assert np.median(cloud) < 0.1


def test_what_is_there_is_kept_and_what_is_lost_comes_back_the_same(written):
    out, paths = written
    kept, lost = (hashlib.sha256(path.read_bytes()).hexdigest() for path in paths[:2])
    stamp = paths[0].stat().st_mtime_ns
    paths[1].unlink()
    simulate_sky(out, scenes=2, seed=1)
    assert paths[0].stat().st_mtime_ns == stamp
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths[:2]] == [kept, lost]


def test_another_simulation_in_the_same_folder_is_refused(written):
    with pytest.raises(UsageError, match="another simulation"):
        simulate_sky(written[0], scenes=1, seed=2)
    with pytest.raises(UsageError, match="another simulation"):
        simulate_sky(written[0], scenes=1, seed=1, flavour="night")
    with pytest.raises(UsageError, match="at least 1"):
        simulate_sky(written[0], scenes=0, seed=1)


def test_the_command_says_what_it_made(tmp_path):
    arguments = ["simulate", "sky", "-o", str(tmp_path), "--scenes", "2", "--seed", "3"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert "2 frames" in result.output
    assert len(list((tmp_path / "frames").glob("*_flux.fits"))) == 2
    wrong = CliRunner().invoke(app, [*arguments, "--flavour", "label"])
    assert wrong.exit_code == 2
    assert "thermal, night, colour" in wrong.output
