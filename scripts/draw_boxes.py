#!/usr/bin/env python3
"""Draws a data set to find boxes in: grey pictures of one shape each, of five classes, on a textured ground.

    scripts/draw_boxes.py OUTPUT [--train 4000] [--test 1000] [--side 48] [--seed 1]

A shape has any place, a width and a height of a quarter to three quarters of the picture's each, and is brighter or
darker than the ground; both have noise. OUTPUT/train and OUTPUT/test have the pictures and boxes.csv, which says of
each what it shows and where: file,class,left,top,right,bottom, in pixels, ending before the column right and the row
bottom. The same arguments give the same files.
"""

import argparse
import pathlib
import random
import sys

from idx_to_folder import png

# Whether a point belongs to a shape; its box goes from -1 to 1, from left to right and from top to bottom.
SHAPES = {
    "block": lambda x, y: True,
    "cross": lambda x, y: abs(x) < 0.4 or abs(y) < 0.4,
    "disc": lambda x, y: x * x + y * y < 1,
    "ring": lambda x, y: 0.3 < x * x + y * y < 1,
    "triangle": lambda x, y: 2 * abs(x) < y + 1,
}


def texture(generator, side):
    """Rows of a ground: brightness that changes slowly, from points of a coarse grid."""
    cell = side // generator.choice((2, 4, 6))
    points = side // cell + 2
    grid = [[generator.uniform(60, 190) for _ in range(points)] for _ in range(points)]
    rows = []
    for y in range(side):
        i, down = divmod(y, cell)
        line = [a + (b - a) * down / cell for a, b in zip(grid[i], grid[i + 1])]
        rows.append([line[x // cell] + (line[x // cell + 1] - line[x // cell]) * (x % cell) / cell
                     for x in range(side)])
    return rows


def draw(generator, shape, side):
    """The picture's bytes and the box around its shape."""
    rows = texture(generator, side)
    width, height = (generator.randint(side // 4, side * 3 // 4) for _ in range(2))
    left, top = generator.randint(0, side - width), generator.randint(0, side - height)
    belongs = SHAPES[shape]
    pixels = [(x, y) for y in range(top, top + height) for x in range(left, left + width)
              if belongs((2 * (x - left) + 1) / width - 1, (2 * (y - top) + 1) / height - 1)]
    contrast = generator.choice((-1, 1)) * generator.uniform(70, 130)
    for x, y in pixels:
        rows[y][x] += contrast
    noise = generator.randbytes(side * side)
    content = bytes(max(0, min(255, int(value) + noise[y * side + x] % 32 - 16))
                    for y, row in enumerate(rows) for x, value in enumerate(row))
    columns, lines = [x for x, _ in pixels], [y for _, y in pixels]
    return content, (min(columns), min(lines), max(columns) + 1, max(lines) + 1)


def write_part(folder, generator, count, side):
    (folder / "pictures").mkdir(parents=True)
    with open(folder / "boxes.csv", "w", encoding="ascii") as boxes:
        boxes.write("file,class,left,top,right,bottom\n")
        for number in range(count):
            shape = list(SHAPES)[number % len(SHAPES)]  # a few pictures have all of them, too
            content, box = draw(generator, shape, side)
            name = f"pictures/{number:05}.png"
            (folder / name).write_bytes(png(content, side, side))
            boxes.write(",".join([name, shape, *map(str, box)]) + "\n")
    print(f"{folder}: {count} pictures of {side}x{side}, {len(SHAPES)} classes")


def count_of(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found '{text}', expected a whole number of at least 1")
    return int(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path, help="folder to make")
    parser.add_argument("--train", type=count_of, default=4000, metavar="N", help="pictures to train with (%(default)s)")
    parser.add_argument("--test", type=count_of, default=1000, metavar="N", help="pictures to test with (%(default)s)")
    parser.add_argument("--side", type=count_of, default=48, metavar="N", help="pixels of a side, at least 16 (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of everything that is random (%(default)s)")
    options = parser.parse_args()
    if options.side < 16:
        parser.error(f"--side: found {options.side}, expected at least 16")
    if options.output.exists():
        sys.exit(f"error: {options.output}: is there already")
    for part, count in (("train", options.train), ("test", options.test)):
        write_part(options.output / part, random.Random(f"{options.seed} {part}"), count, options.side)


if __name__ == "__main__":
    main()
