"""A peer in a process of its own, which does nothing until it is told to.

    worker.py NAME FILES MODEL BATCH THREADS [--default-precision]

It answers each line on standard input with a line of JSON: `run N` with the times of N runs, `logits` with the logits,
`memory` with the peak memory. Its first line comes unasked, after the first result.
"""

import argparse
import importlib
import json
import os
import pathlib
import sys
import time


def peak_bytes() -> int:
    """The most memory that this process has had."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmHWM in /proc/self/status")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("files", type=pathlib.Path)
    parser.add_argument("model")
    parser.add_argument("batch", type=int)
    parser.add_argument("threads", type=int)
    parser.add_argument("--default-precision", action="store_true")
    options = parser.parse_args()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # some peers print, from C++ too

    import runners  # with numpy, which is no part of any peer

    before = peak_bytes()
    importlib.import_module(runners.MODULES[options.name])
    started = time.monotonic()
    runner = runners.PEERS[options.name](runners.Setup(options.files, options.model, options.batch, options.threads,
                                                       options.default_precision))
    logits = runner.run()

    def answer(**facts) -> None:
        print(json.dumps(facts), file=answers, flush=True)

    answer(version=runner.version, settings=runner.settings, first_result_ms=1000 * (time.monotonic() - started))
    for line in sys.stdin:
        match line.split():
            case ["run", count]:
                runner.run()  # wakes its threads and fills the caches
                times = []
                for _ in range(int(count)):
                    start = time.perf_counter()
                    runner.run()
                    times.append(1000 * (time.perf_counter() - start))
                answer(ms=times)
            case ["logits"]:
                answer(logits=logits.tolist())
            case ["memory"]:
                answer(peak_bytes=peak_bytes() - before)


if __name__ == "__main__":
    main()
