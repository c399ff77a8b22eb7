#!/usr/bin/env python3
"""Makes a folder data set (train/CLASS/*.png, test/CLASS/*.png) of some classes of IDX files, as Fashion-MNIST's.

    scripts/idx_to_folder.py SOURCE OUTPUT --classes 5,6,7,8,9 [--per-class 100] [--invert] [--rotate]

The test part has all pictures of these classes, the training part the first --per-class of each. --invert makes dark
bright, --rotate turns pictures by a quarter: data that are less like those that weights were trained on.
"""

import argparse
import gzip
import pathlib
import struct
import sys
import zlib


def read_idx(folder, name):
    """The file's extents and its bytes."""
    for path, opener in ((folder / f"{name}.gz", gzip.open), (folder / name, open)):
        if path.exists():
            with opener(path, "rb") as file:
                content = file.read()
            break
    else:
        sys.exit(f"error: {folder}: found no {name}, plain or .gz")
    rank = content[3] if content[:3] == b"\0\0\x08" else 0
    extents = struct.unpack(f">{rank}I", content[4:4 + 4 * rank])
    size = 1
    for extent in extents:
        size *= extent
    if rank == 0 or len(content) != 4 + 4 * rank + size:
        sys.exit(f"error: {path}: not an IDX file of bytes")
    return extents, content[4 + 4 * rank:]


def png(pixels, height, width):
    """A grey picture."""
    rows = b"".join(b"\0" + pixels[y * width:(y + 1) * width] for y in range(height))
    chunk = lambda kind, content: (struct.pack(">I", len(content)) + kind + content
                                   + struct.pack(">I", zlib.crc32(kind + content)))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def rotated(pixels, height, width):
    """By a quarter, clockwise; [width, height]."""
    return b"".join(pixels[x::width][::-1] for x in range(width))


def write_part(options, part, prefix, most):
    (count, height, width), images = read_idx(options.source, f"{prefix}-images-idx3-ubyte")
    _, labels = read_idx(options.source, f"{prefix}-labels-idx1-ubyte")
    written = dict.fromkeys(options.classes, 0)
    for label in options.classes:
        (options.output / part / f"class{label}").mkdir(parents=True)
    inverted = bytes(range(255, -1, -1))
    for i in range(count):
        label = labels[i]
        if written.get(label, most) == most:
            continue
        pixels = images[i * height * width:(i + 1) * height * width]
        if options.invert:
            pixels = pixels.translate(inverted)
        extents = (height, width)
        if options.rotate:
            pixels, extents = rotated(pixels, height, width), (width, height)
        (options.output / part / f"class{label}" / f"{i:05}.png").write_bytes(png(pixels, *extents))
        written[label] += 1
    print(f"{part}: {sum(written.values())} pictures of {len(written)} classes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--classes", required=True, type=lambda text: [int(label) for label in text.split(",")])
    parser.add_argument("--per-class", type=int, default=-1, help="for training; all, if it is not given")
    parser.add_argument("--invert", action="store_true")
    parser.add_argument("--rotate", action="store_true")
    options = parser.parse_args()
    if options.output.exists():
        sys.exit(f"error: {options.output}: is there already")
    write_part(options, "train", "train", options.per_class)
    write_part(options, "test", "t10k", -1)


if __name__ == "__main__":
    main()
