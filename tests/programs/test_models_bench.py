"""Runs one benchmark of models-bench once: its report has all counters, and they fit each other.

    test_models_bench.py PROGRAM
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(sys.argv[1]).absolute()
NAME = "vgg16/forward/batch:1/threads:1"
OPERATIONS = 2 * 15_470_264_320  # of VGG16
PARAMETERS = 138_357_544


class ModelsBench(unittest.TestCase):
    def run_program(self, *arguments):
        return subprocess.run([PROGRAM, "--benchmark_min_time=0.001", *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)

    def test_counters(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report.json"
            done = self.run_program(f"--benchmark_filter=^{NAME}/", f"--benchmark_out={path}")
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads(path.read_text())
        self.assertEqual(len(report["benchmarks"]), 1)
        run = report["benchmarks"][0]
        self.assertTrue(run["name"].startswith(NAME), run["name"])
        self.assertEqual(run["time_unit"], "ms")
        seconds = run["real_time"] / 1000
        self.assertAlmostEqual(run["GFLOP/s"] * seconds / (OPERATIONS / 1e9), 1, places=4)
        self.assertAlmostEqual(run["items_per_second"] * seconds, 1, places=4)
        self.assertGreater(run["GB/s"] * seconds, 4 * PARAMETERS / 1e9)
        # shares are of the limits that the report names
        peak, bandwidth = (float(report["context"][f"{what} (1 thread)"]) for what in ("peak GFLOP/s", "read GB/s"))
        self.assertAlmostEqual(run["bandwidth"] / (100 * run["GB/s"] / bandwidth), 1, places=4)
        self.assertGreater(run["peak"], 0)
        self.assertLessEqual(run["peak"], 100.001 * run["GFLOP/s"] / peak)  # no algorithm has more than the plain sums
        for counter in ("GFLOP/s=", "GB/s=", "peak=", "bandwidth="):
            self.assertIn(counter, done.stdout)

    def test_errors(self):
        self.assertEqual(self.run_program("--benchmark_filter=no such").returncode, 1)
        done = self.run_program("--benchmark_out=report.csv", "--benchmark_out_format=csv")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Aerror: .*csv.*\n\Z")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
