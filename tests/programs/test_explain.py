"""The command explain: what it draws, and one line for each wrong input.

    test_explain.py PROGRAM DATA          the program of small_network.hpp's small_explained; the folder tests/data
"""

import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

PROGRAM, DATA = (pathlib.Path(argument) for argument in sys.argv[1:3])
PHOTO = DATA / "images" / "photo.jpg"


def run(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def read_png(path):
    """Rows of RGB pixels of an 8-bit file that is not interlaced."""
    content = path.read_bytes()
    at, data = 8, b""
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at:at + 8])
        if kind == b"IHDR":
            width, height, *format = struct.unpack(">IIBBBBB", content[at + 8:at + 8 + length])
            assert format == [8, 2, 0, 0, 0], format
        if kind == b"IDAT":
            data += content[at + 8:at + 8 + length]
        at += length + 12
    data, size, rows = zlib.decompress(data), 3 * width, []
    above = bytearray(size)
    for y in range(height):
        kind, row = data[y * (size + 1)], bytearray(data[y * (size + 1) + 1:(y + 1) * (size + 1)])
        for i in range(size):
            left, corner = (row[i - 3], above[i - 3]) if i >= 3 else (0, 0)
            up = above[i]
            estimate = left + up - corner
            paeth = min((left, up, corner), key=lambda value: abs(estimate - value))
            row[i] = row[i] + (0, left, up, (left + up) // 2, paeth)[kind] & 255
        rows.append([tuple(row[i:i + 3]) for i in range(0, size, 3)])
        above = row
    return rows


class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.weights = cls.folder / "w.safetensors"
        assert run("init", "--seed", 1, "-o", cls.weights).returncode == 0

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def explain(self, *arguments):
        output = self.folder / "map.png"
        done = run("explain", PHOTO, "--weights", self.weights, "-o", output, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return read_png(output), done

    def bad(self, *arguments, words):
        done = run("explain", *arguments)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_draws_over_what_the_network_sees(self):
        rows, done = self.explain()
        self.assertEqual((len(rows), {len(row) for row in rows}), (28, {28}))
        pixels = [pixel for row in rows for pixel in row]
        coloured = [pixel for pixel in pixels if pixel[0] > pixel[2] + 20]
        self.assertGreater(len(coloured), 0)
        self.assertTrue(all(r >= g >= b for r, g, b in pixels))  # from grey over red to yellow
        self.assertRegex(done.stdout, r"map\.png: class \d, \d+\.\d %, seen by conv2_1 \(16x14x14\)\n")

    def test_says_the_most_likely_class(self):
        import json
        found = json.loads(run("predict", PHOTO, "--weights", self.weights, "--json").stdout)
        top = found[0]["top"][0]
        self.assertIn(f"class {top['class']}, {100 * top['probability']:.1f} %", self.explain()[1].stdout)

    def test_each_class_and_layer_has_a_map_of_its_own(self):
        pictures = {str(self.explain("--class", c)[0]) for c in range(3)}
        self.assertEqual(len(pictures), 3)
        rows, done = self.explain("--layer", "conv1_1")
        self.assertNotEqual(rows, self.explain("--layer", "conv2_1")[0])
        self.assertIn("seen by conv1_1 (8x28x28)", done.stdout)

    def test_threads_change_nothing(self):
        self.assertEqual(self.explain("--threads", 1)[0], self.explain("--threads", 2)[0])

    def test_wrong_input(self):
        output, common = self.folder / "x.png", ["--weights", self.weights, "-o", self.folder / "x.png"]
        self.bad(PHOTO, *common, "--class", 10, words=["--class", "10", "below 10"])
        self.bad(PHOTO, *common, "--class", -1, words=["--class"])
        self.bad(PHOTO, *common, "--layer", "pool1", words=["pool1", "conv1_1, conv2_1"])
        self.bad(self.folder / "none.png", *common, words=["none.png"])
        self.bad(PHOTO, "--weights", self.folder / "none", "-o", output, words=["none"])
        self.bad(PHOTO, "--weights", self.weights, "-o", self.folder / "no" / "x.png", words=["x.png"])
        self.bad(PHOTO, *common, "--preprocess", "other", words=["other", "torchvision"])
        self.assertFalse(output.exists())


unittest.main(argv=sys.argv[:1])
