"""Writes tests/data/images: small PNG and JPEG files of every kind, and what Pillow makes of them.

    python tests/goldens/make_image_goldens.py        # needs pillow and numpy; made with Pillow 13.0

X.png or X.jpg is an input and X.*.rgb its pixels, raw [y][x][c], as convert("RGB") gives them.
resize_HxW.rgb and smaller_S_HxW.rgb are made from photo.jpg; grow_HxW.rgb and crop_HxW.rgb from rgb8.png.
"""

import io
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

OUT = pathlib.Path(__file__).parent.parent / "data" / "images"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack_rows(samples, depth):
    """Filter-0 rows of samples [y, x, c]; an empty pass of an interlaced image has none."""
    rows = b""
    if samples.shape[1] == 0:
        return rows
    for row in samples:
        flat = row.reshape(-1)
        if depth == 16:
            data = flat.astype(">u2").tobytes()
        else:
            bits = (flat[:, None] >> np.arange(depth - 1, -1, -1)) & 1
            data = np.packbits(bits.astype(np.uint8).reshape(-1)).tobytes()
        rows += b"\0" + data
    return rows


def png(samples, colour, depth, interlaced=False, ancillary=b""):
    """A PNG of samples [y, x, c]. Pillow writes neither all depths nor interlaced files, so this does."""
    height, width = samples.shape[:2]
    if interlaced:
        raw = b"".join(pack_rows(samples[y0::dy, x0::dx], depth) for y0, x0, dy, dx in ADAM7)
    else:
        raw = pack_rows(samples, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + ancillary
            + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def samples(rng, height, width, colour, depth):
    return rng.integers(0, 1 << depth, (height, width, CHANNELS[colour]), dtype=np.uint32)


def photo(height, width):
    """A gradient sky over waves and a few soft discs: smooth as a photograph is, with some edges and grain."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    picture = np.stack([90 + 120 * y / height, 120 + 80 * x / width, 200 - 90 * y / height], axis=2)
    picture[y > 0.6 * height] += (25 * np.sin(x / 9 + y / 5))[y > 0.6 * height][:, None]
    for cy, cx, radius, colour in [(70, 80, 38, (250, 220, 90)), (150, 210, 55, (60, 140, 70)),
                                   (110, 150, 20, (180, 40, 60))]:
        cover = 1 / (1 + np.exp((np.hypot(y - cy, x - cx) - radius) / 1.5))
        picture += cover[..., None] * (np.array(colour) - picture)
    picture += np.random.default_rng(7).normal(0, 2, picture.shape)
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def jpeg(picture, **options):
    file = io.BytesIO()
    picture.save(file, "JPEG", **options)
    return file.getvalue()


def as_ycck(cmyk_file):
    """The same data, with Adobe's marker claiming YCCK; Pillow cannot write such a file."""
    at = cmyk_file.index(b"Adobe") + 11
    assert cmyk_file[at] == 0
    return cmyk_file[:at] + b"\2" + cmyk_file[at + 1:]


def without_adobe(file):
    at = file.index(b"\xff\xee")
    size, = struct.unpack(">H", file[at + 2:at + 4])
    return file[:at] + file[at + 2 + size:]


def save(name, file, expected=None):
    """Writes the input and its pixels: `expected` [y, x, c], or what Pillow reads."""
    if expected is None:
        expected = np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))
    (OUT / name).write_bytes(file)
    (OUT / (name + ".rgb")).write_bytes(expected.astype(np.uint8).tobytes())


def save_pngs():
    rng = np.random.default_rng(1)
    for colour, name, depths in [(GREY, "grey", (1, 2, 4, 8, 16)), (GREY_ALPHA, "grey_alpha", (8, 16)),
                                 (RGB, "rgb", (8, 16)), (RGBA, "rgba", (8, 16))]:
        for depth in depths:
            for interlaced in (False, True):
                data = samples(rng, 7, 13, colour, depth)
                # Pillow clips 16-bit grey at 255, which vggen does not: see read_image.hpp.
                high_byte = np.repeat(data >> 8, 3, axis=2) if (colour, depth) == (GREY, 16) else None
                suffix = "_interlaced" if interlaced else ""
                save(f"{name}{depth}{suffix}.png", png(data, colour, depth, interlaced), high_byte)
    for depth in (1, 2, 4, 8):
        palette = chunk(b"PLTE", rng.integers(0, 256, 3 << depth, dtype=np.uint8).tobytes())
        opacity = chunk(b"tRNS", rng.integers(0, 256, 1 << depth, dtype=np.uint8).tobytes())
        data = samples(rng, 5, 11, PALETTE, depth)
        save(f"palette{depth}.png", png(data, PALETTE, depth, ancillary=palette))
        save(f"palette{depth}_trns.png", png(data, PALETTE, depth, ancillary=palette + opacity))
    save("palette_short.png", png(samples(rng, 5, 11, PALETTE, 2), PALETTE, 2,  # indices beyond the palette
                                  ancillary=chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60]))))
    trns = chunk(b"tRNS", struct.pack(">H", 3))
    gamma = chunk(b"gAMA", struct.pack(">I", 100000))
    save("grey8_trns.png", png(samples(rng, 3, 5, GREY, 8), GREY, 8, ancillary=trns))
    save("rgb8_gamma.png", png(samples(rng, 3, 5, RGB, 8), RGB, 8, ancillary=gamma))
    save("one_pixel.png", png(samples(rng, 1, 1, RGB, 8), RGB, 8))
    # More pixels than allowed; an allowed number, in a file too small to hold them.
    for name, extent in (("bad_huge.png", 60000), ("bad_promise.png", 13000)):
        header = struct.pack(">IIBBBBB", extent, extent, 8, RGB, 0, 0, 0)
        (OUT / name).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                                 + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b""))


def save_jpegs():
    small = photo(240, 320).crop((60, 40, 60 + 29, 40 + 19))
    for name, options in {
        "rgb_420": dict(subsampling="4:2:0"), "rgb_422": dict(subsampling="4:2:2"),
        "rgb_444": dict(subsampling="4:4:4"), "progressive": dict(progressive=True),
        "restart": dict(restart_marker_blocks=1), "stored_as_rgb": dict(keep_rgb=True),
    }.items():
        save(f"{name}.jpg", jpeg(small, quality=85, **options))
    save("grey.jpg", jpeg(small.convert("L")))
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees
    save("exif_turned.jpg", jpeg(small, exif=exif))
    # A CMYK picture with ink in all four channels; convert("CMYK") leaves black empty.
    ink = np.dstack([np.asarray(small), np.asarray(small.convert("L")) // 2])
    cmyk = jpeg(Image.frombytes("CMYK", small.size, ink.tobytes()))
    save("cmyk.jpg", cmyk)
    save("cmyk_without_adobe.jpg", without_adobe(cmyk))
    save("ycck.jpg", as_ycck(cmyk))


def centre_crop(picture, height, width):
    """torchvision's center_crop on a Pillow image, in torchvision's own terms."""
    grow_x, grow_y = max(width - picture.width, 0), max(height - picture.height, 0)
    padded = Image.new("RGB", (picture.width + grow_x, picture.height + grow_y))
    padded.paste(picture, (grow_x // 2, grow_y // 2))
    top = int(round((padded.height - height) / 2.0))
    left = int(round((padded.width - width) / 2.0))
    return padded.crop((left, top, left + width, top + height))


def resize(picture, height, width):
    """Pillow's resize, across and then down: since Pillow 13 one call may choose the other order."""
    wide = picture.resize((width, picture.height), Image.Resampling.BILINEAR)
    return wide.resize((width, height), Image.Resampling.BILINEAR)


def save_resizes():
    (OUT / "photo.jpg").write_bytes(jpeg(photo(240, 320), quality=80))
    picture = Image.open(OUT / "photo.jpg").convert("RGB")
    small = Image.open(OUT / "rgb8.png").convert("RGB")

    def keep(name, result):
        (OUT / f"{name}.rgb").write_bytes(np.asarray(result).tobytes())

    for height, width in [(31, 47), (1, 1), (240, 5), (3, 320), (5, 700)]:
        keep(f"resize_{height}x{width}", resize(picture, height, width))
    for height, width in [(20, 31), (7, 40), (21, 13), (3, 40), (1, 1)]:
        keep(f"grow_{height}x{width}", resize(small, height, width))
    for size in (33, 10):
        longer = int(size * 320 / 240)
        keep(f"smaller_{size}_{size}x{longer}", resize(picture, size, longer))
    for height, width in [(7, 13), (4, 10), (3, 9), (2, 8), (1, 7), (9, 5), (10, 16), (8, 20)]:
        keep(f"crop_{height}x{width}", centre_crop(small, height, width))


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    save_pngs()
    save_jpegs()
    save_resizes()
