"""The program that trains, from outside: what it leaves behind, the same bits on any number of threads and after any
interruption, a checkpoint that survives kill -9, and one line for each wrong input.

    test_training_program.py PROGRAM OTHER        programs that train: a small network's, and another one's
"""

import functools
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
import unittest

from outside import ProgramTest, run
from training_files import norm, read_tensors, tensors_of, write_data, write_idx, write_slow_png, write_tensors

PROGRAM, OTHER = (pathlib.Path(argument).absolute() for argument in sys.argv[1:3])
RECIPE = ["--epochs", 6, "--learning-rate", 0.05, "--validation", 0.2, "--flip", "--crop-padding", 2, "--seed", 5]
run = functools.partial(run, program=PROGRAM)


class Training(ProgramTest):
    program = PROGRAM

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = cls.folder / "data"
        write_data(cls.data)
        cls.whole = cls.folder / "whole"
        done = run("train", "--data", cls.data, "--output", cls.whole, *RECIPE, "--threads", 2)
        assert done.returncode == 0, done.stderr
        cls.printed = done.stdout

    def same_training(self, folder, message):
        for name in ("last.safetensors", "best.safetensors"):
            expected, expected_data = read_tensors(self.whole / name)
            found, found_data = read_tensors(folder / name)
            expected_metadata, found_metadata = expected.pop("__metadata__"), found.pop("__metadata__")
            self.assertEqual(expected, found, message)
            self.assertEqual(expected_metadata.get("training"), found_metadata.get("training"), message)
            self.assertTrue(expected_data == found_data, f"{message}: {name} has other bits")

    # what it leaves behind

    def test_it_learns_and_says_so(self):
        self.assertRegex(self.printed, r"test accuracy: \d+\.\d\d %\n$")
        self.assertGreater(float(self.printed.split()[-2]), 60)  # chance gives 10
        epochs = [json.loads(line) for line in (self.whole / "log.jsonl").read_text().splitlines()]
        self.assertEqual([e["epoch"] for e in epochs], [1, 2, 3, 4, 5, 6])
        self.assertLess(epochs[-1]["training_loss"], epochs[0]["training_loss"])
        page = (self.whole / "report.html").read_text()
        for words in ("small_train", "conv3x3.forward", "data:image/png;base64", "--learning-rate=0.05"):
            self.assertIn(words, page)
        self.assertTrue(list(self.whole.glob("events.out.tfevents.*")))

    def test_eval_repeats_the_accuracy(self):
        done = run("eval", "--data", self.data, "--weights", self.whole / "best.safetensors", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertAlmostEqual(100 * result["top_1"], float(self.printed.split()[-2]), places=2)
        self.assertEqual(sum(result["confusion"]), 300)
        table = run("eval", "--data", self.data, "--weights", self.whole / "last.safetensors")
        self.assertIn("top-1", table.stdout)

    def test_predict_knows_labels_and_normalisation(self):
        pictures = self.folder / "pictures"
        done = run("samples", "--data", self.data, "--output", pictures, "--count", 12)
        self.assertEqual(done.returncode, 0, done.stderr)
        files = done.stdout.split()
        self.assertEqual(len(files), 12)
        done = run("predict", *files, "--weights", self.whole / "best.safetensors", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        right = sum(one["top"][0]["label"] == pathlib.Path(one["image"]).stem.split("-")[1]
                    for one in json.loads(done.stdout))
        self.assertGreater(right, 6)

    def test_init_from_weights(self):
        out = self.folder / "warm"
        done = run("train", "--data", self.data, "--output", out, "--weights", self.whole / "best.safetensors",
                   "--epochs", 1, "--learning-rate", 0.001, "--validation", 0)
        self.assertEqual(done.returncode, 0, done.stderr)
        first = json.loads((out / "log.jsonl").read_text().splitlines()[0])
        self.assertGreater(first["validation_accuracy"], 0.6)

    # where it begins, and what each layer does

    def shallower(self):
        """A trained network without the second convolution, under the paper's names."""
        names = {"features.0": "conv1_1", "classifier.0": "fc3", "classifier.3": "fc4"}
        trained = tensors_of(self.whole / "best.safetensors")
        path = self.folder / "shallower.safetensors"
        write_tensors(path, {f"{new}.{part}": trained[f"{old}.{part}"]
                             for old, new in names.items() for part in ("weight", "bias")})
        return path, trained

    def test_shallower(self):
        shallower, trained = self.shallower()
        recipe = ["--data", self.data, "--epochs", 1, "--seed", 3, "--weight-decay", 0.1]
        still = ["--rate", "conv1_1=0", "--rate", "conv2_1=0", "--rate", "fc3=0,fc4=0"]
        self.good("train", *recipe, *still, "--output", self.folder / "drawn")
        printed = self.good("train", *recipe, *still, "--output", self.folder / "copied", "--shallower", shallower)
        self.assertIn(f"copied from {shallower}: conv1_1, fc3, fc4\ninitialised: conv2_1\n", printed)
        self.assertIn("conv1_1: learning rate times 0\n", printed)
        drawn, copied = (tensors_of(self.folder / name / "last.safetensors") for name in ("drawn", "copied"))
        for name, tensor in copied.items():
            self.assertEqual(tensor, (drawn if name.startswith("features.3.") else trained)[name], name)
        self.assertNotEqual(drawn["features.0.weight"], trained["features.0.weight"])
        page = (self.folder / "copied" / "report.html").read_text()
        self.assertIn("--rate=conv1_1=0,conv2_1=0,fc3=0,fc4=0", page)
        self.assertIn("shallower.safetensors, else convolutions he_normal", page)

    def test_shallower_that_does_not_fit(self):
        out = self.folder / "misfit"
        other = self.folder / "other.safetensors"
        self.good("init", "--seed", 1, "-o", other)
        self.bad("train", "--data", self.data, "--output", out, "--shallower", other, program=OTHER, lines=None,
                 words=[str(other), "conv1_1 weight [8, 1, 3, 3]", "conv1_1 weight [16, 1, 3, 3]",
                        "fc3 weight [32, 784], expected fc4 weight [256, 576]"])
        self.bad("train", "--data", self.data, "--output", out, "--shallower", other, "--weights", other,
                 words=["--shallower", "--weights", "excludes"])
        self.bad("train", "--data", self.data, "--output", out, "--shallower", self.whole / "report.html",
                 words=["report.html"])
        self.assertFalse(out.exists())

    def test_rates_and_decay_of_layers(self):
        recipe = ["--data", self.data, "--epochs", 1, "--weight-decay", 2, "--learning-rate", 0.02]
        self.good("train", *recipe, "--output", self.folder / "decayed")
        printed = self.good("train", *recipe, "--output", self.folder / "spared", "--no-decay", "conv1_1",
                            "--no-decay", "fc3", "--rate", "fc4=0.5")
        self.assertIn("no decay: conv1_1, fc3\n", printed)
        decayed, spared = (tensors_of(self.folder / name / "last.safetensors") for name in ("decayed", "spared"))
        for name in ("features.0.weight", "classifier.0.weight"):
            self.assertGreater(norm(spared[name]), 2 * norm(decayed[name]), name)
        self.assertLess(norm(spared["features.3.weight"]), 1)  # it began with 5.6
        for option, value in (("--rate", "conv3_1=1"), ("--no-decay", "pool1")):
            self.bad("train", *recipe, "--output", self.folder / "none", option, value,
                     words=[option, value.split("=")[0], "conv1_1, conv2_1, fc3, fc4"])
        self.bad("train", *recipe, "--output", self.folder / "none", "--rate", "conv1_1", words=["LAYER=FACTOR"])
        self.assertFalse((self.folder / "none").exists())

    def test_resumption_honours_them(self):
        shallower, _ = self.shallower()
        recipe = ["--data", os.path.relpath(self.data), "--schedule", "constant", "--learning-rate", 0.02, "--weight-decay", 0.1, "--seed",
                  4, "--rate", "conv1_1=0", "--rate", "conv2_1=2.5", "--no-decay", "fc3", "--crop-padding", 1]
        start = shallower.rename(self.folder / "start.safetensors")
        one, two = self.folder / "one-piece", self.folder / "two-pieces"
        self.good("train", *recipe, "--shallower", start, "--output", one, "--epochs", 2)
        self.good("train", *recipe, "--shallower", start, "--output", two, "--epochs", 1)
        start.unlink()  # what has begun does not need it
        moved = two.rename(self.folder / "moved")
        printed = self.good("train", "--resume", "--output", "moved", "--epochs", 2, cwd=self.folder)
        self.assertIn("conv2_1: learning rate times 2.5\nno decay: fc3\nresumed in epoch 2 of 2, after step", printed)
        self.assertFalse(two.exists())
        self.assertEqual(tensors_of(one / "last.safetensors"), tensors_of(moved / "last.safetensors"))
        # given again, an option replaces the recorded one; what it began with stays
        printed = self.good("train", "--resume", "--output", moved, "--epochs", 3, "--rate", "fc4=0", "--seed", 4)
        self.assertIn("fc4: learning rate times 0\n", printed)
        self.assertNotIn("conv2_1:", printed)
        before, after = tensors_of(one / "last.safetensors"), tensors_of(moved / "last.safetensors")
        self.assertEqual(before["classifier.3.weight"], after["classifier.3.weight"])
        self.assertNotEqual(before["features.0.weight"], after["features.0.weight"])
        self.bad("train", "--resume", "--output", moved, "--seed", 5, words=["--seed=5", "--seed=4"])
        self.bad("train", "--resume", "--output", moved, "--validation", 0.5, words=["without --validation"])
        self.bad("train", "--resume", "--output", moved, "--shallower", "x", words=["--shallower=x", "start.safetensors"])

    # waiting for data

    def test_waiting_is_told(self):
        for line in (self.whole / "log.jsonl").read_text().splitlines():
            epoch = json.loads(line)
            self.assertGreaterEqual(epoch["data_wait_seconds"], 0)
            self.assertLess(epoch["data_wait_seconds"], epoch["seconds"])
        self.assertRegex(self.printed, r"\nwaited for data: \d+\.\d\d s of [\d.]+ s \(\d+\.\d %\)")
        self.assertIn("Waited for data", (self.whole / "report.html").read_text())
        events = next(self.whole.glob("events.out.tfevents.*")).read_bytes()
        self.assertIn(b"seconds waited for data", events)

    def test_a_slow_source(self):
        tree = self.folder / "slow"
        for number in range(10):
            (tree / f"class{number}").mkdir(parents=True)
            for copy in range(3):
                write_slow_png(tree / f"class{number}" / f"{copy}.png", 600, 3 * number + copy)
        out = self.folder / "slow-run"
        printed = self.good("train", "--data", tree, "--epochs", 1, "--validation", 0.1, "--output", out)
        epoch = json.loads((out / "log.jsonl").read_text())
        self.assertGreater(epoch["data_wait_seconds"], 0.5 * epoch["seconds"])
        share = float(printed.split("waited for data: ")[1].split("(")[1].split(" ")[0])
        self.assertGreater(share, 50)

    # bits

    def test_threads_do_not_matter(self):
        for threads in (1, 3):
            out = self.folder / f"threads{threads}"
            done = run("train", "--data", self.data, "--output", out, *RECIPE, "--threads", threads,
                       "--loader-threads", threads)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.same_training(out, f"{threads} threads")

    def test_interruptions_do_not_matter(self):
        out = self.folder / "interrupted"
        arguments = ["train", "--data", self.data, "--output", out, *RECIPE]
        generator, stops = random.Random(2), 0
        for attempt in range(40):
            process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       text=True)
            time.sleep(generator.uniform(0.05, 0.25))  # the whole takes several times as long
            process.send_signal(signal.SIGINT)
            printed, said = process.communicate()
            if process.returncode < 0:  # before it began to listen
                continue
            self.assertEqual(process.returncode, 0, said)
            if (out / "last.safetensors").exists():
                arguments = ["train", "--resume", "--output", out]
            if "test accuracy" in printed:
                break
            stops += 1
        else:
            self.assertEqual(run(*arguments).returncode, 0)
        self.assertGreater(stops, 0)
        self.same_training(out, f"{stops} interruptions")

    def test_a_killed_training_leaves_a_checkpoint(self):
        out = self.folder / "killed"
        arguments = ["train", "--data", self.data, "--output", out, *RECIPE[2:], "--epochs", 2000]
        checkpoint, generator = out / "last.safetensors", random.Random(3)

        def written():
            return checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0

        for _ in range(16):
            before, limit = written(), time.monotonic() + 60
            process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            while written() == before and time.monotonic() < limit:
                time.sleep(0.005)
            time.sleep(generator.uniform(0, 0.3))  # in which several are written, or a part of one
            process.kill()
            process.wait()
            self.assertGreater(written(), before)
            arguments = ["train", "--resume", "--output", out]
            done = run("eval", "--data", self.data, "--weights", checkpoint)
            self.assertEqual(done.returncode, 0, done.stderr)
        done = run("train", "--resume", "--output", out, "--epochs", 1)  # fewer than it has: nothing left to do
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"epoch \d+ of 1 is over already: nothing is left to train")

    # wrong input

    def test_wrong_data(self):
        out = self.folder / "wrong"
        self.bad("train", "--output", out, words=["--data"])
        self.bad("train", "--data", self.data / "train-images-idx3-ubyte", "--output", out, words=["folder"])
        self.bad("train", "--data", self.data, "--output", self.data / "train-images-idx3-ubyte",
                 words=["train-images-idx3-ubyte: found a file, expected a folder"])
        self.bad("train", "--data", self.folder / "nowhere", "--output", out, words=["nowhere", "data set"])
        self.bad("train", "--data", self.data, "--output", out, "--format", "mnist", words=["mnist", "cifar10"])
        (self.folder / "empty").mkdir()
        self.bad("train", "--data", self.folder / "empty", "--output", out, words=["empty"])
        three = self.folder / "three"
        for name in ("a", "b", "c"):
            (three / name).mkdir(parents=True)
            shutil.copy(self.picture(), three / name / "x.png")
        self.bad("train", "--data", three, "--output", out, words=["3 classes", "10"])
        broken = self.folder / "broken"
        shutil.copytree(self.data, broken)
        images = broken / "train-images-idx3-ubyte"
        images.write_bytes(images.read_bytes()[:1000])
        self.bad("train", "--data", broken, "--output", out, words=["train-images-idx3-ubyte"])
        beyond = self.folder / "beyond"
        shutil.copytree(self.data, beyond)
        write_idx(beyond / "t10k-labels-idx1-ubyte.gz", bytes(range(150)) * 2, (300,), zipped=True)
        self.bad("train", "--data", beyond, "--output", out, words=["t10k-labels-idx1-ubyte.gz", "label"])
        self.bad("train", "--data", self.data, "--output", out, "--validation", 1.5, words=["--validation", "1.5"])
        self.bad("train", "--data", self.data, "--output", out, "--momentum", 1, words=["momentum"])
        for option, value, expected in (
                ("--learning-rate", -1, "a number above 0"), ("--learning-rate", "nan", "above 0"),
                ("--learning-rate", "fast", "above 0"), ("--epochs", 0, "a whole number of at least 1"),
                ("--epochs", 1.5, "whole number"), ("--weight-decay", -1e-9, "at least 0"), ("--seed", -1, "2^64"),
                ("--threads", 0, "from 1 to 256"), ("--crop-padding", -2, "at least 0"),
                ("--rate-factor", 1, "above 0 and below 1"), ("--schedule", "linear", "constant, plateau"),
                ("--milestones", "3,0", "at least 1"), ("--init-bias", "he", "zeros, constant(value)"),
                ("--warm-up", 11, "at most those of --epochs, 10"), ("--scale-low", 20, "28 (the network's extent)"),
                ("--colour-shift", 0.1, "three channels"), ("--validation", 1e-9, "at least one")):
            self.bad("train", "--data", self.data, "--output", out, option, value, words=[option.split("-")[2], expected])
        self.assertFalse(out.exists())  # nothing was begun

    def test_evaluation_of_parts(self):
        weights = self.whole / "best.safetensors"
        tree = self.folder / "parts"
        for number in range(10):
            (tree / f"class{number}").mkdir(parents=True)
            shutil.copy(self.picture(), tree / f"class{number}" / "x.png")
        self.bad("eval", "--data", tree, "--weights", weights, words=["no test part", "--part training"])
        done = run("eval", "--data", tree, "--weights", weights, "--part", "training")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("10 images", done.stdout)
        self.assertIn('note: class 0 is "0" to the weights, and "class0" to the data\n', done.stderr)
        self.bad("eval", "--data", tree, "--weights", weights, "--part", "all", words=["found all, expected test or"])
        self.bad("train-bench", "--steps", 0, words=["--steps", "at least 1"])
        self.bad("samples", "--data", tree, "--output", weights, words=["best.safetensors", "folder"])

    def test_bench_on_request(self):
        done = run("train-bench", "--on-request", "--steps", 2, "--threads", 1, input="go\ngo\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([answer["threads"] for answer in answers], [1, 1])
        for answer in answers:
            self.assertGreater(answer["images_per_second"], 0)

    def test_help_names_the_network(self):
        self.assertIn("images of 1x28x28 to 10 classes", self.good("--help"))
        words = self.good("train", "--help")
        self.assertIn("images of 1x28x28 in 10 classes, 16 a batch", words)
        self.assertEqual(words.count("glorot_uniform"), 1)

    def picture(self):
        pictures = self.folder / "one"
        if not pictures.exists():
            run("samples", "--data", self.data, "--output", pictures, "--count", 1)
        return next(pictures.iterdir())

    def test_unreadable_pictures(self):
        tree = self.folder / "tree"
        for number in range(10):
            (tree / f"class{number}").mkdir(parents=True)
            for copy in range(4):
                shutil.copy(self.picture(), tree / f"class{number}" / f"{copy}.png")
        (tree / "class3" / "0.png").write_bytes(b"no picture")
        recipe = ["--data", tree, "--epochs", 1, "--validation", 0.3, "--seed", 2]
        self.bad("train", *recipe, "--output", self.folder / "stops", words=["class3/0.png"])
        done = run("train", *recipe, "--output", self.folder / "skips", "--skip-unreadable")
        if done.returncode:  # the broken picture may be one of those that validate
            self.assertIn("class3/0.png", done.stderr)
        else:
            self.assertIn("left out", done.stderr)

    def test_wrong_checkpoints(self):
        out = self.folder / "checkpoints"
        self.bad("train", "--resume", "--output", out, words=["last.safetensors", "no training in", "--output"])
        shutil.copytree(self.whole, out, dirs_exist_ok=True)
        self.bad("train", "--data", self.data, "--output", out, words=["--resume", "--output"])
        checkpoint = out / "last.safetensors"
        content = checkpoint.read_bytes()
        checkpoint.write_bytes(content[:len(content) // 2])
        self.bad("train", "--resume", "--output", out, words=["last.safetensors", "truncated"])
        shutil.copy(self.whole / "best.safetensors", checkpoint)
        self.bad("train", "--resume", "--output", out, words=["checkpoint"])
        self.bad("train", "--resume", "--output", self.whole, program=OTHER, lines=None,
                 words=["conv1_1", 'a training of "small_train"; this network is fashion_vgg_train'])
        self.bad("eval", "--data", self.data, "--weights", self.whole / "best.safetensors", program=OTHER, lines=None,
                 words=['a training of "small_train"'])

    def test_a_loss_that_is_not_finite(self):
        self.bad("train", "--data", self.data, "--output", self.folder / "diverged", "--epochs", 3, "--learning-rate",
                 1e6, "--validation", 0.2, words=["step", "not finite", "layer"], lines=None)

    def test_a_full_disk(self):
        out = self.folder / "full"
        shutil.copytree(self.whole, out)
        before = (out / "last.safetensors").read_bytes()

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))  # the checkpoint has more

        self.bad("train", "--resume", "--output", out, "--epochs", 9, words=["safetensors"], lines=None, preexec_fn=limit)
        self.assertEqual(before, (out / "last.safetensors").read_bytes())
        self.assertFalse(list(out.glob("*.partial*")))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
