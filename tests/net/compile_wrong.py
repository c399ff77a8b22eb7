"""Compiles a wrong network and looks for the message that a user needs.

    compile_wrong.py FILE COMPILER [FLAG ...]

FILE begins with comments `// expect: <regular expression>`. Compilation must fail, and every expression must be
found in what the compiler prints. A file that begins with `// expect success` must compile.
"""

import re
import subprocess
import sys

file, *compiler = sys.argv[1:]
with open(file) as stream:
    text = stream.read()
patterns = re.findall(r"^// expect: (.+)$", text, re.MULTILINE)
success = text.startswith("// expect success")
if success == bool(patterns):
    sys.exit(f"{file}: needs '// expect: …' lines, or '// expect success'")

done = subprocess.run([*compiler, "-fsyntax-only", file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
shown = "\n".join(line[:300] for line in done.stdout.splitlines()[:30])
if success:
    sys.exit(0 if done.returncode == 0 else f"{file} does not compile:\n{shown}")
if done.returncode == 0:
    sys.exit(f"{file} compiles")
missing = [pattern for pattern in patterns if not re.search(pattern, done.stdout)]
if missing:
    sys.exit(f"{file}: these are not in the compiler's message: {missing}\n{shown}")
first = next((line for line in done.stdout.splitlines() if "error" in line), "")
if not any(re.search(patterns[0], line) for line in done.stdout.splitlines() if "error" in line):
    sys.exit(f"{file}: the message is not an error of its own; the first error is {first[:300]}")
