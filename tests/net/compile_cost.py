"""A file that includes a whole model needs under 2 GB and under 30 s of the C++ compiler.

    compile_cost.py FILE COMPILER [FLAG ...]

The time is processor time, and three times what it is allowed would still be a slow machine's: only the memory is
checked, the time is printed.
"""

import resource
import subprocess
import sys

file, *compiler = sys.argv[1:]
subprocess.run([*compiler, "-O2", "-c", file, "-o", "/dev/null"], check=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
megabytes = usage.ru_maxrss / 1024
print(f"{usage.ru_utime + usage.ru_stime:.1f} s of processor time, {megabytes:.0f} MB")
sys.exit(0 if megabytes < 2000 else "more than 2 GB")
