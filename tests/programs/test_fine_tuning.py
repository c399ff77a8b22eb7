"""Training from what others published or trained: recipes, plans (--dry-run), pretrained weights and frozen layers.

    test_fine_tuning.py PROGRAM THREE OTHER IDX_TO_FOLDER

PROGRAM trains a small network; THREE its convolutions under a classifier of three classes, the first one frozen when it
was compiled; OTHER another network. IDX_TO_FOLDER is scripts/idx_to_folder.py.
"""

import functools
import json
import pathlib
import shutil
import sys
import unittest

from outside import ProgramTest, run
from training_files import read_tensors, tensors_of, write_data, write_tensors

PROGRAM, THREE, OTHER, IDX_TO_FOLDER = (pathlib.Path(argument).absolute() for argument in sys.argv[1:5])
run = functools.partial(run, program=PROGRAM)


def content_of(folder):
    """Every file below it with its bytes and the time it was changed, and every folder."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) if path.is_file() else None
            for path in folder.rglob("*")}


class FineTuning(ProgramTest):
    program = PROGRAM

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = cls.folder / "data"
        write_data(cls.data)
        cls.three = cls.folder / "three"
        made = run(cls.data, cls.three, "--classes", "7,8,9", "--per-class", 40, "--invert", program=IDX_TO_FOLDER)
        assert made.returncode == 0, made.stderr
        cls.made = made.stdout
        cls.whole = cls.folder / "whole"
        done = run("train", "--data", cls.data, "--output", cls.whole, "--epochs", 4, "--seed", 5)
        assert done.returncode == 0, done.stderr
        cls.weights = cls.whole / "best.safetensors"

    def plan(self, *arguments, **options):
        """{heading: lines} of what --dry-run prints, which writes nothing."""
        before = content_of(self.folder)
        printed = self.good("train", "--dry-run", *arguments, **options)
        self.assertEqual(before, content_of(self.folder))
        lines = printed.splitlines()
        found, heading = {}, ""
        for line in lines[1:]:
            heading = line[:16].strip() or heading
            found.setdefault(heading, []).append(line[16:])
        return lines[0], found

    # plans

    def test_a_plan(self):
        out = self.folder / "none"
        first, plan = self.plan("--data", self.data, "--output", out, "--epochs", 8, "--threads", 2, "--nesterov",
                                "--warm-up", 0.5, "--crop-padding", 2, "--rate", "conv1_1=0.1", "--no-decay", "fc3",
                                "--stop-after", 3, "--validation", 0.2, "--accumulate", 2, "--schedule", "steps",
                                "--milestones", "3,6")
        self.assertRegex(first, r"^small_train: [\d,]+ parameters; nothing is trained or written$")
        self.assertEqual(plan["data"], [f"{self.data} (idx): 10 classes, 1,200 images to train with, 300 kept for "
                                        "validation, 300 to test"])
        self.assertEqual(plan["steps"], ["38 an epoch, of 32 images (2 batches of 16); 8 epochs, or until 3 bring no "
                                         "better validation accuracy"])
        self.assertEqual(plan["learning rate"],
                         ["0.05, times 0.1 from each of the epochs 3, 6, after a warm-up of 19 steps",
                          "  epoch 1: 0.002632 to 0.05", "  epochs 2 to 3: 0.05", "  epochs 4 to 6: 0.005",
                          "  epochs 7 to 8: 0.0005"])
        self.assertEqual(plan["optimiser"], ["SGD, momentum 0.9 (Nesterov), weight decay 0.0005 of weights", "seed 1"])
        self.assertEqual(plan["augmentation"], ["padding of 2, crop of 28x28"])
        self.assertEqual(plan["beginning"], ["convolutions he_normal, fully connected normal(0.01), biases zeros"])
        self.assertEqual(plan["normalisation"], ["mean and deviation (of the data)"])
        self.assertEqual(plan["layers"], ["conv1_1: learning rate times 0.1", "no decay: fc3"])
        self.assertEqual(plan["threads"], ["2, and 1 to load images"])
        self.assertRegex(plan["memory"][0], r"^\d+\.\d MiB for parameters, gradients and momenta, \d+\.\d MiB for "
                                            r"activations of training and validation; beside packed weights")
        self.assertEqual(plan["output"], [str(out)])

    def test_plans_of_other_trainings(self):
        _, plan = self.plan("--data", self.three, "--validation", 0, "--pretrained", self.weights, "--threads", 1,
                            program=THREE)
        self.assertEqual(plan["data"], [f"{self.three} (folder): 3 classes, 120 images to train with, "
                                        f"{self.of_test_part} of the test set to validate with"])
        self.assertEqual(plan["beginning"][:2], [f"taken from {self.weights}: conv1_1, conv2_1", "new: fc3"])
        self.assertRegex(plan["normalisation"][0], rf"^mean 0\.\d+, deviation 0\.\d+ \(as {self.weights} says\)$")
        self.assertEqual(plan["layers"], ["compiled not to train: conv1_1"])
        self.assertEqual(plan["augmentation"], ["none"])
        self.assertEqual(len(plan["learning rate"]), 9)  # a cosine in eight ranges
        _, plan = self.plan("--resume", "--output", self.whole, "--epochs", 6)
        self.assertEqual(plan["beginning"],
                         [f"resumed from {self.whole}/last.safetensors, after 4 epochs and 360 steps"])
        self.assertRegex(plan["normalisation"][0], r"^mean 0\.\d+, deviation 0\.\d+ \(as the training began\)$")

    @property
    def of_test_part(self):
        return self.made.split("test: ")[1].split(" ")[0]

    def test_a_plan_is_refused_as_the_training_would_be(self):
        out, cut = self.folder / "none", self.folder / "cut.safetensors"
        cut.write_bytes(self.weights.read_bytes()[:1000])
        for arguments in (["--data", self.folder / "nowhere"], ["--data", self.three], ["--data", self.data, "--rate", "x=1"],
                          ["--data", self.data, "--warm-up", 11], ["--data", self.data, "--scale-low", 20],
                          ["--data", self.data, "--init-bias", "he_normal"], ["--data", self.data, "--weights", cut],
                          ["--data", self.data, "--pretrained", cut], ["--data", self.data, "--momentum", 1],
                          ["--data", self.data, "--schedule", "steps"], ["--data", self.data, "--recipe", "x"],
                          ["--data", self.data, "--validation", 1e-9], ["--resume"], []):
            training = self.bad("train", *arguments, "--output", out)
            self.assertEqual(training, self.bad("train", "--dry-run", *arguments, "--output", out), arguments)
        training = self.bad("train", "--data", self.data, "--output", self.whole)
        self.assertEqual(training, self.bad("train", "--dry-run", "--data", self.data, "--output", self.whole))
        self.assertFalse(out.exists())

    # recipes

    def test_recipes(self):
        _, plan = self.plan("--data", self.data, "--recipe", "paper")
        self.assertEqual(plan["recipe"],
                         ["paper", "the smaller side is 32 to 64 pixels for this network's 28, as 256 to 512 are for 224",
                          "no colour shift: the network sees no colours"])
        self.assertEqual(plan["steps"], ["6 an epoch, of 256 images (16 batches of 16); 74 epochs"])
        self.assertIn("0.01, times 0.1 after more than 10 epochs in a row", plan["learning rate"][0])
        self.assertIn("at most 3 times", plan["learning rate"][0])
        self.assertEqual(plan["learning rate"][1:], ["  epoch 1 on: 0.01"])
        self.assertEqual(plan["optimiser"][0], "SGD, momentum 0.9, weight decay 0.0005 of weights")
        self.assertEqual(plan["augmentation"], ["smaller side 32 to 64 pixels, crop of 28x28, flip"])
        self.assertEqual(plan["beginning"], ["convolutions normal(0.01), fully connected normal(0.01), biases zeros"])
        _, plan = self.plan("--data", self.data, "--recipe", "torchvision")
        self.assertIn("RandomResizedCrop", plan["recipe"][1])
        self.assertEqual(plan["learning rate"][1:], ["  epochs 1 to 30: 0.01", "  epochs 31 to 60: 0.001",
                                                     "  epochs 61 to 90: 0.0001"])
        self.assertEqual(plan["optimiser"][0], "SGD, momentum 0.9, weight decay 0.0001 of weights and biases")
        self.assertEqual(plan["beginning"],
                         ["convolutions kaiming_normal_fan_out, fully connected normal(0.01), biases zeros"])

    def test_options_win_over_recipes_wherever_they_stand(self):
        own = ["--epochs", 3, "--no-flip", "--weight-decay", 0, "--init-bias", "constant(0.1)", "--accumulate", 1,
               "--scale-low", 0, "--scale-high", 0]
        plans = [self.plan("--data", self.data, *arguments)[1]
                 for arguments in (own + ["--recipe", "paper"], ["--recipe", "paper"] + own,
                                   own[:5] + ["--recipe", "paper"] + own[5:])]
        self.assertEqual(plans[0], plans[1])
        self.assertEqual(plans[0], plans[2])
        self.assertEqual(plans[0]["steps"], ["90 an epoch, of 16 images; 3 epochs"])
        self.assertEqual(plans[0]["augmentation"], ["none"])
        self.assertEqual(plans[0]["optimiser"][0], "SGD, momentum 0.9, weight decay 0 of weights")
        self.assertEqual(plans[0]["beginning"],
                         ["convolutions normal(0.01), fully connected normal(0.01), biases constant(0.1)"])

    def test_a_recipe_is_what_it_sets_and_goes_on(self):
        own = ["--data", self.data, "--seed", 2, "--scale-low", 0, "--scale-high", 0]
        spelt = ["--epochs", 2, "--learning-rate", 0.01, "--schedule", "steps", "--milestones", 30, "--momentum", 0.9,
                 "--weight-decay", 1e-4, "--decay-biases", "--init-convolution", "kaiming_normal_fan_out",
                 "--init-fully-connected", "normal(0.01)", "--flip", "--accumulate", 16]
        self.good("train", *own, *spelt, "--output", self.folder / "spelt")
        self.good("train", *own, "--recipe", "torchvision", "--epochs", 1, "--output", self.folder / "named")
        self.good("train", "--resume", "--epochs", 2, "--output", self.folder / "named")
        spelt, named = (tensors_of(self.folder / name / "last.safetensors") for name in ("spelt", "named"))
        self.assertEqual(spelt, named)
        self.assertIn("--recipe=torchvision", (self.folder / "named" / "report.html").read_text())
        self.bad("train", "--resume", "--recipe", "paper", "--output", self.folder / "named",
                 words=["--recipe=paper", "--recipe=torchvision", "cannot be changed"])

    # pretrained weights

    def test_pretrained(self):
        recipe = ["--data", self.three, "--epochs", 1, "--seed", 3, "--freeze-until", "fc3", "--rate", "fc3=0"]
        self.good("train", *recipe, "--output", self.folder / "drawn", program=THREE)
        printed = self.good("train", *recipe, "--output", self.folder / "taken", "--pretrained", self.weights,
                            program=THREE)
        self.assertIn(f"taken from {self.weights}: conv1_1, conv2_1\nnew: fc3\n", printed)
        pretrained, drawn, taken = (tensors_of(path) for path in (
            self.weights, self.folder / "drawn" / "last.safetensors", self.folder / "taken" / "last.safetensors"))
        self.assertEqual(taken["classifier.0.weight"][0], [3, 784])
        for name, tensor in taken.items():
            self.assertEqual(tensor, (pretrained if name.startswith("features.") else drawn)[name], name)
        self.assertNotEqual(drawn["features.3.weight"], pretrained["features.3.weight"])

    # what images are normalised by

    def normalisation(self, path):
        return read_tensors(path)[0]["__metadata__"]["preprocess"]

    def trained(self, name, *arguments):
        """What training prints of the normalisation, and what its weights say, which are all alike."""
        out = self.folder / name
        printed = self.good("train", "--data", self.data, "--epochs", 1, "--learning-rate", 1e-5, "--output", out, *arguments)
        said = self.normalisation(out / "last.safetensors")
        self.assertEqual(said, self.normalisation(out / "best.safetensors"))
        line = next(line for line in printed.splitlines() if line.startswith("normalisation of images: "))
        self.assertIn("<dt>normalisation of images</dt>", (out / "report.html").read_text())
        return line.removeprefix("normalisation of images: "), said

    def weights_that_say(self, preprocess):
        path = self.folder / "saying.safetensors"
        self.good("init", "--seed", 1, "-o", path, "--preprocess", preprocess)
        return path

    def test_normalised_as_the_file_says(self):
        for option in ("--pretrained", "--weights"):
            path = self.weights_that_say("caffe")
            self.assertEqual(self.trained(f"as_it_says{option}", option, path), (f"caffe (as {path} says)", "caffe"))
        line, said = self.trained("as_measured", "--pretrained", self.weights)
        self.assertRegex(line, rf"^mean 0\.\d+, deviation 0\.\d+ \(as {self.weights} says\)$")
        self.assertEqual(said, self.normalisation(self.weights))

    def test_normalised_by_the_data(self):
        line, said = self.trained("by_data", "--seed", 6)
        numbers = json.loads(said)
        self.assertEqual(line, f"mean {numbers['mean'][0]:.4g}, deviation {numbers['deviation'][0]:.4g} (of the data)")
        path = self.weights_that_say("caffe")
        line, chosen = self.trained("by_data_all_the_same", "--seed", 6, "--pretrained", path, "--normalise", "data")
        self.assertTrue(line.endswith(f" (--normalise data; {path} says caffe)"), line)
        self.assertEqual(chosen, said)
        silent = self.folder / "silent.safetensors"
        write_tensors(silent, tensors_of(path))
        line, silently = self.trained("by_data_for_want_of", "--seed", 6, "--pretrained", silent)
        self.assertTrue(line.endswith(f" (of the data; {silent} does not say what its images were normalised by)"), line)
        self.assertEqual(silently, said)

    def test_normalised_as_chosen(self):
        self.assertEqual(self.trained("chosen", "--normalise", "unit"), ("unit (--normalise)", "unit"))
        path = self.weights_that_say("torchvision")
        chosen = self.trained("chosen_otherwise", "--pretrained", path, "--normalise", "unit")
        self.assertEqual(chosen, (f"unit (--normalise; {path} says torchvision)", "unit"))
        self.assertEqual(self.trained("chosen_alike", "--pretrained", path, "--normalise", "torchvision")[0],
                         "torchvision (--normalise)")

    def test_a_resumed_training_is_normalised_as_it_began(self):
        path, out = self.weights_that_say("caffe"), self.folder / "goes_on"
        self.trained("goes_on", "--pretrained", path)
        path.unlink()
        printed = self.good("train", "--resume", "--epochs", 2, "--output", out)
        self.assertIn("normalisation of images: caffe (as the training began)\n", printed)
        self.assertEqual(self.normalisation(out / "last.safetensors"), "caffe")
        self.bad("train", "--resume", "--output", out, "--normalise", "unit",
                 words=["--normalise=unit", "without --normalise", "cannot be changed"])
        self.good("train", "--data", self.data, "--epochs", 1, "--normalise", "unit", "--output", self.folder / "chosen_on")
        printed = self.good("train", "--resume", "--epochs", 2, "--normalise", "unit", "--output", self.folder / "chosen_on")
        self.assertIn("normalisation of images: unit (as the training began)\n", printed)

    def test_normalisations_that_there_are_not(self):
        out = self.folder / "unknown"
        self.bad("train", "--data", self.data, "--output", out, "--normalise", "magic",
                 words=["--normalise", "magic", "torchvision, caffe, unit, data"])
        header, data = read_tensors(self.weights)
        broken = self.folder / "broken.safetensors"
        header["__metadata__"]["preprocess"] = "{"
        text = json.dumps(header).encode()
        broken.write_bytes(len(text).to_bytes(8, "little") + text + data)
        for option in ("--pretrained", "--weights"):
            self.bad("train", "--data", self.data, "--output", out, option, broken,
                     words=["broken.safetensors", "normalised", "--normalise"])
        self.assertFalse(out.exists())
        self.assertEqual(self.trained("replaced", "--pretrained", broken, "--normalise", "unit"),
                         (f"unit (--normalise; {broken} says {{)", "unit"))

    # pretrained weights that do not fit, or change no more

    def test_pretrained_without_metadata_or_classifier_under_other_names(self):
        names = {"features.0": "block1_conv1", "features.3": "block2_conv1"}
        trained = tensors_of(self.weights)
        path = self.folder / "keras.safetensors"
        write_tensors(path, {f"{new}.{part}": trained[f"{old}.{part}"]
                             for old, new in names.items() for part in ("weight", "bias")})
        printed = self.good("train", "--data", self.data, "--epochs", 1, "--freeze-until", "fc3", "--pretrained", path,
                            "--output", self.folder / "keras")
        self.assertIn(f"taken from {path}: conv1_1, conv2_1\nnew: fc3, fc4\nbefore fc3: learning rate times 0", printed)
        found = tensors_of(self.folder / "keras" / "last.safetensors")
        for name in ("features.0.weight", "features.0.bias", "features.3.weight", "features.3.bias"):
            self.assertEqual(found[name], trained[name], name)
        self.assertNotEqual(found["classifier.0.weight"], trained["classifier.0.weight"])

    def test_layers_thaw(self):
        out = self.folder / "thaw"
        trained = tensors_of(self.weights)
        self.good("train", "--data", self.three, "--epochs", 1, "--schedule", "constant", "--pretrained", self.weights,
                  "--freeze-until", "fc3", "--output", out, program=THREE)
        frozen = tensors_of(out / "last.safetensors")
        self.assertEqual(frozen["features.3.weight"], trained["features.3.weight"])
        moved = self.weights.rename(self.folder / "moved.safetensors")  # what has begun does not need it
        try:
            self.good("train", "--resume", "--epochs", 2, "--freeze-until", "conv2_1", "--output", out, program=THREE)
        finally:
            moved.rename(self.weights)
        thawed = tensors_of(out / "last.safetensors")
        self.assertNotEqual(thawed["features.3.weight"], trained["features.3.weight"])
        self.assertEqual(thawed["features.0.weight"], trained["features.0.weight"])  # compiled so
        self.bad("train", "--resume", "--pretrained", "x", "--output", out, program=THREE,
                 words=["--pretrained=x", f"--pretrained={self.weights}"])

    def test_training_from_kept_features(self):
        cache = self.folder / "features.safetensors"
        common = ("train", "--data", self.three, "--epochs", 3, "--pretrained", self.weights)
        cached = (*common, "--cache-features", cache)
        self.good(*common, "--output", self.folder / "images", program=THREE)
        text = self.good(*cached, "--output", self.folder / "kept", program=THREE)
        self.assertIn("features of the frozen layers: 2,048 numbers for an image, written to", text)  # 8 x 14 x 14, with a halo
        again = self.good(*cached, "--output", self.folder / "again", program=THREE)
        self.assertIn(f"features of the frozen layers: read from {cache}", again)
        images, kept = (tensors_of(self.folder / name / "last.safetensors") for name in ("images", "kept"))
        self.assertEqual(images, kept)  # to the last bit: the same steps in the same order
        self.assertEqual(tensors_of(self.folder / "again" / "last.safetensors"), kept)
        logs = [[json.loads(line) for line in (self.folder / name / "log.jsonl").read_text().splitlines()]
                for name in ("images", "kept")]
        for one, other in zip(*logs):
            self.assertAlmostEqual(one["validation_loss"], other["validation_loss"], places=4)
            self.assertEqual(one["validation_accuracy"], other["validation_accuracy"])
        # goes on from the same file
        self.good("train", "--resume", "--epochs", 4, "--output", self.folder / "kept", program=THREE)
        self.good("train", "--resume", "--epochs", 4, "--output", self.folder / "images", program=THREE)
        self.assertEqual(*(tensors_of(self.folder / name / "last.safetensors") for name in ("images", "kept")))
        # other frozen weights have other features
        text = self.good("train", "--data", self.three, "--epochs", 1, "--seed", 9, "--cache-features", cache, "--output",
                         self.folder / "other", program=THREE)
        self.assertIn("written to", text)

    def test_features_that_cannot_be_kept(self):
        cache, out = self.folder / "none.safetensors", self.folder / "no-features"
        self.bad("train", "--data", self.data, "--cache-features", cache, "--output", out, words=["small_train", "freeze_until"])
        common = ("train", "--data", self.three, "--output", out, "--cache-features")
        self.bad(*common, cache, "--flip", program=THREE, words=["--cache-features", "--flip"])
        self.bad(*common, self.weights, program=THREE, words=["best.safetensors", "expected one of features"], lines=None)
        self.bad(*common, self.folder / "no" / "x.safetensors", program=THREE, words=["x.safetensors"], lines=None)
        self.assertFalse(cache.exists())

    def test_a_pretrained_file_that_does_not_fit(self):
        out = self.folder / "misfit"
        said = self.bad("train", "--data", self.data, "--output", out, "--pretrained", self.weights, program=OTHER,
                        lines=None)
        for words in ('conv1_1 weight ("features.0.weight"): found the shape [8, 1, 3, 3], expected [16, 1, 3, 3]',
                      "conv1_2 weight: found no tensor {features.2, conv1_2, block1_conv2}.weight", "features.3.bias",
                      "conv3_2 bias: found no tensor"):
            self.assertIn(words, said)
        self.assertNotIn("classifier", said)
        for other in ("--weights", "--shallower"):
            self.bad("train", "--data", self.data, "--output", out, "--pretrained", self.weights, other, self.weights,
                     words=["--pretrained", other, "excludes"])
        self.bad("train", "--data", self.data, "--output", out, "--pretrained", self.whole / "report.html",
                 words=["report.html"])
        self.bad("train", "--data", self.data, "--output", out, "--pretrained", self.folder / "gone", words=["gone"])
        self.bad("train", "--data", self.data, "--output", out, "--freeze-until", "conv3_1",
                 words=["--freeze-until", "conv1_1, conv2_1, fc3, fc4"])
        self.bad("train", "--data", self.three, "--output", out, "--freeze-until", "conv1_1", program=THREE,
                 words=["--freeze-until", "compiled not to train", "conv2_1, fc3"])
        self.bad("train", "--data", self.data, "--output", out, "--reductions", -1, words=["--reductions", "from 0"])
        self.assertFalse(out.exists())

    # data sets

    def test_folders_of_some_classes(self):
        self.assertRegex(self.made, r"^train: 120 pictures of 3 classes\ntest: \d+ pictures of 3 classes\n$")
        self.assertEqual(sorted(path.name for path in (self.three / "test").iterdir()), ["class7", "class8", "class9"])
        self.assertEqual(len(list((self.three / "train" / "class8").iterdir())), 40)
        self.assertEqual(run(self.data, self.three, "--classes", "1", program=IDX_TO_FOLDER).returncode, 1)
        turned = self.folder / "turned"
        shutil.rmtree(turned, ignore_errors=True)
        self.good(self.data, turned, "--classes", "0", "--per-class", 3, "--rotate", program=IDX_TO_FOLDER)
        self.assertEqual(len(list(turned.glob("train/class0/*.png"))), 3)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
