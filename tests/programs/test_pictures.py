"""Feature maps and filters as pictures: each pixel against the numbers, and one line for each wrong input.

    test_pictures.py GREY COLOURED DATA   programs: small_network.hpp's small_explained, and vgg16-notop; the folder tests/data
"""

import functools
import math
import pathlib
import struct
import sys
import unittest

from outside import ProgramTest, read_npy, read_png, run
from training_files import tensors_of, write_tensors

GREY, COLOURED, DATA = (pathlib.Path(argument) for argument in sys.argv[1:4])
PHOTO = DATA / "images" / "photo.jpg"
WHITE = (255, 255, 255)
run = functools.partial(run, program=GREY)


class Pictures(ProgramTest):
    program = GREY

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.weights, cls.coloured = cls.folder / "grey.safetensors", cls.folder / "coloured.safetensors"
        assert run("init", "--seed", 1, "-o", cls.weights).returncode == 0
        assert run("init", "--seed", 1, "-o", cls.coloured, program=COLOURED).returncode == 0

    def tiles(self, rows, count, height, width):
        """The pictures of a mosaic, a row of pixels a list, without lines, which are white."""
        columns = math.ceil(math.sqrt(count))
        down = math.ceil(count / columns)
        self.assertEqual((len(rows), len(rows[0])), (down * (height + 1) + 1, columns * (width + 1) + 1))
        found = []
        for i in range(down * columns):
            top, left = i // columns * (height + 1), i % columns * (width + 1)
            tile = [row[left + 1:left + 1 + width] for row in rows[top + 1:top + 1 + height]]
            around = (rows[top][left:left + width + 2] + rows[top + height + 1][left:left + width + 2]
                      + [row[x] for row in rows[top:top + height + 2] for x in (left, left + width + 1)])
            self.assertEqual(set(around), {WHITE})
            if i < count:
                found.append(tile)
            else:
                self.assertEqual({pixel for row in tile for pixel in row}, {WHITE})
        return found

    # feature maps

    def maps(self, *arguments):
        output = self.folder / "maps.png"
        printed = self.good("features", PHOTO, "--weights", self.weights, "-o", output, *arguments)
        return read_png(output), printed

    def values(self, layer):
        output = self.folder / "maps.npy"
        self.good("features", PHOTO, "--weights", self.weights, "-o", output, "--layer", layer)
        (_, count, height, width), values = read_npy(output)
        area = height * width
        return height, width, [values[i * area:(i + 1) * area] for i in range(count)]

    def check_maps(self, layer, arguments, factor, range_of):
        rows, printed = self.maps("--layer", layer, *arguments)
        height, width, maps = self.values(layer)
        self.assertTrue(printed.endswith(f"maps.png: the {len(maps)} maps of {layer}, {height} x {width}\n"), printed)
        tiles = self.tiles(rows, len(maps), factor * height, factor * width)
        for tile, values in zip(tiles, maps):
            least, largest = range_of(values, maps)
            for y in range(factor * height):
                for x in range(factor * width):
                    value = values[y // factor * width + x // factor]
                    grey = (value - least) / (largest - least) if largest > least else 0
                    red, green, blue = tile[y][x]
                    self.assertTrue(red == green == blue)
                    self.assertLessEqual(abs(red - 255 * grey), 0.5001)

    def test_each_map_has_its_own_greys(self):
        own = lambda values, _: (min(values), max(values))
        self.check_maps("conv1_1", [], 1, own)
        self.check_maps("pool2", [], 4, own)  # 7 x 7
        self.check_maps("conv2_1", ["--factor", 3], 3, own)

    def test_all_maps_have_the_same_greys(self):
        self.check_maps("conv2_1", ["--common-range"], 2,
                        lambda _, maps: (min(map(min, maps)), max(map(max, maps))))

    def test_a_name_in_capitals_is_a_picture_too(self):
        self.good("features", PHOTO, "--weights", self.weights, "--layer", "pool1", "-o", self.folder / "MAPS.PNG")
        self.assertEqual(read_png(self.folder / "MAPS.PNG"), self.maps("--layer", "pool1")[0])

    def test_what_has_no_maps(self):
        output = self.folder / "x.png"
        common = ["features", PHOTO, "--weights", self.weights, "-o", output]
        self.bad(*common, "--layer", "fc3", words=["x.png", "fc3", "no height and width (32)", ".npy"])
        self.bad(*common, words=["no height and width"])  # the last layer
        self.bad(*common, "--layer", "conv9_1", words=["conv9_1", "conv1_1", "pool2", "fc4"])
        self.bad(*common, PHOTO, "--layer", "pool1", words=["x.png", "2 images", "one"])
        self.bad(*common, "--layer", "pool1", "--factor", 0, words=["--factor"])
        self.assertFalse(output.exists())
        self.bad("features", PHOTO, "--weights", self.weights, "-o", self.folder / "no" / "x.png", "--layer", "pool1",
                 words=["x.png", "cannot open"])
        for option in (["--factor", 2], ["--common-range"]):
            self.bad("features", PHOTO, "--weights", self.weights, "-o", self.folder / "x.npy", "--layer", "pool1", *option,
                     words=[option[0], "x.npy", "expected a .png"])

    # filters

    def filters(self, weights, count, *arguments, factor=10, **options):
        output = self.folder / "filters.png"
        printed = self.good("filters", "--weights", weights, "-o", output, *arguments, **options)
        self.assertTrue(printed.endswith(f"filters.png: the {count} filters of conv1_1, 3 x 3\n"), printed)
        return self.tiles(read_png(output), count, 3 * factor, 3 * factor)

    def weights_of(self, path, inputs):
        _, content = tensors_of(path)["features.0.weight"]
        values = [value for value, in struct.iter_unpack("<f", content)]
        return [values[i:i + 9 * inputs] for i in range(0, len(values), 9 * inputs)]

    def check_filters(self, tiles, filters, factor, channels):
        for tile, weights in zip(tiles, filters, strict=True):
            largest = max(map(abs, weights))
            for y in range(3 * factor):
                for x in range(3 * factor):
                    place = y // factor * 3 + x // factor
                    for shown, c in zip(tile[y][x], channels):
                        expected = 127.5 + 127.5 * weights[9 * c + place] / largest
                        self.assertLessEqual(abs(shown - expected), 0.5001)

    def test_filters_in_grey(self):
        filters = self.weights_of(self.weights, 1)
        self.check_filters(self.filters(self.weights, 8), filters, 10, (0, 0, 0))
        self.check_filters(self.filters(self.weights, 8, "--factor", 2, factor=2), filters, 2, (0, 0, 0))

    def test_filters_in_colours(self):
        filters = self.weights_of(self.coloured, 3)
        of = functools.partial(self.filters, self.coloured, 64, program=COLOURED)
        self.check_filters(of("--factor", 1, factor=1), filters, 1, (0, 1, 2))
        self.check_filters(of("--factor", 1, "--preprocess", "caffe", factor=1), filters, 1, (2, 1, 0))
        caffe = self.folder / "caffe.safetensors"
        self.good("init", "--seed", 1, "-o", caffe, "--preprocess", "caffe", program=COLOURED)
        self.check_filters(self.filters(caffe, 64, "--factor", 1, factor=1, program=COLOURED), filters, 1, (2, 1, 0))

    def test_filters_that_are_not_to_be_had(self):
        output = self.folder / "none.png"
        common = ["filters", "--weights", self.weights, "-o"]
        self.bad(*common, self.folder / "no" / "x.png", words=["x.png", "cannot open"])
        self.bad(*common, output, "--factor", 1025, words=["--factor", "1025"])
        self.bad(*common, output, "--preprocess", "other", words=["other", "torchvision"])
        self.bad("filters", "-o", output, words=["--weights"])
        self.bad("filters", "--weights", self.weights, words=["--output"])
        self.bad("filters", "--weights", self.folder / "gone", "-o", output, words=["gone"])
        self.bad("filters", "--weights", self.coloured, "-o", output, lines=None,
                 words=["coloured.safetensors", "conv1_1", "[64, 3, 3, 3]", "[8, 1, 3, 3]"])
        short = self.folder / "short.safetensors"
        write_tensors(short, {name: tensor for name, tensor in tensors_of(self.weights).items() if "bias" in name})
        self.bad("filters", "--weights", short, "-o", output, lines=None, words=["short.safetensors", "conv1_1 weight"])
        packed = self.folder / "packed.safetensors"
        self.good("pack", "--weights", self.weights, "-o", packed)
        if "features.0.weight" not in tensors_of(packed):
            self.bad("filters", "--weights", packed, "-o", output, words=["packed.safetensors", "conv1_1 packed"])
        self.assertFalse(output.exists())

    def test_help(self):
        for command, words in (("features", [".png", "--common-range", "--factor"]), ("filters", ["--factor", "--weights"])):
            printed = self.good(command, "--help")
            for word in words:
                self.assertIn(word, printed)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
