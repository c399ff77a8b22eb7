"""vggen-compile: the cache, and one line for each wrong input.

    test_vggen_compile.py VGGEN_COMPILE
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TOOL = sys.argv[1]
CONV = "conv3x3.forward n1 6x6 c4 k32 bias+relu+max-pool f32"
SPLIT = ["conv3x3.forward n1 6x6 c4 k32 bias+relu f32", "max_pool.forward n1 6x6 c32 f32"]
SOFTMAX = "softmax.forward n1 1x1 c10 f32"
CONNECTED = "fully_connected.forward n1 1x1 c64 k40 bias+relu f32"
LARGE = "conv3x3.forward n1 16x16 c32 k32 bias+relu f32"


class Compiler(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.description = {"name": "tiny", "header": "tiny.hpp", "network": "tiny", "batches": [1],
                            "groups": [{"fused": CONV, "split": SPLIT}, {"fused": SOFTMAX, "split": []}]}

    def tearDown(self):
        self.temporary.cleanup()

    def run_tool(self, entries=None, options=(), **files):
        (self.folder / "tiny.json").write_text(files.get("description", json.dumps(self.description)))
        arguments = [TOOL, self.folder / "tiny.json", "--header", self.folder / files.get("header", "tiny.hpp"),
                     "--library", self.folder / "libtiny.a", "--cache", self.folder / "cache", *options]
        if entries is not None:
            text = entries if isinstance(entries, str) else json.dumps({"kernels": entries})
            (self.folder / "schedules.json").write_text(text)
            arguments += ["--schedules", self.folder / "schedules.json"]
        return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def compiled(self, *arguments, **options):
        done = self.run_tool(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        number = re.search(r"(\d+) of \d+ functions to compile", done.stdout)
        kernels = re.findall(r"^\[\d+/\d+\] (.+)  [\d.]+ s$", done.stdout, re.MULTILINE)
        self.assertEqual(len(kernels), int(number.group(1)), done.stdout)
        return kernels

    def bad(self, *arguments, words=(), **options):
        done = self.run_tool(*arguments, **options)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def header(self):
        return (self.folder / "tiny.hpp").read_text()

    def test_cache(self):
        self.assertEqual(sorted(self.compiled()), sorted([CONV, "packing of " + CONV, SOFTMAX]))
        first = self.header()
        time = (self.folder / "tiny.hpp").stat().st_mtime_ns
        self.assertEqual(self.compiled(), [])
        self.assertEqual((self.folder / "tiny.hpp").stat().st_mtime_ns, time)  # untouched: nothing is built again
        # one entry, one kernel; the panel stays, so the packing does
        entry = {"kernel": CONV, "schedule": "direct", "parameters": {"pixels": 1, "panel_vectors": 2}}
        other = {"kernel": CONV, "schedule": "direct", "parameters": {"pixels": 2, "panel_vectors": 2}}
        self.compiled([entry])
        self.assertEqual(self.compiled([other]), [CONV])
        self.assertIn("pixels=2", self.header())
        # back again: all is there
        self.assertEqual(self.compiled([entry]), [])
        self.assertEqual(self.compiled(), [])
        self.assertEqual(self.header(), first)

    def test_half_written_files_are_no_kernels(self):
        (self.folder / "cache").mkdir()
        self.compiled(options=["--jobs", "1"])
        first = self.header()
        for file in (self.folder / "cache").glob("*.o"):
            file.rename(file.with_name(file.stem + ".partial.1.o"))
        self.assertEqual(len(self.compiled(options=["--jobs", "2"])), 3)
        self.assertEqual(re.sub(r"object_bytes = \d+", "", self.header()), re.sub(r"object_bytes = \d+", "", first))

    def test_split(self):
        kernels = self.compiled([{"kernel": CONV, "schedule": "split"}])
        self.assertEqual(sorted(kernels), sorted([*SPLIT, "packing of " + SPLIT[0], SOFTMAX]))
        self.assertNotIn(CONV, self.header())
        self.compiled(options=["--all-forms"])
        for kernel in (CONV, *SPLIT):
            self.assertIn(kernel, self.header())

    def test_other_targets(self):
        for target in ("avx2", "avx512", "sse41", "neon"):
            self.assertEqual(len(self.compiled(options=["--target", target])), 3)

    def test_accuracy(self):
        self.description["groups"] = [{"fused": LARGE, "split": []}]
        self.compiled()
        self.assertIn('"winograd ', self.header())
        error = float(re.search(r"\.error = (\S+),", self.header()).group(1))
        self.compiled(options=["--accuracy", "exact"])
        self.assertIn('"direct ', self.header())
        self.assertLess(float(re.search(r"\.error = (\S+),", self.header()).group(1)), error)
        # a schedule file does not change that
        entry = {"kernel": LARGE, "schedule": "winograd", "parameters": {"tile": 2}}
        done = self.run_tool([entry], options=["--accuracy", "exact"])
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("note: ", "schedules.json: entry 1", LARGE, "winograd is not exact", "direct"):
            self.assertIn(word, done.stdout)
        self.assertIn('"direct ', self.header())
        self.compiled([entry], options=["--accuracy", "fast"])
        self.assertIn("tile=2", self.header())

    def test_schedules_on_request(self):
        self.description["groups"] = [{"fused": CONNECTED, "split": []}]
        entry = {"kernel": CONNECTED, "schedule": "rows_bf16"}
        self.assertEqual(self.compiled(), [CONNECTED])  # used where the file has them
        self.assertIn('"rows ', self.header())
        self.assertEqual(sorted(self.compiled([entry])), sorted([CONNECTED, "packing of " + CONNECTED]))
        self.assertIn('"rows_bf16 ', self.header())
        self.assertIn(".packed_size = ", self.header())
        # not what rounds so much where it must be exact, nor because of what was measured
        done = self.run_tool([entry], options=["--accuracy", "exact"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("rows_bf16 is not exact; rows is taken", done.stdout)
        tuned = self.folder / "tuned"
        tuned.mkdir()
        (tuned / "x86-64-avx2.json").write_text(json.dumps({"kernels": [{**entry, "measured": {"cpu": "x"}}]}))
        done = self.run_tool(options=["--tuned", tuned, "--target", "avx2"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("is left out: schedule 'rows_bf16' is taken only where", done.stdout)
        self.assertIn('"rows ', self.header())

    def test_tuned_for_several_processors(self):
        self.description["groups"] = [{"fused": CONV, "split": []}, {"fused": LARGE, "split": []}]
        tuned = self.folder / "tuned"
        tuned.mkdir()

        def write(name, pixels, kernels):
            entries = [{"kernel": kernel, "schedule": "direct", "parameters": {"pixels": pixels},
                        "measured": {"cpu": name}} for kernel in kernels]
            (tuned / f"x86-64-{name}.json").write_text(json.dumps({"kernels": entries}))

        def chosen(target):
            done = self.run_tool(options=["--tuned", tuned, "--target", target])
            self.assertEqual(done.returncode, 0, done.stderr)
            kernels = re.findall(r"pixels=(\d+)", self.header())
            return kernels, re.search('tuned_for = "(.*)"', self.header()).group(1)

        write("avx512-zen4", 3, [CONV, LARGE])
        write("avx512-sapphirerapids", 2, [LARGE])
        write("avx2", 1, [CONV, LARGE])
        any_avx512 = "x86-64-linux-avx-avx2-avx512-avx512_skylake-f16c-fma-sse41"
        # its own, then those of other processors by name, none of another vector unit
        self.assertEqual(chosen(any_avx512 + "-avx512_cannonlake-avx512_sapphirerapids"),
                         (["3", "2"], "avx512-sapphirerapids, avx512-zen4"))
        self.assertEqual(chosen(any_avx512 + "-avx512_cannonlake-avx512_zen4"), (["3", "3"], "avx512-zen4"))
        self.assertEqual(chosen(any_avx512), (["3", "2"], "avx512-sapphirerapids, avx512-zen4"))
        self.assertEqual(chosen("avx2"), (["1", "1"], "avx2"))
        self.assertEqual(chosen("x86-64-linux")[1], "")

    def test_wrong_entries(self):
        for entry, words in (
                ({"kernel": CONV, "schedule": "magic"}, ("magic", "direct", "entry 1", CONV)),
                ({"kernel": CONV, "schedule": "direct", "parameters": {"speed": 9}}, ("speed", "entry 1")),
                ({"kernel": CONV, "schedule": "direct", "parameters": {"pixels": 0}}, ("pixels", "0", "from 1")),
                ({"kernel": CONV, "schedule": "direct", "parameters": {"pixels": "many"}}, ("entry 1",)),
                ({"kernel": "conv9", "schedule": "direct"}, ("conv9", "entry 1")),
                ({"kernel": SOFTMAX, "schedule": "split"}, ("split", SOFTMAX)),
                ({"kernel": CONV, "schedule": "direct", "note": 1}, ("note",)),
                ({"kernel": CONV}, ("schedule",)),
                ({"schedule": "direct"}, ("kernel",))):
            with self.subTest(entry=entry):
                self.bad([entry], words=("schedules.json", *words))
        self.bad('{"kernels": [', words=("schedules.json",))
        self.bad("[]", words=("schedules.json", "kernels"))

    def test_wrong_arguments(self):
        self.bad(options=["--target", "z80"], words=("z80", "avx512"))
        self.bad(description="{}", words=("tiny.json",))
        done = self.run_tool(options=["--tuned", self.folder / "missing"])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("missing", done.stderr)
        done = self.run_tool(options=["--accuracy", "roughly"])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--accuracy", done.stderr)
        self.bad(description=json.dumps({**self.description, "groups": [{"fused": "conv", "split": []}]}), words=("conv",))
        self.bad(header="no/tiny.hpp", words=("no/tiny.hpp",))
        done = subprocess.run([TOOL], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--help", done.stderr)
        self.assertIn("--schedules", subprocess.run([TOOL, "--help"], stdout=subprocess.PIPE, text=True).stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
