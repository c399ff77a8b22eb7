"""The examples: each is built as its own project, as README says, and does what it is for.

    test_examples.py SOURCE_FOLDER BUILD_FOLDER [CMAKE_OPTION ...]
"""

import pathlib
import re
import struct
import subprocess
import sys
import unittest

SOURCE, BUILD = (pathlib.Path(argument) for argument in sys.argv[1:3])
OPTIONS = sys.argv[3:]
PROGRAMS = pathlib.Path(next(option.split("=", 1)[1] for option in OPTIONS if option.startswith("-DVGGEN_HOST_TOOLS=")))
PICTURES = SOURCE / "examples" / "style_transfer" / "pictures"


def run(*command, code=0):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=900)
    if done.returncode != code:
        raise AssertionError(f"{command[0]} gave {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout + done.stderr


def build(example, *targets):
    folder = BUILD / example
    run("cmake", "-S", SOURCE / "examples" / example, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
        *OPTIONS)
    run("cmake", "--build", folder, "--target", *targets)
    return folder


class Examples(unittest.TestCase):
    def test_classify(self):
        folder = build("classify", "classify", "tiny_net_program")
        weights = folder / "tiny.safetensors"
        run(folder / "tiny-net", "init", "--seed", 1, "-o", weights)
        shares = re.findall(r"class \d: ([\d.]+)", run(folder / "classify", weights, PICTURES / "chelsea.jpg"))
        self.assertEqual(len(shares), 10)
        self.assertAlmostEqual(sum(map(float, shares)), 1, delta=0.01)
        self.assertRegex(run(folder / "classify", weights, folder / "none.png", code=1), "error: .*none.png")

    def test_style_transfer(self):
        # with random weights, which have a style of their own
        weights = BUILD / "notop.safetensors"
        folder = build("style_transfer", "style_transfer")
        run(PROGRAMS / "vgg16-notop", "init", "--seed", 1, "-o", weights)
        out = folder / "styled.png"
        program, photo, style = folder / "style_transfer", PICTURES / "chelsea.jpg", PICTURES / "great_wave.jpg"
        said = run(program, weights, photo, style, out, 10)
        styles = [float(value) for value in re.findall(r"style ([\d.]+)", said)]
        self.assertLess(styles[-1], 0.7 * styles[0], said)
        self.assertEqual(struct.unpack(">II", out.read_bytes()[16:24]), (384, 256))
        self.assertIn("usage", run(program, weights, photo, code=2))
        self.assertRegex(run(program, weights, folder / "none.png", style, out, code=1), "error: .*none.png")
        self.assertRegex(run(program, photo, photo, style, out, code=1), "error: .*chelsea.jpg")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
