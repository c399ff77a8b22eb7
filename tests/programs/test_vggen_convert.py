"""vggen-convert's command line: every format to every other, and one line for each wrong input.

    test_vggen_convert.py PROGRAM DATA        vggen-convert, and tests/data
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM, WEIGHTS = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]) / "weights"


class Convert(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def run_it(self, *arguments):
        return subprocess.run([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def good(self, source, name, *options):
        written = self.folder / name
        done = self.run_it(source, written, *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(name, done.stdout)
        return written

    def bad(self, *arguments, words=()):
        done = self.run_it(*arguments)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_all_formats_are_one(self):
        expected = self.good(WEIGHTS / "tiny.safetensors", "expected.safetensors").read_bytes()
        for name in ("tiny.pth", "tiny_stream.pth", "tiny_keras1.h5", "tiny_keras2_whole.h5", "tiny_keras3_named.weights.h5",
                     "tiny.onnx"):
            for end in (".safetensors", ".h5", ".onnx"):
                with self.subTest(name=name, end=end):
                    there = self.good(WEIGHTS / name, "there" + end)
                    self.assertEqual(self.good(there, "back.safetensors").read_bytes(), expected)

    def test_notes(self):
        written = self.good(WEIGHTS / "tiny.pth", "w.safetensors", "--preprocess", "caffe", "--reverse-channels")
        self.assertIn(b"reverse_channels", written.read_bytes()[:4096])
        done = self.run_it(WEIGHTS / "tiny.pth", self.folder / "x.safetensors")
        self.assertIn("--preprocess", done.stderr)
        labels = self.folder / "labels.txt"
        labels.write_text("a\nb\nc\nd\ne\n")
        self.assertIn(b"labels", self.good(WEIGHTS / "tiny.pth", "l.safetensors", "--labels", labels).read_bytes()[:4096])

    def test_batch_norm_and_top(self):
        done = self.run_it(WEIGHTS / "tiny_bn.pth", self.folder / "a.safetensors")
        self.assertIn("with batch norm", done.stdout)
        done = self.run_it(WEIGHTS / "tiny_bn.pth", self.folder / "b.safetensors", "--fold-batch-norm", "--no-top")
        self.assertNotIn("with batch norm", done.stdout)
        self.assertIn("without a top", done.stdout)

    def test_encoder(self):
        done = self.run_it(WEIGHTS / "tiny_bn.pth", self.folder / "a.safetensors", "--encoder")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("with batch norm, without a top", done.stdout)
        expected = self.good(WEIGHTS / "tiny_bn.pth", "b.safetensors", "--no-top").read_bytes()
        self.assertEqual((self.folder / "a.safetensors").read_bytes(), expected)

    def test_wrong_input(self):
        out = self.folder / "w.safetensors"
        source = WEIGHTS / "tiny.pth"
        self.bad()
        self.bad(source)
        self.bad(self.folder / "none.pth", out, words=("none.pth",))
        self.bad(WEIGHTS / "tiny_module.pth", out, words=("Sequential", "state_dict"))
        self.bad(source, self.folder / "w.txt", words=("w.txt", ".onnx"))
        self.bad(source, self.folder / "w.weights.h5", words=(".h5",))
        self.bad(source, out, "--preprocess", "magic", words=("magic",))
        self.bad(source, out, "--labels", self.folder / "none.txt", words=("none.txt",))
        self.bad(source, out, "--softmax", words=("--softmax",))
        self.bad(source, self.folder / "w.h5", "--preprocess", "caffe", words=("--preprocess",))
        self.bad(source, self.folder / "no" / "w.onnx", words=("w.onnx",))
        self.assertIn("--fold-batch-norm", self.run_it("--help").stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
