"""Compiles a wrong network and looks for the message that a user needs.

    compile_wrong.py FILE COMPILER [FLAG ...]

FILE begins with comments. Compilation must fail, and what they say must be found in what the compiler prints:

    // expect: <regular expression>            the first one in an error of its own
    // names: <index>, <layer>, <shape>        the layer whose rule is broken, as the type layer_at<...> beside it

A file that begins with `// expect success` must compile.
"""

import re
import subprocess
import sys


def layer_named(index, layer, shape):
    """The instantiation that fails, as GCC writes it (of a constructor or of a class) or clang. The whole network's
    type is in the trace as well, with every layer and shape, so that looking for these alone would prove nothing."""
    return (r"[Ii]n instantiation of [^<\n]*vggen::layer_at<"
            r"(Index, Layer, Got, Previous>::layer_at\(\) \[with int Index = )?"
            rf"{index}[;,] (Layer = )?vggen::layers::{re.escape(layer)}[;,] (vggen::shape Got = )?(vggen::)?"
            rf"shape\{{{re.escape(shape)}[,}}]")


file, *compiler = sys.argv[1:]
with open(file) as stream:
    text = stream.read()
patterns = re.findall(r"^// expect: (.+)$", text, re.MULTILINE)
success = text.startswith("// expect success")
if success == bool(patterns):
    sys.exit(f"{file}: needs '// expect: …' lines, or '// expect success'")
# a layer's own arguments have commas, too: the index is before the first, the shape is the last three numbers
places = re.findall(r"^// names: (\d+), (.+), (\d+, \d+, \d+)$", text, re.MULTILINE)
if len(places) != text.count("// names:"):
    sys.exit(f"{file}: '// names: …' needs an index, a layer and a shape of three numbers")

done = subprocess.run([*compiler, "-fsyntax-only", file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
shown = "\n".join(line[:300] for line in done.stdout.splitlines()[:30])
if success:
    sys.exit(0 if done.returncode == 0 else f"{file} does not compile:\n{shown}")
if done.returncode == 0:
    sys.exit(f"{file} compiles")
missing = [wanted for wanted in patterns if not re.search(wanted, done.stdout)]
missing += [f"the layer {', '.join(place)}" for place in places if not re.search(layer_named(*place), done.stdout)]
if missing:
    sys.exit(f"{file}: these are not in the compiler's message: {missing}\n{shown}")
first = next((line for line in done.stdout.splitlines() if "error" in line), "")
if not any(re.search(patterns[0], line) for line in done.stdout.splitlines() if "error" in line):
    sys.exit(f"{file}: the message is not an error of its own; the first error is {first[:300]}")
