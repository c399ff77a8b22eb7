"""`eval` on several views of each picture and with several files of weights, from outside: against means that are computed
here from single views, and one line for each wrong input.

    test_evaluation.py PROGRAM WHOLE  the programs of a small network that trains, and of it for whole images
"""

import functools
import json
import math
import pathlib
import random
import struct
import sys
import unittest

from outside import ProgramTest, run
from training_files import write_idx, write_png

PROGRAM, WHOLE = (pathlib.Path(path).absolute() for path in sys.argv[1:])
SIDE, LARGE, CLASSES, OF_A_CLASS = 28, 32, 10, 3
run = functools.partial(run, program=PROGRAM)


class Evaluation(ProgramTest):
    program = PROGRAM

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.weights = [cls.folder / f"{seed}.safetensors" for seed in (1, 2)]
        for seed, (path, how) in enumerate(zip(cls.weights, ("unit", "torchvision")), 1):
            assert run("init", "--seed", seed, "-o", path, "--preprocess", how).returncode == 0
        generator = random.Random(3)
        cls.tree, cls.pictures = cls.folder / "tree", []
        for label in range(CLASSES):
            (cls.tree / f"c{label}").mkdir(parents=True)
            for i in range(OF_A_CLASS):
                level = generator.randrange(40, 200)
                rows = [[generator.randrange(level, level + 56) if (x // 9 + y // (3 + label)) % 2 else 9 for x in range(LARGE)]
                        for y in range(LARGE)]
                write_png(cls.tree / f"c{label}" / f"{i}.png", rows)
                cls.pictures.append((label, rows))

    def eval(self, *arguments, data=None, part="training"):
        done = run("eval", "--data", data or self.tree, "--part", part, "--json", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def probabilities(self, weights, views):
        """Softmax outputs of `predict` for pictures that are a network's whole input."""
        files = []
        for i, rows in enumerate(views):
            files.append(self.folder / f"view{i}.png")
            write_png(files[-1], rows)
        # whole pictures: the weights' normalisation alone must not crop, so "unit"
        done = run("predict", *files, "--weights", weights, "--preprocess", "unit", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = []
        for one in json.loads(done.stdout):
            powers = [math.exp(v - max(one["logits"])) for v in one["logits"]]
            result.append([p / sum(powers) for p in powers])
        return result

    def test_means_over_views(self):
        margin = LARGE - SIDE
        places = {1: [(2, 2)], 5: [(0, 0), (0, margin), (margin, 0), (margin, margin), (2, 2)],
                  25: [(y, x) for y in range(5) for x in range(5)]}
        for crops, flip in ((1, True), (5, False), (5, True), (25, True)):
            views = []
            for _, rows in self.pictures:
                for top, left in places[crops]:
                    part = [row[left:left + SIDE] for row in rows[top:top + SIDE]]
                    views += [part] + ([[row[::-1] for row in part]] if flip else [])
            each = self.probabilities(self.weights[0], views)
            count = len(places[crops]) * (2 if flip else 1)
            means = [[sum(column) / count for column in zip(*each[i:i + count])] for i in range(0, len(each), count)]
            loss = -sum(math.log(mean[label]) for mean, (label, _) in zip(means, self.pictures)) / len(means)
            confusion = [0] * CLASSES**2
            for mean, (label, _) in zip(means, self.pictures):
                confusion[label * CLASSES + mean.index(max(mean))] += 1
            found = self.eval("--weights", self.weights[0], "--scales", LARGE, "--crops", crops, *["--flip"] * flip)
            self.assertAlmostEqual(found["loss"], loss, places=4)
            self.assertEqual(found["confusion"], confusion)
            self.assertEqual((found["scales"], found["crops"], found["flip"], found["views_per_image"]),
                             ([LARGE], crops, flip, count))

    def test_one_view_is_what_eval_always_showed(self):
        plain = self.eval("--weights", self.weights[0])
        self.assertNotIn("views_per_image", plain)
        view = self.eval("--weights", self.weights[0], "--crops", 1)
        self.assertEqual(view["confusion"], plain["confusion"])
        self.assertAlmostEqual(view["loss"], plain["loss"], places=5)

    def test_a_list(self):
        pictures = self.folder / "pictures.csv"
        files = sorted(self.tree.glob("*/*.png"))
        pictures.write_text("file,class\n" + "".join(f"{path.relative_to(self.folder)},{path.parent.name}\n" for path in files))
        for part in ("training", "test"):
            self.assertEqual(self.eval("--weights", self.weights[0], data=pictures, part=part),
                             self.eval("--weights", self.weights[0]))
        pictures.write_text("file,class\nnone.png,c0\n")
        self.bad("eval", "--data", pictures, "--weights", self.weights[0], words=["pictures.csv:2", "none.png"])

    def test_fifty_is_25_with_flip(self):
        self.assertEqual(self.eval("--weights", self.weights[0], "--scales", "32,36", "--crops", 50),
                         self.eval("--weights", self.weights[0], "--scales", "32,36", "--crops", 25, "--flip"))

    def test_ensembles(self):
        views = ("--scales", "30,32", "--crops", 5)
        one, two = (self.eval("--weights", w, *views) for w in self.weights)
        twice = self.eval("--weights", self.weights[0], self.weights[0], *views)
        self.assertEqual(twice.pop("weights"), 2)
        self.assertEqual(one.pop("weights"), 1)
        self.assertAlmostEqual(twice.pop("loss"), one["loss"], places=6)
        self.assertEqual(twice, {name: value for name, value in one.items() if name != "loss"})
        both = self.eval("--weights", *self.weights, *views)
        self.assertLess(both["loss"], (one["loss"] + two["loss"]) / 2)  # the logarithm is concave
        turned = self.eval("--weights", *reversed(self.weights), *views)
        self.assertEqual(both["confusion"], turned["confusion"])  # each with its own normalisation
        self.assertAlmostEqual(both["loss"], turned["loss"], places=6)

    def test_idx_data(self):
        data = self.folder / "idx"
        data.mkdir()
        pixels = random.Random(4).randbytes(20 * SIDE * SIDE)
        for part in ("train", "t10k"):
            write_idx(data / f"{part}-images-idx3-ubyte", pixels, (20, SIDE, SIDE))
            write_idx(data / f"{part}-labels-idx1-ubyte", bytes(i % 10 for i in range(20)), (20,))
        found = self.eval("--weights", self.weights[0], "--scales", "28,32,36", "--crops", 5, "--flip", data=data, part="test")
        self.assertEqual((found["images"], found["views_per_image"], sum(found["confusion"])), (20, 30, 20))
        done = run("eval", "--data", data, "--weights", self.weights[0], "--scales", "28,32", "--flip")
        self.assertEqual(done.stdout.splitlines()[0], "4 views of each image: 1 crop at 28, 32, mirrored too; 1 weights file")

    def test_whole_pictures(self):
        # at the network's own extent they are its middle
        for more in ((), ("--flip",)):
            middle = self.eval("--weights", *self.weights, "--scales", SIDE, "--crops", 1, *more)
            whole = self.eval("--weights", *self.weights, "--scales", SIDE, "--dense", *more)
            both = self.eval("--weights", *self.weights, "--scales", SIDE, "--dense", "--crops", 1, *more)
            for found in (whole, both):
                self.assertEqual(found["confusion"], middle["confusion"])
                self.assertAlmostEqual(found["loss"], middle["loss"], places=5)
                self.assertTrue(found["dense"])
            self.assertNotIn("views_per_image", whole)
            self.assertEqual(both["views_per_image"], middle["views_per_image"])
        done = run("eval", "--data", self.tree, "--part", "training", "--weights", self.weights[0], "--dense",
                   "--scales", "28,44", "--flip", "--crops", 5)
        self.assertEqual(done.stdout.splitlines()[0], "whole images at 28, 44, mirrored too, and 20 views of each image: "
                         "5 crops at 28, 44, mirrored too; 1 weights file")

    def test_scores_of_a_whole_picture(self):
        """Several scales and the mirror image, against the means of single ones from `eval`."""
        label, rows = self.pictures[4]
        tree = self.folder / "one"
        for number in range(CLASSES):
            (tree / f"c{number}").mkdir(parents=True)
            write_png(tree / f"c{number}" / "x.png", rows)
        def probabilities(*how):
            # each class once, always the same picture: the loss of class c's is -log of its probability
            done = run("scores", tree / "c0" / "x.png", "--weights", self.weights[0], "--top-k", CLASSES, *how, program=WHOLE)
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = [line.split() for line in done.stdout.splitlines() if line.startswith("  ")]
            return {int(number): float(share) / 100 for share, _, number, *_ in lines}, done.stdout
        one, text = probabilities("--scales", 28)
        self.assertIn("at 28x28: 1x1 places", text)
        two, text = probabilities("--scales", 44)
        self.assertIn("at 44x44: 5x5 places", text)
        both, _ = probabilities("--scales", "28,44")
        for number in range(CLASSES):
            self.assertAlmostEqual(both[number], (one[number] + two[number]) / 2, delta=0.0011)
        found = json.loads(self.good("scores", tree / "c0" / "x.png", "--weights", self.weights[0], "--scales", "28,44", "--flip",
                                     "--json", program=WHOLE))
        self.assertEqual([(v["height"], v["width"], v["mirrored"], v["places"], len(v["logits"])) for v in found["views"]],
                         [(28, 28, False, [1, 1], 10), (28, 28, True, [1, 1], 10), (44, 44, False, [5, 5], 10),
                          (44, 44, True, [5, 5], 10)])
        self.assertAlmostEqual(sum(found["probabilities"]), 1)
        names = self.folder / "names.txt"
        names.write_text("".join(f"name {number}\n" for number in range(CLASSES)))
        _, text = probabilities("--scales", 28, "--labels", names)
        self.assertRegex(text, r"%     3  name 3\n")
        output = self.folder / "map.png"
        _, text = probabilities("--scales", "28,44", "-o", output, "--class", 3)
        self.assertIn("map.png: scores of class 3", text)
        self.assertEqual(output.read_bytes()[16:24], struct.pack(">II", 44, 44))  # of the largest scale
        loss = self.eval("--weights", self.weights[0], "--dense", "--scales", "28,44", "--flip", data=tree)["loss"]
        mirrored, _ = probabilities("--scales", "28,44", "--flip")
        expected = -sum(math.log(max(p, 1e-3)) for p in mirrored.values()) / CLASSES
        self.assertAlmostEqual(loss, expected, delta=0.1)  # printed to a tenth of a per cent

    def test_wrong_input_of_scores(self):
        bad = functools.partial(self.bad, "scores", program=WHOLE)
        picture = next(self.tree.glob("*/*.png"))
        weights = ("--weights", self.weights[0])
        bad(self.folder / "none.png", *weights, words=["none.png"])
        bad(picture, *weights, "--scales", 5, words=[picture.name, "found a picture of 32x32", "expected 28x28 to 64x64"])
        bad(picture, *weights, "--class", 10, words=["--class: found 10"])
        bad(picture, *weights, "--scales", "0", words=["--scales"])
        done = run("predict", picture, *weights, program=WHOLE)
        self.assertIn("use 'scores'", done.stderr)

    def test_wrong_input(self):
        common = ("eval", "--data", self.tree, "--part", "training", "--weights", self.weights[0])
        self.bad(*common, "--scales", "32,20", words=["found 20", "expected 28"])
        self.bad(*common, "--scales", "32,x", words=["--scales", "found x"])
        self.bad(*common, "--dense", "--scales", 5, words=[".png", "found a picture of 32x32", "at this scale 5x5"])
        self.bad(*common, "--crops", 10, words=["--crops", "found 10", "1, 5, 25"])
        missing = self.folder / "missing.safetensors"
        self.bad(*common, missing, words=["missing.safetensors"])  # before the first one runs


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
