"""One sky in every mode and depth that cameras save is read as the same DN, or refused by name."""

import importlib.util
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nephoscope.errors import InputError
from nephoscope.instruments.skycam import read as read_frame

spec = importlib.util.spec_from_file_location("skies", Path(__file__).parent / "conftest.py")
skies = importlib.util.module_from_spec(spec)
spec.loader.exec_module(skies)

SKY = skies.whole_sky()
FULL = {8: 255, 10: 1023, 12: 4095, 14: 16383, 16: 65535}
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png16(pixels, significant=None, kind=None, **more):
    """A PNG of 16 bits a channel from (y, x, channel) uint16, in the filters that writers use."""
    rows, cols, channels = pixels.shape
    kind = COLOUR_TYPES[channels] if kind is None else kind
    stored = pixels.astype(">u2").tobytes()
    width, pixel = cols * channels * 2, channels * 2
    lines, above = bytearray(), bytes(width)
    for row in range(rows):
        line = stored[row * width : (row + 1) * width]
        number, before = row % 3, bytes(pixel) + line[:-pixel]
        guess = (bytes(width), before, above)[number]
        lines += bytes([number]) + bytes((a - b) % 256 for a, b in zip(line, guess, strict=True))
        above = line
    header = struct.pack(">IIBBBBB", cols, rows, 16, kind, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header)]
    if significant is not None:
        parts.append(chunk(b"sBIT", bytes([significant] * channels)))
    parts += [chunk(name.encode(), data) for name, data in more.items()]
    return b"".join([*parts, chunk(b"IDAT", zlib.compress(bytes(lines))), chunk(b"IEND", b"")])


def image_of(path):
    return read_frame(path)["image"].values


@pytest.fixture
def plain(tmp_path):
    """(channel, y, x) of the sky as an 8-bit PNG."""
    Image.fromarray(SKY).save(tmp_path / "plain.png")
    return image_of(tmp_path / "plain.png")


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK"])
def test_a_mode_changes_nothing(tmp_path, plain, mode):
    picture = Image.fromarray(SKY)
    if mode == "P":
        picture = picture.quantize(256)
    elif mode == "RGBA":
        picture = picture.convert(mode)
    path = tmp_path / ("x.jpg" if mode == "CMYK" else "x.png")
    picture.convert(mode).save(path, quality=98, subsampling=0)
    assert np.nanmean(np.abs(image_of(path) - plain)) < (0.01 if mode == "RGBA" else 4)


def test_inks_are_turned_only_where_adobe_says_so(tmp_path, plain):
    inks = 255 - np.asarray(Image.fromarray(SKY).convert("CMYK"))
    Image.frombytes("CMYK", (240, 225), inks.tobytes()).save(
        tmp_path / "x.jpg", quality=98, subsampling=0
    )
    content = (tmp_path / "x.jpg").read_bytes()
    at = content.index(b"\xff\xee")
    size = int.from_bytes(content[at + 2 : at + 4], "big")
    (tmp_path / "x.jpg").write_bytes(content[:at] + content[at + 2 + size :])
    assert np.nanmean(np.abs(image_of(tmp_path / "x.jpg") - plain)) < 4


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("stated", [True, False])
def test_the_depth_of_a_16_bit_png_is_found(tmp_path, plain, bits, stated):
    deep = np.round(SKY * (FULL[bits] / 255)).astype(np.uint16)
    (tmp_path / "x.png").write_bytes(png16(deep, bits if stated else None))
    scene = read_frame(tmp_path / "x.png")
    np.testing.assert_allclose(scene["image"].values, plain, atol=0.2)
    assert ("scale_note" in scene.attrs) == (bits != 8)
    if bits != 8:
        assert f"255/{FULL[bits]}" in scene.attrs["scale_note"]


def test_a_png_that_spreads_its_12_bits_as_it_should_is_read_so(tmp_path, plain):
    spread = np.round(SKY * (4095 / 255)).astype(np.uint16) << 4
    (tmp_path / "x.png").write_bytes(png16(spread, 12))
    np.testing.assert_allclose(image_of(tmp_path / "x.png"), plain, atol=1)
    dark = np.clip(spread // 20, 0, 4000) >> 4 << 4
    (tmp_path / "x.png").write_bytes(png16(dark, 12))
    assert np.nanmax(image_of(tmp_path / "x.png")) < 16


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_bit_of_a_16_bit_png_is_read(tmp_path, channels):
    pixels = np.random.default_rng(channels).integers(0, 65536, (12, 14, channels), np.uint16)
    if channels in (2, 4):
        pixels[..., -1] = 65535
    (tmp_path / "x.png").write_bytes(png16(pixels))
    scene = read_frame(tmp_path / "x.png")
    colours = pixels[..., :3] if channels > 2 else pixels[..., :1]
    expected = np.moveaxis(colours, 2, 0) * (255 / 65535 if channels > 2 else 1)
    np.testing.assert_allclose(scene["image"].values, expected, rtol=1e-6)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int32", "float 0..255", "float 0..1",
                                  "float 0..65535", "12 bits", "14 bits", "interleaved",
                                  "scaled"])  # fmt: skip
def test_a_cube_of_any_type_has_the_dn_of_the_picture(tmp_path, plain, kind):
    cube = np.moveaxis(SKY, 2, 0)
    data = {
        "uint8": cube,
        "uint16": cube.astype(np.uint16) * 257,
        "int32": cube.astype(np.int32) * 257,
        "float 0..255": cube.astype(np.float32),
        "float 0..1": (cube / 255).astype(np.float32),
        "float 0..65535": cube.astype(np.float64) * 257,
        "12 bits": np.round(cube * (4095 / 255)).astype(np.int16),
        "14 bits": np.round(cube * (16383 / 255)).astype(np.uint16),
        "interleaved": SKY,
        "scaled": cube,
    }[kind]
    unit = fits.PrimaryHDU(data)
    if kind == "scaled":
        unit.header["BSCALE"] = 1 / 255
    unit.writeto(tmp_path / "x.fits")
    scene = read_frame(tmp_path / "x.fits")
    assert scene.attrs["flavour"] == "colour"
    np.testing.assert_allclose(scene["image"].values, plain, atol=0.1)
    same = kind in {"uint8", "float 0..255", "interleaved"}
    assert ("scale_note" in scene.attrs) != same


def test_a_dim_cube_is_refused_unless_its_full_white_is_stated(tmp_path, plain):
    dim = np.moveaxis(SKY, 2, 0).astype(np.uint16) * 257 // 30
    unit = fits.PrimaryHDU(dim)
    unit.writeto(tmp_path / "x.fits")
    with pytest.raises(InputError, match=r"x.fits \[scale\]: holds at most 2\d+: nothing says"):
        read_frame(tmp_path / "x.fits")
    unit.header["DATAMAX"] = 65535
    unit.writeto(tmp_path / "x.fits", overwrite=True)
    np.testing.assert_allclose(image_of(tmp_path / "x.fits"), plain / 30, atol=0.1)
    unit.header["DATAMAX"] = 1023
    unit.writeto(tmp_path / "x.fits", overwrite=True)
    with pytest.raises(InputError, match=r"\[scale\]: holds 2\d+, beyond the full white of 1023"):
        read_frame(tmp_path / "x.fits")


@pytest.mark.parametrize(("factor", "offset"), [(1000, 0), (1, -100)])
def test_numbers_that_are_no_light_are_refused(tmp_path, factor, offset):
    cube = np.moveaxis(SKY, 2, 0).astype(np.float32) * factor + offset
    fits.PrimaryHDU(cube).writeto(tmp_path / "x.fits")
    with pytest.raises(InputError, match=r"\[scale\]"):
        read_frame(tmp_path / "x.fits")


@settings(max_examples=60, deadline=None)
@given(st.floats(1e-3, 1e6), st.sampled_from(["f4", "f8", "i4", "u2"]))
def test_a_cube_is_read_within_its_white_or_refused(tmp_path_factory, white, kind):
    path = tmp_path_factory.getbasetemp() / "cube.fits"
    rng = np.random.default_rng(0)
    most = np.iinfo("u2").max if kind == "u2" else np.inf
    cube = np.minimum(rng.uniform(0, white, (3, 16, 16)), most)
    fits.PrimaryHDU(cube.astype(kind)).writeto(path, overwrite=True)
    try:
        brightest, field = np.nanmax(image_of(path)), "scale"
    except InputError as error:
        brightest, field = 0, error.field
    assert brightest <= 255.5
    assert field == "scale"


@pytest.mark.parametrize("kind", ["png8", "png16", "key", "palette"])
def test_what_is_transparent_is_missing(tmp_path, kind):
    part = SKY[60:160, 70:170].copy()
    clear = np.zeros(part.shape[:2], bool)
    clear[10:30, 20:50] = True
    part[clear] = 255
    path = tmp_path / "x.png"
    if kind == "png16":
        alpha = np.where(clear, 0, 65535)[..., None]
        path.write_bytes(png16(np.concatenate([part * np.uint16(257), alpha], 2).astype(np.uint16)))
    elif kind == "png8":
        alpha = np.where(clear, 0, 255).astype(np.uint8)
        Image.fromarray(np.dstack([part, alpha])).save(path)
    elif kind == "key":
        Image.fromarray(part).save(path, transparency=(255, 255, 255))
    else:
        # The last colour of the palette is the clear one.
        indices = np.where(clear, 2, part[..., 2] > 200).astype(np.uint8)
        picture = Image.fromarray(indices).convert("P")
        picture.putpalette([60, 100, 190, 235, 235, 230, 255, 255, 255])
        picture.save(path, transparency=2)
    image = image_of(path)
    np.testing.assert_array_equal(np.isnan(image).all(0), clear)
    assert not np.isnan(image[:, ~clear]).any()


@pytest.mark.parametrize("outside", [255, 0])
def test_a_transparent_surround_is_the_border_of_the_lens(tmp_path, plain, outside):
    rows, cols = np.mgrid[:225, :240]
    seen = np.hypot(rows - 112, cols - 119.5) <= 100
    pixels = np.where(seen[..., None], SKY, outside).astype(np.uint8)
    alpha = np.where(seen, 255, 0).astype(np.uint8)
    Image.fromarray(np.dstack([pixels, alpha])).save(tmp_path / "x.png")
    scene = read_frame(tmp_path / "x.png")
    image = scene["image"].values
    np.testing.assert_array_equal(np.isnan(image), np.isnan(plain))
    np.testing.assert_array_equal(image[:, seen], plain[:, seen])
    border = ~seen & ~np.isnan(image[0])
    np.testing.assert_array_equal(scene["unseen"].values, border)
    assert (image[:, border] == 0).all()


def test_a_white_surround_is_the_border_of_the_lens(tmp_path, plain):
    rows, cols = np.mgrid[:225, :240]
    seen = np.hypot(rows - 112, cols - 119.5) <= 100
    pixels = np.where(seen[..., None], SKY, 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    image = image_of(tmp_path / "x.png")
    np.testing.assert_array_equal(np.isnan(image), np.isnan(plain))
    np.testing.assert_array_equal(image[:, seen], plain[:, seen])
    pixels[:80] = pixels[-80:] = 255  # white, and no circle: a sky that is too bright
    Image.fromarray(pixels).save(tmp_path / "y.png")
    assert read_frame(tmp_path / "y.png").attrs["missing_share"] == 0


def test_a_picture_that_is_transparent_everywhere_is_refused(tmp_path):
    Image.fromarray(np.dstack([SKY, np.zeros(SKY.shape[:2], np.uint8)])).save(tmp_path / "x.png")
    with pytest.raises(InputError, match=r"x.png \[alpha\]: is transparent everywhere"):
        read_frame(tmp_path / "x.png")


GREY = SKY[..., 1]
MONO = {
    "grey.jpg": lambda p: Image.fromarray(GREY).save(p, quality=95),
    "grey.png": lambda p: Image.fromarray(GREY).save(p),
    "thrice.jpg": lambda p: Image.fromarray(np.dstack([GREY] * 3)).save(p, quality=95),
    "thrice.png": lambda p: Image.fromarray(np.dstack([GREY] * 3)).save(p),
    "with_alpha.png": lambda p: Image.fromarray(GREY).convert("LA").save(p),
    "deep.png": lambda p: Image.fromarray(GREY * np.uint16(257)).save(p),
    "byte.fits": lambda p: fits.PrimaryHDU(GREY).writeto(p),
    "word.fits": lambda p: fits.PrimaryHDU(GREY * np.uint16(257)).writeto(p),
    "long.fits": lambda p: fits.PrimaryHDU(GREY.astype(np.int64)).writeto(p),
    "share.fits": lambda p: fits.PrimaryHDU((GREY / 255).astype(np.float32)).writeto(p),
    "cube.fits": lambda p: fits.PrimaryHDU(np.stack([GREY] * 3)).writeto(p),
}  # fmt: skip


@pytest.mark.parametrize("name", MONO)
def test_one_channel_of_light_is_grey_whatever_its_type(tmp_path, name):
    MONO[name](tmp_path / name)
    scene = read_frame(tmp_path / name)
    assert scene.attrs["flavour"] == "grey"
    assert scene["image"].shape == (1, *GREY.shape)
    image = scene["image"].values[0]
    white = {"deep.png": 65535, "word.fits": 65535, "share.fits": 1}.get(name, 255)
    assert np.nanmean(np.abs(image * (255 / white) - GREY)) < 2
    assert "circle" in scene.attrs
    assert scene.attrs["saturated"] == 0


def test_the_circle_is_the_same_in_every_format(tmp_path):
    fits.PrimaryHDU(np.moveaxis(SKY, 2, 0)).writeto(tmp_path / "x.fits")
    Image.fromarray(SKY).save(tmp_path / "x.png")
    one, other = (read_frame(tmp_path / name) for name in ("x.fits", "x.png"))
    assert one.attrs["circle"] == other.attrs["circle"]
    np.testing.assert_array_equal(one["image"].values, other["image"].values)
    assert one.attrs["missing_share"] > 0.2


def test_floats_of_light_are_thermal_only_where_something_says_so(tmp_path):
    rng = np.random.default_rng(1)
    light = rng.uniform(0, 0.9, (128, 160)).astype(np.float32)
    sky = rng.uniform(0.03, 0.1, (128, 160)).astype(np.float32)
    mask = fits.ImageHDU(np.zeros((128, 160), np.uint8), name="MASK")
    path = tmp_path / "x.fits"

    def flavour(*units, **options):
        fits.HDUList(list(units)).writeto(path, overwrite=True)
        return read_frame(path, **options).attrs["flavour"]

    assert flavour(fits.PrimaryHDU(light)) == "grey"
    assert flavour(fits.PrimaryHDU(light), mask) == "grey"
    assert flavour(fits.PrimaryHDU(sky)) == "grey"
    assert flavour(fits.PrimaryHDU(sky), mask) == "thermal"
    assert flavour(fits.PrimaryHDU(sky[:120])) == "grey"
    assert flavour(fits.PrimaryHDU(sky), flavour="thermal") == "thermal"
    assert float(read_frame(path, flavour="thermal")["image"].max()) == sky.max() * 16384
    assert flavour(fits.PrimaryHDU(light, fits.Header({"IMTYPE": "IR"}))) == "thermal"


def test_a_thermal_header_over_colours_or_bytes_is_refused(tmp_path):
    header = fits.Header({"IMTYPE": "IR"})
    fits.PrimaryHDU(np.moveaxis(SKY, 2, 0), header).writeto(tmp_path / "x.fits")
    with pytest.raises(InputError, match="three channels, and a header of a thermal camera"):
        read_frame(tmp_path / "x.fits")
    assert read_frame(tmp_path / "x.fits", flavour="colour").attrs["flavour"] == "colour"
    fits.PrimaryHDU(GREY, header).writeto(tmp_path / "y.fits")
    with pytest.raises(InputError, match=r"y.fits \[BITPIX\]: has 8-bit integers"):
        read_frame(tmp_path / "y.fits")


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_padding_behind_the_end_is_harmless(tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    Image.fromarray(SKY).save(path)
    whole = image_of(path)
    path.write_bytes(path.read_bytes() + bytes(10_000))
    np.testing.assert_array_equal(image_of(path), whole)
    content = path.read_bytes()[:-10_000]
    path.write_bytes(content[: len(content) // 2] + bytes(10_000))
    with pytest.raises(InputError):
        read_frame(path)


def test_a_film_is_refused(tmp_path):
    frames = [Image.fromarray(SKY), Image.fromarray(SKY[::-1])]
    frames[0].save(tmp_path / "x.png", save_all=True, append_images=frames[1:])
    with pytest.raises(InputError, match="several pictures"):
        read_frame(tmp_path / "x.png")


def test_an_orientation_is_not_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(SKY).save(tmp_path / "x.png", exif=exif)
    assert read_frame(tmp_path / "x.png")["image"].shape == (3, 225, 240)


def test_the_product_says_what_was_done_to_the_numbers(tmp_path):
    from nephoscope.products.fits import write_frame_fits
    from nephoscope.products.frames import frame_cards, frame_result

    fits.PrimaryHDU(np.moveaxis(SKY / 255, 2, 0).astype(np.float32)).writeto(tmp_path / "x.fits")
    scene = read_frame(tmp_path / "x.fits")
    mask = np.zeros(scene["image"].shape[1:], np.int8)
    result = frame_result(scene, mask, mask.astype(np.float32), "clear", 0.1)
    cards = frame_cards(scene, result, "x.fits", {})
    image = scene["image"].values
    write_frame_fits(tmp_path / "out.fits", image, mask, result.probability, "", cards)
    card = fits.getheader(tmp_path / "out.fits")["SCALED"]
    assert card == scene.attrs["scale_note"] == "DN are 255/1 of the numbers, by the brightest"
