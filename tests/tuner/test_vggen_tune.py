"""vggen-tune: what it writes, what it never chooses, how it goes on after an interruption.

    test_vggen_tune.py TUNE FAULTY_TUNE COMPILE MACHINE TIMER CORE HALIDE_RUNTIME
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

TUNE, FAULTY_TUNE, COMPILE, MACHINE, *LINK = sys.argv[1:]
KERNELS = ["conv3x3.forward n1 9x7 c16 k32 bias+relu out-halo f32", "conv3x3.backward-weights n2 6x6 c16 k16 bias f32",
           "fully_connected.forward n1 1x1 c64 k40 bias+relu f32"]
SOFTMAX = "softmax.forward n1 1x1 c10 f32"

# Runs what it is told to, but for the measurements that FAULTS names by their number: hang, crash, lie, mumble, nan.
RUNNER = """#!/usr/bin/env python3
import json, os, pathlib, signal, subprocess, sys, time
if "vggen-machine" in sys.argv[1]:
    print(json.dumps({"cpu": "a board", "threads": 1, "gflops": 1.0}))
    sys.exit()
counter = pathlib.Path(os.environ["COUNTER"])
number = int(counter.read_text()) + 1 if counter.exists() else 1
counter.write_text(str(number))
fault = json.loads(os.environ["FAULTS"]).get(str(number))
if fault == "hang":
    time.sleep(1000)
if fault == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
if fault == "mumble":
    print("what?")
    sys.exit()
answer = json.loads(subprocess.run(sys.argv[1:], check=True, stdout=subprocess.PIPE).stdout)
if fault == "lie":
    answer["error"] = 0.5
if fault == "nan":
    answer["finite"] = False
if fault == "elsewhere":
    answer["projection"] = answer["norm"] * 2
print(json.dumps(answer | {"ms": 1e-9 if fault else answer["ms"]}))  # tempting
"""


class Tuner(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.database = self.folder / "tuned.json"
        self.describe(KERNELS + [SOFTMAX])

    def tearDown(self):
        self.temporary.cleanup()

    def describe(self, kernels):
        groups = [{"fused": kernel, "split": []} for kernel in kernels]
        (self.folder / "tiny.json").write_text(json.dumps({"name": "tiny", "header": "", "network": "", "batches": [],
                                                           "groups": groups}))

    def command(self, *options, tool=TUNE):
        links = [word for file in LINK for word in ("--link", file)]
        return [tool, self.folder / "tiny.json", "--output", self.database, "--cache", self.folder / "cache", "--machine",
                MACHINE, "--threads", "1", "--candidates", "2", "--generations", "1", "--rounds", "2", "--seconds", "0.01", *links, *options]

    def run_tool(self, *options, tool=TUNE, environment=None):
        return subprocess.run(self.command(*options, tool=tool), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=os.environ | (environment or {}))

    def good(self, *options, **more):
        done = self.run_tool(*options, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def bad(self, *options, words=()):
        done = self.run_tool(*options)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def entries(self):
        return {entry["kernel"]: entry for entry in json.loads(self.database.read_text())["kernels"]}

    def test_what_is_written(self):
        done = self.good()
        self.assertEqual(sorted(self.entries()), sorted(KERNELS))  # a softmax has nothing to choose
        self.assertNotIn("rows_bf16", done.stdout + done.stderr)  # not even tried: it is taken on request only
        for kernel, entry in self.entries().items():
            measured = entry["measured"]
            self.assertEqual(measured["threads"], 1)
            self.assertGreater(measured["ms"], 0)
            self.assertLessEqual(measured["ms"], measured["default_ms"])
            self.assertGreater(measured["gflops"], 0)
            self.assertGreater(measured["share_of_peak"], 0)
            self.assertGreater(measured["error"], 0)
            self.assertLess(measured["error"], 1e-4)
            self.assertTrue(measured["cpu"])
            self.assertIn(kernel, done.stdout)
        self.assertIn("before", done.stdout)
        self.assertIn("together", done.stdout)
        self.assertFalse((self.folder / "cache" / "tuning").exists())
        self.assertIn("nothing to tune", self.good().stderr)  # all done
        self.assertIn("1 kernels to tune", self.good("--again", "--only", "fully").stderr)

        # vggen-compile takes them, unless a schedule file says something else
        tuned = self.folder / "tuned"
        tuned.mkdir()
        self.database.rename(tuned / "x86-64-avx2.json")
        compiled = [COMPILE, self.folder / "tiny.json", "--header", self.folder / "tiny.hpp", "--library",
                    self.folder / "libtiny.a", "--cache", self.folder / "cache", "--target", "avx2", "--tuned", tuned]
        subprocess.run(compiled, check=True, stdout=subprocess.DEVNULL)
        header = (self.folder / "tiny.hpp").read_text()
        entry = json.loads((tuned / "x86-64-avx2.json").read_text())["kernels"][-1]
        words = " ".join([entry["schedule"], *(f"{name}={value}" for name, value in sorted(entry["parameters"].items()))])
        self.assertIn(words, header)
        self.assertIn(f'tuned_for = "{entry["measured"]["cpu"]}"', header)
        chosen = self.folder / "chosen.json"
        chosen.write_text(json.dumps({"kernels": [{"kernel": KERNELS[2], "schedule": "rows", "parameters": {"rows": 5}}]}))
        subprocess.run([*compiled, "--schedules", chosen], check=True, stdout=subprocess.DEVNULL)
        self.assertIn("rows=5", (self.folder / "tiny.hpp").read_text())

        # entries that do not fit are told of and left out
        broken = {"kernels": [{"kernel": KERNELS[2], "schedule": "rows", "parameters": {"rows": 1000}, "measured": {"cpu": "x"}},
                              {"kernel": "conv9x9", "schedule": "rows", "measured": {"cpu": "x"}},
                              {"kernel": KERNELS[0], "schedule": "gone", "measured": {"cpu": "x"}},
                              {"schedule": "rows"}]}
        (tuned / "x86-64-avx2.json").write_text(json.dumps(broken))
        done = subprocess.run(compiled, check=True, stdout=subprocess.PIPE, text=True)
        self.assertEqual(done.stdout.count("is left out"), 4, done.stdout)
        for words in ("rows", "1000", "conv9x9", "gone"):
            self.assertIn(words, done.stdout)
        (tuned / "x86-64-avx2.json").write_text("[]")
        done = subprocess.run(compiled, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("x86-64-avx2.json", done.stderr)

    def test_autoschedulers_are_tried(self):
        self.describe([KERNELS[0], KERNELS[2]])
        tried = [line for line in self.good("--verbose").stderr.splitlines() if line.startswith("note: tried: ")]
        for words in ("adams beam_size=8 parallelism=16", "li parallelism=1",
                      "mullapudi balance=40 last_level_cache_size=16777216 parallelism=16"):
            self.assertEqual(sum(line.endswith(" s, " + words) for line in tried), 2, tried)

    def test_an_autoscheduler_that_takes_too_long(self):
        entries = self.folder / "compared.json"
        schedule = {"schedule": "adams", "parameters": {"beam_size": 256}}  # minutes
        entries.write_text(json.dumps({"kernels": [{"kernel": "conv.forward n1 8x9 c512 k256 f7x7 bias+relu f32"} | schedule]}))
        done = self.good("--compare", entries, "--compile-limit", "2")
        self.assertIn("failed: adams beam_size=256 parallelism=16: took longer than 2 s and was stopped", done.stdout)

    def test_faulty_schedules_are_skipped(self):
        self.describe(KERNELS[:1])
        done = self.good("--compile-limit", "5", tool=FAULTY_TUNE)
        for words in ("hangs: took longer than 5 s", "crashes: its compiler died", "refuses: this schedule is for nothing"):
            self.assertIn(words, done.stderr)
        self.assertIn(self.entries()[KERNELS[0]]["schedule"], ("direct", "winograd"))

    def test_faulty_runs_are_skipped(self):
        self.describe(KERNELS[:1])
        runner = self.folder / "runner.py"
        runner.write_text(RUNNER)
        runner.chmod(0o755)
        faults = {"2": "hang", "3": "crash", "4": "lie", "5": "mumble", "6": "nan", "7": "elsewhere"}
        environment = {"COUNTER": str(self.folder / "counter"), "FAULTS": json.dumps(faults)}
        done = self.good("--runner", str(runner), "--run-limit", "5", environment=environment)
        for words in ("took longer than 5 s", "it died: Segmentation fault", "5.0e-01 from double precision",
                      "its answer is not what was expected: 'what?", "what is no number", "its output as a whole"):
            self.assertIn(words, done.stderr)
        entry = self.entries()[KERNELS[0]]
        self.assertEqual(entry["measured"]["cpu"], "a board")
        self.assertGreater(entry["measured"]["ms"], 1e-6)

    def test_interrupted_and_resumed(self):
        process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            if line.startswith("[1/3]"):
                break
        process.send_signal(signal.SIGINT)
        process.stderr.close()
        self.assertEqual(process.wait(20), -signal.SIGINT)
        self.assertEqual(len(self.entries()), 1)
        first = self.database.read_text()
        self.assertIn("2 kernels to tune", self.good().stderr)
        self.assertEqual(len(self.entries()), 3)
        kept = json.loads(first)["kernels"][0]
        self.assertEqual(self.entries()[kept["kernel"]], kept)

    def test_wrong_arguments(self):
        self.bad("--only", "(", words=["--only", "regular expression"])
        self.bad("--target", "abacus", words=["abacus"])
        self.database.write_text("not JSON")
        self.bad(words=[str(self.database)])
        self.database.unlink()
        (self.folder / "tiny.json").write_text("{}")
        self.bad(words=["tiny.json"])

    def test_a_linker_that_is_missing(self):
        done = self.good("--linker", "no-such-linker", "--only", "fully")
        self.assertIn("cannot start no-such-linker", done.stderr)
        self.assertIn("is left out", done.stderr)
        self.assertFalse(self.database.exists())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
