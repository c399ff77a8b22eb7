"""What tests of programs from outside share: how they are run, what a wrong input gives, and reading what they write."""

import pathlib
import struct
import subprocess
import tempfile
import unittest
import zlib


def run(*arguments, program, **options):
    return subprocess.run([program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          **options)


class ProgramTest(unittest.TestCase):
    """Tests of `program`, with a folder of their own."""

    program = None

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def good(self, *arguments, **options):
        """What it prints."""
        done = run(*arguments, **{"program": self.program, **options})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def bad(self, *arguments, words=(), lines=1, **options):
        """What it says on standard error, beside progress: so many lines (None: any number), with these words."""
        done = run(*arguments, **{"program": self.program, **options})
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        said = [line for line in done.stderr.splitlines() if not line.startswith(("epoch ", "reading "))]
        self.assertTrue(said[0].startswith("error: "), done.stderr)
        if lines is not None:
            self.assertEqual(len(said), lines, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done.stderr


def read_npy(path):
    """The array's extents and its values."""
    content = path.read_bytes()
    assert content[:6] == b"\x93NUMPY"
    length = struct.unpack("<H", content[8:10])[0]
    header = eval(content[10:10 + length])  # a literal, as the format has it
    assert header["descr"] == "<f4" and not header["fortran_order"]
    values = struct.unpack(f"<{(len(content) - 10 - length) // 4}f", content[10 + length:])
    return header["shape"], values


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
