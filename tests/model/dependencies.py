"""A program links neither Halide's compiler nor LLVM nor Boost, and core is free of exceptions.

    dependencies.py PROGRAM CORE_LIBRARY
"""

import re
import subprocess
import sys

program, core = sys.argv[1:]
ALLOWED = {"linux-vdso", "ld-linux-x86-64", "ld-linux-aarch64", "libc", "libm", "libdl", "libpthread", "libstdc++",
           "libgcc_s", "libpng16", "libz", "libjpeg"}


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


failures = []
libraries = {re.split(r"[.]so|/", line.split()[0].rsplit("/", 1)[-1])[0] for line in output("ldd", program).splitlines()}
if not {"libc", "libstdc++"} <= libraries:
    failures.append(f"ldd's output is not understood: {libraries}")
if libraries - ALLOWED:
    failures.append(f"{program} needs {sorted(libraries - ALLOWED)}")

symbols = output("nm", "-C", program)
if "halide_do_par_for" not in symbols:
    failures.append(f"nm's output is not understood: {program} has no Halide runtime")
for name in (r"\bHalide::(?!Runtime\b)", r"\bllvm::", r"\bboost::(?!hana\b)"):
    found = re.search(name + ".*", symbols)
    if found:
        failures.append(f"{program} has {found.group()}")

undefined = output("nm", "-u", core)
if "pthread_create" not in undefined:
    failures.append(f"nm's output is not understood: {core} starts no threads")
for name in ("__cxa_throw", "__cxa_begin_catch", "__gxx_personality", "_ZTI"):
    if name in undefined:
        failures.append(f"{core} uses {name}: it is built with exceptions or run-time types")

sys.exit("\n".join(failures) or 0)
