"""Programs that find boxes, from outside: they learn, say so, find them in pictures of any size, and one line for each
wrong input.

    test_localisation.py BOX BOXES DRAW       programs of one box, and of one for each of three classes; draw_boxes.py
"""

import functools
import json
import pathlib
import random
import re
import sys
import unittest

from outside import ProgramTest, run
from training_files import read_tensors, write_png

BOX, BOXES, DRAW = (pathlib.Path(argument).absolute() for argument in sys.argv[1:4])
HEADER = "file,class,left,top,right,bottom\n"
CLASSES = ("dark", "middle", "white")
RECIPE = ["--epochs", 16, "--learning-rate", 0.05, "--validation", 0.1, "--seed", 3, "--threads", 2]


run = functools.partial(run, program=BOX)


def write_part(folder, generator, count, height=28, width=28):
    """Pictures of a rectangle whose brightness is its class."""
    folder.mkdir(parents=True)
    lines = []
    for i in range(count):
        label = generator.randrange(3)
        w, h = generator.randint(8, 20), generator.randint(8, 20)
        left, top = generator.randint(0, width - w), generator.randint(0, height - h)
        rows = [bytearray(100 + generator.randrange(20) for _ in range(width)) for _ in range(height)]
        for row in rows[top:top + h]:
            row[left:left + w] = bytes([(20, 180, 250)[label]]) * w
        write_png(folder / f"{i}.png", rows)
        lines.append(f"{i}.png,{CLASSES[label]},{left},{top},{left + w},{top + h}\n")
    (folder / "boxes.csv").write_text(HEADER + "".join(lines))


def truth_of(folder):
    rows = [line.split(",") for line in (folder / "boxes.csv").read_text().splitlines()[1:]]
    return [(folder / row[0], row[1], tuple(map(float, row[2:]))) for row in rows]


def overlap(a, b):
    """Of boxes (left, top, right, bottom)."""
    shared = (max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1])))
    return shared / (sum((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)) - shared)


def edges(found):
    return tuple(found[edge] for edge in ("left", "top", "right", "bottom"))


class Localisation(ProgramTest):
    program = BOX

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = cls.folder / "data"
        generator = random.Random(1)
        write_part(cls.data / "train", generator, 1000)
        write_part(cls.data / "test", generator, 200)
        cls.runs, cls.printed = {}, {}
        for program in (BOX, BOXES):
            cls.runs[program] = cls.folder / program.name
            done = run("train", "--data", cls.data, "--output", cls.runs[program], *RECIPE, program=program)
            assert done.returncode == 0, done.stderr
            cls.printed[program] = done.stdout

    def best(self, program):
        return self.runs[program] / "best.safetensors"

    def measured(self, program):
        return json.loads(self.good("eval", "--data", self.data, "--weights", self.best(program), "--json",
                                    program=program))

    # learning

    def test_they_learn_and_say_so(self):
        for program in (BOX, BOXES):
            found = re.search(r"\ntest overlap: (0\.\d{3}), over 0\.5: (\d+\.\d\d) %\n$", self.printed[program])
            self.assertTrue(found, self.printed[program])
            self.assertGreater(float(found[1]), 0.6)
            self.assertGreater(float(found[2]), 70)
            self.assertRegex(self.printed[program], r"epoch 1/16: loss [\d.]+, overlap 0\.\d+, over 0\.5: [\d.]+ %; ")
            epochs = [json.loads(line) for line in (self.runs[program] / "log.jsonl").read_text().splitlines()]
            overlaps = [epoch["validation_overlap"] for epoch in epochs]
            self.assertGreater(overlaps[-1], overlaps[0])
            self.assertEqual(self.printed[program].split("best epoch: ")[1].split()[0],
                             str(max(range(1, 17), key=lambda e: (overlaps[e - 1], e))))
            page = (self.runs[program] / "report.html").read_text()
            self.assertIn("Overlap", page)
            self.assertNotIn("Confusion", page)
            events = next(self.runs[program].glob("events.out.tfevents.*")).read_bytes()
            self.assertIn(b"overlap/validation", events)

    def test_eval_repeats_it_for_each_class(self):
        for program in (BOX, BOXES):
            result = self.measured(program)
            self.assertEqual(f"{result['mean_overlap']:.3f}", re.search(r"test overlap: ([\d.]+)", self.printed[program])[1])
            self.assertEqual([one["class"] for one in result["classes"]], sorted(CLASSES))
            self.assertEqual(sum(one["images"] for one in result["classes"]), 200)
            for key in ("mean_overlap", "over_half"):
                self.assertAlmostEqual(sum(one[key] * one["images"] for one in result["classes"]) / 200, result[key])
            table = self.good("eval", "--data", self.data, "--weights", self.best(program), program=program)
            self.assertRegex(table, r"^200 images: loss [\d.]+, overlap 0\.\d+, over 0\.5: [\d.]+ %\n")
            self.assertRegex(table, r"\nmiddle +\d+ +0\.\d{3} +[\d.]+ %\n")

    def test_threads_and_interruptions_do_not_matter(self):
        out = self.folder / "pieces"
        self.good("train", "--data", self.data, "--output", out, *RECIPE, "--epochs", 2, "--schedule", "constant",
                  "--flip", "--crop-padding", 3)
        whole = self.folder / "one-piece"
        self.good("train", "--data", self.data, "--output", whole, *RECIPE, "--epochs", 3, "--schedule", "constant",
                  "--flip", "--crop-padding", 3)
        self.good("train", "--resume", "--output", out, "--epochs", 3, "--threads", 1, "--loader-threads", 3)
        self.assertEqual(read_tensors(out / "last.safetensors")[1], read_tensors(whole / "last.safetensors")[1])

    def test_augmentations(self):
        out = self.folder / "augmented"
        printed = self.good("train", "--data", self.data, "--output", out, *RECIPE, "--flip", "--scale-low", 28,
                            "--scale-high", 34)
        self.assertGreater(float(re.search(r"test overlap: ([\d.]+)", printed)[1]), 0.5)

    def test_from_weights_of_a_classifier(self):
        # all layers but the last, as the paper does it
        out = self.folder / "taken"
        printed = self.good("train", "--data", self.data, "--output", out, "--pretrained", self.best(BOX), "--epochs", 1,
                            program=BOXES)
        self.assertIn("conv2_1", printed)
        self.assertIn("fc4", printed)

    # predicting

    def test_predict_finds_boxes(self):
        for program in (BOX, BOXES):
            truth = truth_of(self.data / "test")[:40]
            done = self.good("predict", *(path for path, _, _ in truth), "--weights", self.best(program), "--json",
                             program=program)
            overlaps = []
            for one, (path, name, box) in zip(json.loads(done), truth):
                self.assertEqual(one["image"], str(path))
                self.assertEqual(len(one["boxes"]), 1 if program == BOX else 3)
                boxes = one["boxes"] if program == BOX else [b for b in one["boxes"] if b["label"] == name]
                overlaps.append(overlap(edges(boxes[0]), box))
            self.assertGreater(sum(overlaps) / len(overlaps), 0.6)

    def test_predict_in_pixels_of_any_picture(self):
        # four times as large, and wide: the network sees the middle
        rows = [bytearray([110]) * 200 for _ in range(112)]
        for row in rows[20:84]:
            row[64:124] = bytes([250]) * 60
        picture, drawn = self.folder / "wide.png", self.folder / "drawn.png"
        write_png(picture, rows)
        found = json.loads(self.good("predict", picture, "--weights", self.best(BOX), "--json"))[0]["boxes"][0]
        self.assertGreater(overlap(edges(found), (64, 20, 124, 84)), 0.6)
        printed = self.good("predict", picture, "--weights", self.best(BOX), "-o", drawn)
        self.assertRegex(printed, r"wide\.png\n  left [\d.]+, top [\d.]+, right [\d.]+, bottom [\d.]+\n$")
        self.assertTrue(drawn.read_bytes().startswith(b"\x89PNG"))
        self.assertNotEqual(drawn.read_bytes(), picture.read_bytes())

    def test_predict_of_a_class(self):
        path = self.data / "test" / "0.png"
        arguments = ["predict", path, "--weights", self.best(BOXES)]
        table = self.good(*arguments, program=BOXES)
        for number, name in enumerate(CLASSES):
            self.assertRegex(table, rf"\n +{number}  {name} +left ")
        by_name, by_number = (self.good(*arguments, "--class", called, program=BOXES) for called in ("middle", 1))
        self.assertEqual(by_name, by_number)
        self.assertEqual(len(by_name.splitlines()), 2)
        self.bad(*arguments, "--class", "ring", program=BOXES, words=["--class", "'ring'", "below 3"])
        self.bad(*arguments, "--class", 3, program=BOXES, words=["--class", "'3'", "below 3"])
        self.bad(*arguments, "-o", self.folder / "x.png", program=BOXES, words=["--output", "--class"])
        self.bad("predict", path, path, "--weights", self.best(BOX), "-o", self.folder / "x.png",
                 words=["--output", "2 images"])

    # help

    def test_help_and_summary(self):
        self.assertIn("images of 1x28x28 to a box.", self.good("--help"))
        self.assertIn("to a box for each of 3 classes", self.good("--help", program=BOXES))
        self.assertIn("with a box, 16 a batch", self.good("train", "--help"))
        self.assertNotIn("--top-k", self.good("predict", "--help"))
        self.assertIn("boxes<1>", self.good("summary"))
        self.assertRegex(self.good("train-bench", "--steps", 1), "images/s")
        plan = self.good("train", "--data", self.data, "--output", self.folder / "plan", "--dry-run")
        self.assertIn("(boxes): 3 classes, 950 images to train with", plan)

    # wrong inputs

    def test_wrong_lists(self):
        folder = self.folder / "wrong"
        folder.mkdir()
        for name in ("a.png", "b.png"):
            write_png(folder / name, [bytes(28)] * 28)
        train = ["train", "--data", folder, "--output", self.folder / "none", "--validation", 0.5, "--epochs", 1]
        for text, words in (
                ("", ["boxes.csv:1: ", "no column \"file\""]),
                ("file,class,left,top,right\na.png,x,1,1,2\n", ["boxes.csv:1: ", "no column \"bottom\""]),
                (HEADER, ["boxes.csv: ", "no picture"]),
                (HEADER + "a.png,x,1,1,9,9\nb.png,x,1,1,9\n", ["boxes.csv:3: ", "5 fields, expected 6"]),
                (HEADER + "a.png,x,1,one,9,9\n", ["boxes.csv:2: ", "top: found \"one\""]),
                (HEADER + "a.png,x,9,1,9,9\n", ["boxes.csv:2: ", "left before right"]),
                (HEADER + "a.png,x,-1,1,9,9\n", ["boxes.csv:2: ", "in the picture"]),
                (HEADER + "a.png,x,1,1,29,9\nb.png,x,1,1,29,9\n", ["boxes.csv:", "in the picture", ".png of 28x28"]),
                (HEADER + "c.png,x,1,1,9,9\n", ["boxes.csv:2: ", "no picture", "c.png"]),
                (HEADER + "a.png,x,1,1,9,9\na.png,x,1,1,9,9\n", ["boxes.csv:3: ", "again"])):
            (folder / "boxes.csv").write_text(text)
            self.bad(*train, words=words)
        self.bad(*train, program=BOXES, words=["boxes.csv:3: "])

    def test_a_class_that_training_has_not(self):
        folder = self.folder / "parts"
        for part, name in (("train", "x"), ("test", "y")):
            (folder / part).mkdir(parents=True)
            write_png(folder / part / "a.png", [bytes(28)] * 28)
            (folder / part / "boxes.csv").write_text(HEADER + f"a.png,{name},1,1,9,9\n")
        self.bad("eval", "--data", folder, "--weights", self.best(BOX), words=["test/boxes.csv:2: ", "class \"y\""])
        (folder / "test" / "boxes.csv").write_text(HEADER + "a.png,x,1,1,9,9\n")
        self.good("eval", "--data", folder, "--weights", self.best(BOX))
        self.bad("eval", "--data", folder, "--weights", self.best(BOXES), program=BOXES,
                 words=["found 1 classes, expected 3"])

    def test_what_boxes_cannot_have(self):
        weights = ["--weights", self.best(BOX)]
        for views in (["--flip"], ["--crops", 5], ["--scales", 28], weights):
            self.bad("eval", "--data", self.data, *weights, *views, words=["boxes are not averaged"])
        self.bad("train", "--data", self.data, "--output", self.folder / "none", "--label-smoothing", 0.1,
                 words=["--label-smoothing"])
        plain = self.folder / "plain"
        for name in CLASSES:
            (plain / name).mkdir(parents=True)
            write_png(plain / name / "a.png", [bytes(28)] * 28)
        self.bad("eval", "--data", plain, "--part", "training", *weights, words=["images without boxes", "boxes.csv"])
        self.bad("train", "--data", plain, "--format", "boxes", "--output", self.folder / "no-list",
                 words=["plain/boxes.csv: found no such list"])
        self.assertFalse((self.folder / "no-list").exists())

    # the script

    def test_drawing(self):
        out = self.folder / "drawn"
        draw = functools.partial(run, program=DRAW)
        made = ["--train", 12, "--test", 3, "--side", 28]
        for folder, seed in ((out / "a", 1), (out / "b", 1), (out / "c", 2)):
            done = draw(folder, *made, "--seed", seed)
            self.assertEqual(done.returncode, 0, done.stderr)
        files = lambda folder: {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
        self.assertEqual(len(files(out / "a")), 17)
        self.assertEqual(files(out / "a"), files(out / "b"))
        self.assertNotEqual(files(out / "a"), files(out / "c"))
        self.good("eval", "--data", out / "a", "--part", "training", "--weights", self.best(BOX))
        self.assertIn("is there already", draw(out / "a").stderr)
        self.assertIn("expected at least 16", draw(out / "d", "--side", 8).stderr)
        self.assertIn("expected a whole number", draw(out / "d", "--train", "x").stderr)
        self.assertIn("--seed", draw("--help").stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
