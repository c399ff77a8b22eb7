"""The command explain: what it draws, and one line for each wrong input.

    test_explain.py PROGRAM DATA          the program of small_network.hpp's small_explained; the folder tests/data
"""

import functools
import pathlib
import sys
import unittest

from outside import ProgramTest, read_png, run

PROGRAM, DATA = (pathlib.Path(argument) for argument in sys.argv[1:3])
PHOTO = DATA / "images" / "photo.jpg"
run = functools.partial(run, program=PROGRAM)


class Explain(ProgramTest):
    program = PROGRAM

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.weights = cls.folder / "w.safetensors"
        assert run("init", "--seed", 1, "-o", cls.weights).returncode == 0

    def explain(self, *arguments):
        output = self.folder / "map.png"
        done = run("explain", PHOTO, "--weights", self.weights, "-o", output, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return read_png(output), done

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
        self.bad("explain", PHOTO, *common, "--class", 10, words=["--class", "10", "below 10"])
        self.bad("explain", PHOTO, *common, "--class", -1, words=["--class"])
        self.bad("explain", PHOTO, *common, "--layer", "pool1", words=["pool1", "conv1_1, conv2_1"])
        self.bad("explain", self.folder / "none.png", *common, words=["none.png"])
        self.bad("explain", PHOTO, "--weights", self.folder / "none", "-o", output, words=["none"])
        self.bad("explain", PHOTO, "--weights", self.weights, "-o", self.folder / "no" / "x.png", words=["x.png"])
        self.bad("explain", PHOTO, *common, "--preprocess", "other", words=["other", "torchvision"])
        self.assertFalse(output.exists())


unittest.main(argv=sys.argv[:1])
