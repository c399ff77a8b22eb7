"""A schedule that lies outside of vggen's source tree is added through CMake for one layer of VGG16.

    test_schedule_swap.py SOURCE CMAKE CACHE

Exactly one kernel is compiled for it, all others come from the cache, and the network computes the same.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

source, cmake, cache = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
here = pathlib.Path(__file__).parent
layer = "conv3x3.forward n1 56x56 c128 k256 bias+relu out-halo f32"  # conv3_1, and no other layer

PROJECT = """
cmake_minimum_required(VERSION 3.28)
project(user LANGUAGES C CXX)
add_subdirectory("{source}" vggen)
vggen_add_schedule(outside FAMILY conv SOURCE outside.cpp)
vggen_add_model(vgg16 HEADER vggen/net/zoo.hpp NETWORK vggen::vgg16 SCHEDULES "${{CMAKE_CURRENT_SOURCE_DIR}}/swap.json")
add_executable(logits logits.cpp)
target_link_libraries(logits PRIVATE vgg16)
"""


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-3000:]}")
    return done.stdout


def build(folder):
    """Builds the user's project; returns the kernels that were compiled."""
    output = run(cmake, "--build", folder / "build", "--target", "logits")
    compiled = [line.split("] ", 1)[1].rsplit("  ", 1)[0] for line in output.splitlines()
                if re.match(r"\[\d+/\d+\] (packing of )?[a-z0-9_]+\.forward n1 ", line)
                or re.match(r"\[\d+/\d+\] packing of ", line)]
    assert "functions to compile" in output, output[-2000:]
    return [kernel for kernel in compiled if not kernel.startswith("packing of ")]


def logits(folder):
    return [float(line) for line in run(folder / "build" / "logits").split()]


def choose(folder, entries):
    (folder / "swap.json").write_text(json.dumps({"kernels": entries}))


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    for file in ("outside.cpp", "logits.cpp"):
        shutil.copy(here / file, folder)
    (folder / "CMakeLists.txt").write_text(PROJECT.format(source=source))
    choose(folder, [])
    own_cache = folder / "cache"
    if cache.is_dir():
        shutil.copytree(cache, own_cache)
    run(cmake, "-S", folder, "-B", folder / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
        f"-DVGGEN_CACHE_DIR={own_cache}")
    build(folder)
    before = logits(folder)

    choose(folder, [{"kernel": layer, "schedule": "outside"}])
    compiled = build(folder)
    assert compiled == [layer], f"compiled: {compiled}"
    after = logits(folder)
    error = max(abs(a - b) for a, b in zip(before, after)) / max(map(abs, before))
    header = (folder / "build" / "vgg16" / "include" / "compiled" / "vgg16.hpp").read_text()
    assert header.count('.schedule = "outside lanes=8"') == 1, "the header does not name the schedule"
    assert error < 1e-4, f"relative error {error}"

    choose(folder, [{"kernel": layer, "schedule": "outside", "parameters": {"lanes": 16}}])
    compiled = build(folder)
    assert compiled == [layer], f"compiled: {compiled}"
    print(f"one kernel compiled for each change; relative difference of the logits {error:.1e}")
