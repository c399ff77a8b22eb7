"""The command lines of the zoo's programs: what they print, what they write, and one line for each wrong input.

    test_model_program.py BIN DATA        folders of the programs and of tests/data
"""

import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

import outside
from outside import read_npy
from training_files import read_tensors

BIN, DATA = (pathlib.Path(argument) for argument in sys.argv[1:3])
PHOTO, PNG = DATA / "images" / "photo.jpg", DATA / "images" / "rgb8.png"


def run(program, *arguments, environment=None):
    return outside.run(*arguments, program=BIN / program, env={**os.environ, **(environment or {})})


def tensors(file):
    """The names of a safetensors file's tensors."""
    return read_tensors(file)[0].keys() - {"__metadata__"}


class ModelProgram(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.weights = cls.folder / "notop.safetensors"
        cls.full = cls.folder / "vgg11.safetensors"
        assert run("vgg16-notop", "init", "--seed", 1, "-o", cls.weights).returncode == 0
        assert run("vgg11", "init", "--seed", 1, "-o", cls.full).returncode == 0

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def good(self, program, *arguments, **options):
        done = run(program, *arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def bad(self, *arguments, words=(), lines=1, program="vgg11", **options):
        done = run(program, *arguments, **options)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)
        if lines is not None:
            self.assertEqual(done.stderr.count("\n"), lines, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    # summary

    def test_summary_counts(self):
        for program, parameters, multiply_adds in (("vgg16", 138357544, 15470264320), ("vgg19", 143667240, 19632062464)):
            summary = json.loads(self.good(program, "summary", "--json").stdout)
            self.assertEqual(summary["parameters"], parameters)
            self.assertEqual(summary["multiply_adds"], multiply_adds)
            self.assertEqual(sum(layer["parameters"] for layer in summary["layers"]), parameters)
            self.assertEqual(sum(layer["multiply_adds"] for layer in summary["layers"]), multiply_adds)
            self.assertGreater(summary["arena_bytes"], 64 * 226 * 226 * 4)
            self.assertIn("scratch_bytes", summary)
            conv = next(layer for layer in summary["layers"] if layer["name"] == "conv3_1")
            self.assertEqual(conv["output"], [256, 56, 56])
            self.assertTrue(conv["kernel"].startswith("conv3x3.forward n1 56x56 c128 k256 bias+relu"))
            self.assertTrue(conv["schedule"].startswith("winograd "))
            self.assertGreater(conv["error"], 1e-7)
            self.assertLess(conv["error"], 5e-5)
            first = next(layer for layer in summary["layers"] if layer["name"] == "conv1_1")
            self.assertTrue(first["schedule"].startswith("direct "))  # three channels

    def test_summary_table(self):
        table = self.good("vgg16", "summary").stdout
        for words in ("conv1_1", "fully_connected<4096>", "138,357,544 parameters", "15,470,264,320 multiply-adds"):
            self.assertIn(words, table)

    # init

    def test_init_is_repeatable(self):
        again = self.folder / "again.safetensors"
        self.good("vgg16-notop", "init", "--seed", 1, "-o", again)
        self.assertEqual(again.read_bytes(), self.weights.read_bytes())
        self.good("vgg16-notop", "init", "--seed", 2, "-o", again)
        self.assertNotEqual(again.read_bytes(), self.weights.read_bytes())

    # predict

    def test_predict(self):
        text = self.good("vgg11", "predict", PHOTO, PNG, "--weights", self.full).stdout
        self.assertEqual(text.count("%"), 10)
        result = json.loads(self.good("vgg11", "predict", PHOTO, PNG, "--weights", self.full, "--json", "--top-k", 3).stdout)
        self.assertEqual([r["image"] for r in result], [str(PHOTO), str(PNG)])
        for r in result:
            self.assertEqual(len(r["logits"]), 1000)
            self.assertEqual(len(r["top"]), 3)
            best = max(range(1000), key=lambda i: r["logits"][i])
            self.assertEqual(r["top"][0]["class"], best)
            probabilities = [c["probability"] for c in r["top"]]
            self.assertEqual(probabilities, sorted(probabilities, reverse=True))
            self.assertLessEqual(sum(probabilities), 1.000001)

    def test_batches_agree(self):
        one = json.loads(self.good("vgg11", "predict", PHOTO, "--weights", self.full, "--json").stdout)[0]["logits"]
        nine = json.loads(self.good("vgg11", "predict", *[PHOTO, PNG] * 4, PHOTO, "--weights", self.full, "--json").stdout)
        self.assertEqual(len(nine), 9)
        for result in nine[::2]:
            self.assertLess(max(abs(a - b) for a, b in zip(result["logits"], one)) / max(map(abs, one)), 1e-5)

    def test_labels(self):
        labels = self.folder / "labels.txt"
        labels.write_text("".join(f"name {i}\n" for i in range(1000)))
        result = json.loads(self.good("vgg11", "predict", PHOTO, "--weights", self.full, "--labels", labels, "--json").stdout)
        for c in result[0]["top"]:
            self.assertEqual(c["label"], f"name {c['class']}")
        labels.write_text("one\ntwo\n")
        self.bad("predict", PHOTO, "--weights", self.full, "--labels", labels, words=("labels.txt", "1000", "2"))

    def test_presets_differ(self):
        logits = [self.good("vgg11", "predict", PHOTO, "--weights", self.full, "--json", "--preprocess", p).stdout
                  for p in ("torchvision", "caffe", "unit")]
        self.assertEqual(len(set(logits)), 3)

    def test_threads(self):
        expected = self.good("vgg11", "predict", PHOTO, "--weights", self.full, "--json", "--threads", 1).stdout
        self.assertEqual(self.good("vgg11", "predict", PHOTO, "--weights", self.full, "--json", "--threads", 3).stdout, expected)
        bench = self.good("vgg16-notop", "bench", "--json", "--runs", 1, environment={"VGGEN_NUM_THREADS": "3"})
        self.assertEqual(json.loads(bench.stdout)["threads"], 3)

    # features

    def features(self, *arguments, program="vgg16-notop", weights=None):
        output = self.folder / "features.npy"
        done = self.good(program, "features", PHOTO, "--weights", weights or self.weights, "-o", output, *arguments)
        return *read_npy(output), done.stderr

    def test_features(self):
        shape, values, _ = self.features()
        self.assertEqual(shape, (1, 512, 7, 7))
        for name in ("pool5", "features.30", "block5_pool"):
            self.assertEqual(self.features("--layer", name)[:2], (shape, values))
        shape, inner, _ = self.features("--layer", "conv1_2")
        self.assertEqual(shape, (1, 64, 224, 224))
        shape, pooled, _ = self.features("--layer", "pool1")
        self.assertEqual(shape, (1, 64, 112, 112))
        self.assertEqual(pooled[0], max(inner[0], inner[1], inner[224], inner[225]))

    def test_weights_of_a_network_with_a_top(self):
        weights = self.folder / "vgg16.safetensors"
        self.good("vgg16", "init", "--seed", 1, "-o", weights)
        _, values, notes = self.features(weights=weights)
        self.assertEqual(notes.count("note: "), 1, notes)
        self.assertEqual(values, self.features()[1])  # the same seed gives the same convolutions

    # bench and help

    def test_bench_on_request(self):
        done = subprocess.run([BIN / "vgg16-notop", "bench", "--on-request", "--runs", "2", "--threads", "1"], input="go\ngo\n",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(answers), 2)
        for answer in answers:
            self.assertGreaterEqual(answer["median_ms"], answer["min_ms"])
            self.assertGreater(answer["peak_bytes"], 2**20)

    def test_bench(self):
        result = json.loads(self.good("vgg16-notop", "bench", "--json", "--runs", 1, "--layers", "--batch", 8).stdout)
        self.assertEqual(result["batch"], 8)
        self.assertGreaterEqual(result["median_ms"], result["min_ms"])
        self.assertGreater(len(result["layers"]), 10)

    def test_help(self):
        for command in ((), ("summary",), ("predict",), ("features",), ("init",), ("pack",), ("bench",)):
            self.assertIn("--help", self.good("vgg16", *command, "--help").stdout)
        self.assertIn("vggen", self.good("vgg16", "--version").stdout)

    # pack

    def test_pack(self):
        packed = self.folder / "packed.safetensors"
        text = self.good("vgg11", "pack", "--weights", self.full, "-o", packed).stdout
        self.assertIn("packed.safetensors", text)
        images = [PHOTO, PNG] * 4 + [PHOTO]  # batches of 8 and of 1
        expected = self.good("vgg11", "predict", *images, "--weights", self.full, "--json").stdout
        self.assertEqual(self.good("vgg11", "predict", *images, "--weights", packed, "--json").stdout, expected)
        # layers by themselves want weights packed for them, where their schedules pack otherwise
        look, runnable = ("features", PHOTO, "-o", self.folder / "x.npy", "--weights"), False
        for batch in (1, 8):
            single = self.folder / "single_layers.safetensors"
            self.good("vgg11", "pack", "--weights", self.full, "-o", single, "--features", "--batch", batch)
            self.good("vgg11", *look, single)
            runnable = runnable or tensors(single) <= tensors(packed)
        if runnable:
            self.good("vgg11", *look, packed)
        else:
            self.bad(*look, packed, words=(str(packed), "--features"))
        self.bad("predict", PHOTO, "--weights", packed, program="vgg13", words=("mismatches", "features.3.weight@"), lines=None)
        other = self.folder / "other.safetensors"
        other.write_bytes(re.sub(rb"(features\.3\.weight@)[0-9a-f]{31}", rb"\g<1>" + b"0" * 31, packed.read_bytes()))
        self.bad("predict", PHOTO, "--weights", other, program="vgg11", words=("packed for other kernels", "vgg11"), lines=None)
        # packed again: the same, or what is not there any more
        again = self.folder / "again.safetensors"
        self.good("vgg11", "pack", "--weights", packed, "-o", again)
        self.assertEqual(again.read_bytes(), packed.read_bytes())
        if not runnable:
            self.bad("pack", "--weights", packed, "-o", again, "--features", words=("--features",))

    def test_pack_for_one_batch(self):
        packed = self.folder / "packed1.safetensors"
        self.good("vgg11", "pack", "--weights", self.full, "-o", packed, "--batch", 1)
        expected = self.good("vgg11", "predict", PHOTO, "--weights", self.full, "--json").stdout
        self.assertEqual(self.good("vgg11", "predict", PHOTO, "--weights", packed, "--json").stdout, expected)
        self.good("vgg11", "predict", *[PHOTO] * 9, "--weights", packed)  # one by one
        self.good("vgg11", "bench", "--weights", packed, "--runs", 1)
        self.bad("bench", "--weights", packed, "--batch", 8, words=(str(packed), "other batches", "8"))
        self.bad("pack", "--weights", packed, "-o", self.folder / "p", "--batch", 8, words=(str(packed), "other batches"))
        for weights in (self.full, packed):
            self.bad("bench", "--weights", weights, "--batch", 3, words=("not compiled", "3"))
        # for eight images only: one is padded to eight
        self.good("vgg11", "pack", "--weights", self.full, "-o", packed, "--batch", 8)
        json8 = json.loads(self.good("vgg11", "predict", PHOTO, "--weights", packed, "--json").stdout)
        one, eight = json.loads(expected)[0]["logits"], json8[0]["logits"]
        self.assertLess(max(abs(a - b) for a, b in zip(one, eight)) / max(map(abs, one)), 1e-5)
        self.assertEqual(json.loads(self.good("vgg11", "bench", "--weights", packed, "--runs", 1, "--json").stdout)["batch"], 8)

    def test_pack_keeps_metadata_and_aligns(self):
        packed = self.folder / "packed_metadata.safetensors"
        self.good("vgg16-notop", "pack", "--weights", self.weights, "-o", packed, "--batch", 1)
        header, data = read_tensors(packed)
        plain, _ = read_tensors(self.weights)
        self.assertEqual(header["__metadata__"]["preprocess"], plain["__metadata__"]["preprocess"])
        self.assertIn("vgg16_notop", header["__metadata__"]["packed_for"])
        places = [entry["data_offsets"][0] for name, entry in header.items() if "@" in name]
        self.assertGreaterEqual(len(places), 13)
        self.assertTrue(all((packed.stat().st_size - len(data) + place) % 64 == 0 for place in places))  # used where they are

    def test_pack_for_features(self):
        packed = self.folder / "packed_features.safetensors"
        self.good("vgg16-notop", "pack", "--weights", self.weights, "-o", packed, "--features", "--batch", 1)
        self.assertEqual(self.features("--layer", "conv1_1", weights=packed)[:2], self.features("--layer", "conv1_1")[:2])

    # wrong input

    def test_wrong_weights(self):
        missing = self.folder / "missing.safetensors"
        self.bad("predict", PHOTO, "--weights", missing, words=("missing.safetensors",))
        for name, content in (("empty", b""), ("text", b"hello, world"), ("truncated", self.full.read_bytes()[:100000]),
                              ("lying", struct.pack("<Q", 1 << 60) + b"{}")):
            file = self.folder / name
            file.write_bytes(content)
            self.bad("predict", PHOTO, "--weights", file, words=(str(file),))
        self.bad("predict", PHOTO, "--weights", self.weights, words=("fc6", "fc8"), lines=None)  # no classifier
        self.bad("predict", PHOTO, "--weights", PHOTO)

    def test_wrong_images(self):
        content = PHOTO.read_bytes()
        for name, content in (("empty.png", b""), ("text.png", b"hello"), ("truncated.jpg", content[:len(content) // 2])):
            file = self.folder / name
            file.write_bytes(content)
            self.bad("predict", file, "--weights", self.full, words=(name,))
        self.bad("predict", self.folder / "none.png", "--weights", self.full, words=("none.png",))
        self.bad("predict", self.folder, "--weights", self.full)

    def test_wrong_arguments(self):
        output = self.folder / "x.npy"
        for arguments, words in (
                ((), ()),
                (("fly",), ()),
                (("predict",), ("images",)),
                (("predict", PHOTO), ("--weights",)),
                (("predict", PHOTO, "--weights", self.full, "--threads", 0), ("--threads",)),
                (("predict", PHOTO, "--weights", self.full, "--top-k", 0), ("--top-k",)),
                (("predict", PHOTO, "--weights", self.full, "--preprocess", "magic"), ("magic", "torchvision")),
                (("features", PHOTO, "--weights", self.full, "--layer", "conv9_1", "-o", output), ("conv9_1", "conv1_1")),
                (("features", PHOTO, "--weights", self.full, "-o", self.folder / "no" / "x.npy"), ("x.npy",)),
                (("init", "-o", self.folder / "no" / "w.safetensors"), ("w.safetensors",)),
                (("pack", "-o", output), ("--weights",)),
                (("pack", "--weights", self.full), ("--output",)),
                (("pack", "--weights", self.full, "-o", output, "--batch", 3), ("3",)),
                (("bench", "--batch", 3), ("3",)),
                (("bench", "--runs", 0), ("--runs",))):
            with self.subTest(arguments=arguments):
                self.bad(*arguments, words=words)
        self.bad("predict", PHOTO, "--weights", self.weights, program="vgg16-notop", words=("features",))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
