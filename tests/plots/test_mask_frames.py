"""Pictures of labelled frames: in their colours, with the edges of clouds, missing in grey."""

import numpy as np
from PIL import Image
from typer.testing import CliRunner

from nephoscope.cli import app
from nephoscope.plots.mask_frames import picture_of, plot_labelled


def test_colours_stay_colours_and_what_is_missing_is_grey():
    image = np.zeros((3, 4, 5), np.float32)
    image[2] = 200.0
    image[:, 0, 0] = np.nan
    picture = picture_of(image)
    np.testing.assert_allclose(picture[1, 1], [0, 0, 1], atol=1e-6)
    np.testing.assert_allclose(picture[0, 0], 0.6)


def test_one_channel_is_stretched_grey_whatever_its_numbers():
    image = np.linspace(270.0, 300.0, 20, dtype=np.float32).reshape(1, 4, 5)
    picture = picture_of(image)
    assert (picture[..., 0] == picture[..., 2]).all()
    assert (picture.min(), picture.max()) == (0, 1)


def test_titles_tell_the_share_of_what_is_labelled():
    label = np.array([[1, 1, 0, -1], [-1, -1, -1, -1]], np.int8)
    nothing = np.full_like(label, -1)
    figure = plot_labelled(
        [("a, train", np.ones((3, 2, 4)), label), ("b, test", np.ones((1, 2, 4)), nothing)]
    )
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["a, train\n67% cloud", "b, test\nnot labelled"]


def test_a_store_of_frames_without_times_is_drawn_as_frames(tmp_path):
    for number in range(3):
        for place, colour in (("images", (90, 120, 200 - number)), ("GTmaps", (255, 255, 255))):
            (tmp_path / "raw" / place).mkdir(parents=True, exist_ok=True)
            name = f"{number:04d}{'_GT' if place == 'GTmaps' else ''}.png"
            Image.new("RGB", (32, 24), colour).save(tmp_path / "raw" / place / name)
    run = CliRunner().invoke
    run(app, ["build", "sky-colour", str(tmp_path / "raw"), "-o", str(tmp_path / "s.zarr")])
    done = run(app, ["plot", str(tmp_path / "s.zarr"), "-o", str(tmp_path / "pictures")])
    assert done.exit_code == 0, done.output
    # Nothing is known of when they were taken: there is no calendar.
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["samples.png"]
