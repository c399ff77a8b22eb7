"""Every header compiles by itself.

    headers_alone.py FOLDER|HEADER COMPILER [FLAG ...]
"""

import pathlib
import subprocess
import sys

folder, *compiler = sys.argv[1:]
path = pathlib.Path(folder)
headers = [path] if path.is_file() else sorted(path.rglob("*.hpp"))
if not path.is_file() and len(headers) < 5:
    sys.exit(f"{folder}: only {len(headers)} headers")
failed = []
for header in headers:
    done = subprocess.run([*compiler, "-fsyntax-only", "-x", "c++", "-"], input=f'#include "{header}"\n',
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        failed.append(f"{header}:\n" + "\n".join(line[:300] for line in done.stdout.splitlines()[:10]))
sys.exit("\n".join(failed) or 0)
