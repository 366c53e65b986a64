import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from PIL import Image, ImageFile

from nephoscope.errors import InputError
from nephoscope.instruments.jpeg import read_jpeg
from nephoscope.instruments.jpeg.structure import parse
from nephoscope.instruments.marci import read_pixels
from nephoscope.instruments.skycam.frames import read as read_frame

spec = importlib.util.spec_from_file_location(
    "jpeg_factory", Path(__file__).parent / "jpeg_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)

PATH = Path("sky.jpg")
MARS_SLACK = 4.0


def named(content, slack=40.0):
    """Whether reading raises an error that names the file."""
    try:
        read_jpeg(PATH, content, slack=slack)
    except InputError as error:
        return (error.path, error.field) == (str(PATH), "image")
    return False


def missed(files, number, seed, slack=40.0, start=None):
    """Tries damages on files in turn: how many did harm, and which of these were not named."""
    rng = np.random.default_rng(seed)
    pixels = [factory.decoded(content) for content in files]
    harmful, unnamed = 0, []
    for trial in range(number):
        content = files[trial % len(files)]
        kind = factory.KINDS[int(rng.integers(len(factory.KINDS)))]
        first = parse(content).scans[0].start if start is None else start
        damage = factory.damaged(content, rng, kind, first)
        share = factory.harm(pixels[trial % len(files)], damage)
        harmful += share > 0.01
        if share > 0.01 and not named(damage, slack):
            unnamed.append((trial % len(files), kind, round(share, 3)))
    return harmful, unnamed


@pytest.mark.parametrize("flavour", factory.FLAVOURS)
def test_pixels_are_those_that_pillow_decodes(flavour):
    for seed, size in enumerate([(320, 400), (33, 61), (8, 8), (1, 1), (241, 16)]):
        content = factory.encoded(factory.sky(seed, *size), flavour)
        assert np.array_equal(read_jpeg(PATH, content), factory.decoded(content))


@pytest.mark.parametrize("subsampling", ["440", "411"])
def test_colours_coded_at_other_sizes_are_read_and_checked(subsampling):
    pixels = np.asarray(factory.sky(0, 480, 720))
    content = simplejpeg.encode_jpeg(pixels, 85, colorsubsampling=subsampling)
    assert np.array_equal(read_jpeg(PATH, content), factory.decoded(content))
    harmful, unnamed = missed([content], 30, seed=6)
    assert harmful > 15
    assert not unnamed


@pytest.mark.parametrize("flavour", factory.FLAVOURS)
def test_no_whole_picture_is_refused_wherever_its_edges_lie(flavour):
    for _, pixels in factory.hard_pictures():
        content = factory.encoded(Image.fromarray(pixels), flavour)
        assert np.array_equal(read_jpeg(PATH, content), factory.decoded(content))


@pytest.mark.parametrize("quality", [1, 10, 30, 60, 97, 100])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_no_whole_sky_is_refused_at_any_quality(quality, subsampling):
    for seed in range(4):
        file = io.BytesIO()
        factory.sky(seed).save(file, "JPEG", quality=quality, subsampling=subsampling)
        assert not named(file.getvalue())


def smooth_sky(seed):
    """A sky that is blue from dark to pale, with one cloud."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[0:1:480j, 0:1:640j]
    pale = down + rng.uniform(-0.1, 0.1) * across + 0.05 * np.sin(rng.uniform(2, 6) * across)
    sky = np.stack([40 + 90 * pale, 80 + 80 * pale, 170 + 40 * pale], -1)
    far = np.hypot(across - rng.uniform(), down - rng.uniform())
    cloud = np.clip(rng.uniform(0.1, 0.4) - far, 0, 0.1)[..., None] * 10
    noise = rng.normal(0, 0.8, (480, 640, 1))
    return Image.fromarray(np.clip(sky + (215 - sky) * cloud + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize(("first", "second"), [(20, 75), (35, 75), (35, 92), (50, 92)])
def test_a_picture_that_was_compressed_before_and_coarser_is_whole(first, second):
    """Its levels are apart by the quanta of then: whole rows step by one, as many others do."""
    refused = 0
    for seed in range(8):
        before, after = io.BytesIO(), io.BytesIO()
        smooth_sky(seed).save(before, "JPEG", quality=first)
        Image.open(before).save(after, "JPEG", quality=second)
        refused += named(after.getvalue())
    assert not refused


@pytest.mark.parametrize("padding", [b"\0", b"\0" * 5000, b"\xff" * 70000, b"\xff\xd8\xff\xd9" * 9])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_follows_the_end_of_a_picture_is_harmless(tmp_path, kind, padding):
    path = tmp_path / "sky"
    factory.sky(0).save(path, kind)
    whole = read_frame(path)["image"].values
    path.write_bytes(path.read_bytes() + padding)
    assert np.array_equal(read_frame(path)["image"].values, whole)


@pytest.mark.parametrize("flavour", factory.FLAVOURS)
def test_zeroed_lost_and_halved_pictures_are_named(flavour):
    content = factory.encoded(factory.sky(1, 240, 240), flavour)
    first, size = parse(content).scans[0].start, len(content)
    assert named(content[: size // 3] + bytes(size // 5) + content[size // 3 + size // 5 :])
    assert named(content[: size // 3] + content[size // 2 :])
    assert named(content[: first + (size - first) // 2] + b"\xff\xd9")
    assert named(content[: size // 2])
    assert named(content[:-2])


def test_damage_that_does_harm_is_named_and_next_to_none_is_missed():
    files = [factory.encoded(factory.sky(n), flavour) for n, flavour in enumerate(factory.FLAVOURS)]
    harmful, unnamed = missed(files, 240, seed=1)
    assert harmful > 150
    assert len(unnamed) <= 2, unnamed


def test_damage_of_which_the_decoder_does_not_warn_is_named():
    content = factory.encoded(factory.sky(4, 480, 640), "4:2:0")
    pixels, rng = factory.decoded(content), np.random.default_rng(2)
    first, silent, unnamed = parse(content).scans[0].start, 0, 0
    for _ in range(250):
        damage = factory.damaged(content, rng, "bit", first)
        try:
            simplejpeg.decode_jpeg(damage)
        except ValueError:
            continue
        if factory.harm(pixels, damage) > 0.02:
            silent += 1
            unnamed += not named(damage)
    assert silent > 12
    assert unnamed <= silent // 20


def test_every_unit_moved_by_one_is_named():
    # A flat block is six bits of the usual tables: so much hides in the padding of the last byte.
    pixels = np.asarray(factory.sky(1).convert("L")).copy()
    pixels[-40:] = 0
    content = factory.encoded(Image.fromarray(pixels), "L")
    scan = parse(content).scans[0]
    bits = "".join(f"{byte:08b}" for byte in content[scan.start : scan.end])
    flat = bits.rindex("0" + "01010" + "001010" * 3)
    moved = bits[:flat] + bits[flat + 6 :] + "001010"
    coded = int(moved, 2).to_bytes(len(moved) // 8, "big")
    assert not named(content)
    for behind in (b"\x28\xa2", b"\x28\xa2\x8a\x28\xa2\x8a\xff\x00"):
        assert named(content[: scan.start] + coded + behind + content[scan.end :])


def test_damaged_tables_are_named():
    content = factory.encoded(factory.sky(0), "4:2:0")
    luma = content.index(b"\xff\xdb\x00\x43\x00") + 5
    codes = content.index(b"\xff\xc4") + 4
    for place, byte in [
        (luma, 200),
        (luma, 0),
        (luma + 40, 7),
        (codes + 17, 0x0E),
        (codes + 3, 99),
    ]:
        assert named(content[:place] + bytes([byte]) + content[place + 1 :]), place


def test_restart_markers_out_of_order_are_named():
    content = factory.encoded(factory.sky(0), "restart")
    first, second = content.index(b"\xff\xd0"), content.index(b"\xff\xd1")
    third = content.index(b"\xff\xd2")
    assert named(content[:first] + content[second:third] + content[first:second] + content[third:])
    assert named(content[:first] + content[second:])


def test_an_error_says_where_all_is_shifted():
    content = bytearray(factory.encoded(factory.sky(4, 480, 640), "4:2:0"))
    first, rng = parse(bytes(content)).scans[0].start, np.random.default_rng(2)
    said = set()
    for _ in range(60):
        try:
            read_jpeg(PATH, factory.damaged(bytes(content), rng, "bit", first))
        except InputError as error:
            said.add(error.problem.split(" from ")[0])
    assert "is damaged inside: all is shifted in brightness or colour" in said


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "GIF", "BMP", "WEBP"])
def test_another_picture_named_as_a_map_is_named_and_not_decoded(tmp_path, kind, monkeypatch):
    path = tmp_path / "P01_day01_zequat.jpg"
    Image.new("RGB", (3600, 1801), (90, 60, 40)).save(path, kind)
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)
    with pytest.raises(InputError, match=rf"is a {kind}.* file, not JPEG".replace("WEBP", "WebP")):
        read_pixels(path)


@pytest.mark.parametrize("lenient", [False, True])
def test_a_damaged_png_is_named(tmp_path, lenient, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
    path, rng = tmp_path / "sky.png", np.random.default_rng(0)
    factory.sky(0).save(path)
    content = path.read_bytes()
    for trial in range(60):
        kind = factory.KINDS[trial % len(factory.KINDS)]
        damage = factory.damaged(content, rng, kind, 8)
        if kind == "cut":
            damage = damage[:-2] + content[-12:]
        if damage != content:
            path.write_bytes(damage)
            with pytest.raises(InputError):
                read_frame(path)


@pytest.mark.slow
def test_of_two_thousand_damages_to_cameras_pictures_next_to_none_is_missed():
    files = [
        factory.encoded(factory.sky(seed, *size), flavour)
        for seed, size in enumerate([(240, 240), (480, 640), (720, 1100)])
        for flavour in factory.FLAVOURS
    ]
    harmful, unnamed = missed(files, 2000, seed=3)
    assert harmful > 1200
    assert len(unnamed) <= harmful // 50, unnamed
    harmful, unnamed = missed(files, 600, seed=4, start=2)
    assert len(unnamed) <= harmful // 50, unnamed


@pytest.mark.slow
def test_of_a_thousand_damages_to_real_maps_none_is_missed(mars_data):
    paths = sorted(mars_data.rglob("*.jp*g"))
    assert not any(named(path.read_bytes(), MARS_SLACK) for path in paths)
    harmful, unnamed = missed([path.read_bytes() for path in paths[::3]], 1000, 5, MARS_SLACK)
    assert harmful > 500
    assert not unnamed, unnamed


@pytest.mark.slow
def test_no_real_picture_of_the_sky_is_refused(real_data):
    paths = [*real_data.glob("sky/hyta/images/*.jpg"), *real_data.glob("sky/hyta/masks/*.jpg")]
    assert not [path for path in paths if named(path.read_bytes())]
    for path in real_data.glob("sky/wsiseg/**/*"):
        if path.is_file() and path.read_bytes()[:4] == b"\x89PNG":
            with Image.open(path) as picture:
                for flavour in factory.FLAVOURS:
                    assert not named(factory.encoded(picture.convert("RGB"), flavour)), path


@pytest.mark.parametrize(("blueness", "said"), [(128, None), (125, "black that has a colour")])
def test_a_shift_of_colour_below_the_noise_is_told_by_black(blueness, said):
    planes = np.random.default_rng(0).integers(60, 180, (160, 320, 3), np.uint8)
    planes[64:] = 0, blueness, 128
    file = io.BytesIO()
    Image.fromarray(planes, "YCbCr").save(file, "JPEG", quality=90, subsampling=0)
    read_jpeg(PATH, file.getvalue())  # a camera's own black may have a tint
    if said is None:
        read_jpeg(PATH, file.getvalue(), slack=MARS_SLACK)
    else:
        with pytest.raises(InputError, match=said):
            read_jpeg(PATH, file.getvalue(), slack=MARS_SLACK)
