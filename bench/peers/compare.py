"""Measures vggen and its peers on this machine, by turns. Run it by run.sh, which makes what it needs.

    bench/peers/run.sh [--quick] [--only NAME,...] [--rounds N] [--models …] [--parts inference,convolutions,cold,training]
"""

import argparse
import datetime
import itertools
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import numpy as np

import networks
import report
import rounds
from runners import PEERS
from trainer_worker import TRAININGS

HERE = pathlib.Path(__file__).parent
TOLERANCE = 1e-3  # of logits in float32, relative to the largest: MNN's Winograd is the worst, 2e-4 away
PARTS = ("inference", "convolutions", "cold", "training")
CONVOLUTIONS = "vgg16" + networks.NO_TOP
DEFAULT_PRECISION = ("ncnn", "openvino", "mnn")  # those that compute in less than float32 where they choose
OWN_WEIGHTS = {"vggen": networks.weights_file, "vggen-packed": networks.packed_weights_file}  # for the cold start
BF16_PROGRAMS = {"vgg16": "vgg16-bf16"}  # vggen's own, with the fully connected layers' weights in bfloat16


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def middle(answer: dict) -> float:
    return answer["median_ms"] if "median_ms" in answer else statistics.median(answer["ms"])


def relative_error(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max()) if found.shape == expected.shape else np.inf


class Comparison:
    def __init__(self, options: argparse.Namespace):
        self.options, self.files, self.bin = options, options.files, options.bin
        self.results = {"date": datetime.date.today().isoformat(), "machine": machine(), "rounds": options.rounds,
                        "runs": options.runs, "versions": {}, "settings": {}, "failed": [], "inference": [],
                        "default_precision": [], "convolutions": [], "cold": [], "training": []}

    def fail(self, what: str, why: str) -> None:
        say(f"error: {what}: {why}")
        self.results["failed"].append({"what": what, "why": why})

    def peer(self, name: str, model: str, batch: int, threads: int, *more: str) -> rounds.Contender:
        return rounds.Contender(name, [sys.executable, HERE / "worker.py", name, self.files, model, batch, threads, *more],
                                lambda runs: f"run {runs}")

    def vggen(self, name: str, program: str, model: str, batch: int, threads: int) -> rounds.Contender:
        runs = self.runs_of(batch)
        command = [self.bin / program, "bench", "--on-request", "--runs", runs, "--batch", batch, "--threads", threads,
                   "--weights", networks.weights_file(self.files, model)]
        contender = rounds.Contender(name, command, lambda _: "go")
        contender.times(runs)  # does not count: what it loads and packs is not done in others' turns
        return contender

    def runs_of(self, batch: int) -> int:
        """Of a turn: of a large batch fewer, which take longer."""
        return max(min(3, self.options.runs), self.options.runs // batch)

    def vggen_logits(self, program: str, model: str, batch: int, threads: int) -> np.ndarray:
        common = ["--preprocess", "torchvision", "--threads", str(threads), "--weights",
                  networks.weights_file(self.files, model), *networks.picture_files(self.files)[:batch]]
        if model.endswith(networks.NO_TOP):
            written = self.files / f"{model}.npy"
            subprocess.run([self.bin / program, "features", "--layer", "pool5", "-o", written, *common], check=True,
                           stdout=subprocess.DEVNULL)
            return np.load(written)
        command = [self.bin / program, "predict", "--json", *common]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return np.array([image["logits"] for image in json.loads(done.stdout)])

    def start(self, names: list[str], model: str, batch: int, threads: int, tolerance: float, *more: str) -> list:
        """Those of the peers that start and compute what vggen computes."""
        expected = self.vggen_logits(model, model, batch, threads)
        started = []
        for name in names:
            contender = self.peer(name, model, batch, threads, *more)
            try:
                facts = contender.answer()
                error = relative_error(np.array(contender.request("logits")["logits"]), expected)
                if not error <= tolerance:
                    raise rounds.Failure(f"its logits are {error:.1e} away")
            except rounds.Failure as failure:
                self.fail(f"{name}, {model}, batch {batch}, {threads} threads", str(failure))
                contender.close()
                continue
            self.results["versions"][name] = facts["version"]
            self.results["settings"][" ".join([name, *more])] = facts["settings"]
            started.append((contender, error))
        return started

    def vggen_bf16(self, model: str, batch: int, threads: int) -> tuple:
        program = BF16_PROGRAMS[model]
        error = relative_error(self.vggen_logits(program, model, batch, threads),
                               self.vggen_logits(model, model, batch, threads))
        return self.vggen("vggen-bf16", program, model, batch, threads), error

    def inference(self, model: str, batch: int, threads: int, names: list[str], key: str, tolerance: float, *more: str) -> None:
        what = f"{model}, batch {batch}, {threads} thread{'s' if threads > 1 else ''}"
        say(f"{what}{' ' + ' '.join(more) if more else ''}: loading")
        started = self.start(names, model, batch, threads, tolerance, *more)
        if key == "default_precision" and model in BF16_PROGRAMS:
            started.append(self.vggen_bf16(model, batch, threads))
        contenders = [self.vggen("vggen", model, model, batch, threads), *(c for c, _ in started)]
        outcomes, failed = rounds.measure(contenders, self.options.rounds, self.runs_of(batch), middle,
                                          lambda text: say(f"{what}: {text}"))
        for contender in contenders:
            contender.close()
        for name, why in failed.items():
            self.fail(f"{name}, {what}", why)
        if "vggen" not in outcomes:
            return
        errors = {c.name: error for c, error in started}
        case = {"model": model, "batch": batch, "threads": threads, "results": {}}
        for name, outcome in outcomes.items():
            case["results"][name] = {
                "median_ms": statistics.median(outcome.medians), "rounds_ms": outcome.medians,
                "vggen_ratio": rounds.ratio(outcomes["vggen"].medians, outcome.medians),
                "logits_error": errors.get(name, 0.0), "idle_share": outcome.idle_share}
            if outcome.idle_share > 0.02:
                say(f"warning: {name} used {100 * outcome.idle_share:.0f} % of a processor while others were measured")
        self.results[key].append(case)

    def cold(self, model: str, threads: int, names: list[str]) -> None:
        """From the start of a process to its first result, and its peak memory. Each start comes after one that does
        not count, so that its files are in the page cache: some machines drop from it what nobody has read for seconds."""
        found, failed = {}, set()
        for number in range(1, self.options.rounds + 1):
            say(f"{model}, cold start: round {number} of {self.options.rounds}")
            for name in [*OWN_WEIGHTS, *names]:
                if name in failed:
                    continue
                try:
                    for _ in range(2):
                        facts = (self.cold_vggen(model, threads, OWN_WEIGHTS[name](self.files, model)) if name in OWN_WEIGHTS
                                 else self.cold_peer(name, model, threads))
                except rounds.Failure as failure:
                    failed.add(name)
                    self.fail(f"{name}, {model}, cold start", str(failure))
                    continue
                found.setdefault(name, []).append(facts)
        self.results["cold"].append({"model": model, "threads": threads, "results": {
            name: {key: statistics.median(f[key] for f in facts) for key in facts[0]} for name, facts in found.items()}})

    def cold_peer(self, name: str, model: str, threads: int) -> dict:
        start = time.monotonic()
        contender = self.peer(name, model, 1, threads)
        try:
            first = contender.answer()
            whole = 1000 * (time.monotonic() - start)
            return {"first_result_ms": first["first_result_ms"], "process_ms": whole,
                    "peak_bytes": contender.request("memory")["peak_bytes"]}
        finally:
            contender.close()

    def cold_vggen(self, model: str, threads: int, weights: pathlib.Path) -> dict:
        start = time.monotonic()
        process = subprocess.Popen([self.bin / model, "predict", "--json", "--threads", str(threads), "--weights",
                                    weights, networks.picture_files(self.files)[0]],
                                   stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise rounds.Failure(f"{model} predict ended with {process.returncode}")
        milliseconds = 1000 * (time.monotonic() - start)
        return {"first_result_ms": milliseconds, "process_ms": milliseconds, "peak_bytes": usage.ru_maxrss * 1024}

    def training(self, kind: str, threads: int) -> None:
        training = TRAININGS[kind]
        steps = max(2, self.options.runs // 3)
        contenders = [rounds.Contender("vggen", [self.bin / training.program, "train-bench", "--on-request", "--steps", steps,
                                                 "--threads", threads], lambda _: "go"),
                      rounds.Contender("torch", [sys.executable, HERE / "trainer_worker.py", kind, threads],
                                       lambda runs: f"run {runs}")]
        outcomes, failed = rounds.measure(contenders, self.options.rounds, steps, middle,
                                          lambda text: say(f"training, {training.title}: {text}"))
        for contender in contenders:
            contender.close()
        for name, why in failed.items():
            self.fail(f"{name}, training, {training.title}", why)
        if failed:
            return
        self.results["training"].append({"title": training.title, "threads": threads, "results": {
            name: {"median_ms": statistics.median(o.medians), "rounds_ms": o.medians,
                   "images_per_second": 1000 * training.batch / statistics.median(o.medians),
                   "vggen_ratio": rounds.ratio(outcomes["vggen"].medians, o.medians),
                   "peak_bytes": o.last["peak_bytes"]} for name, o in outcomes.items()}})

    def run(self) -> None:
        o = self.options
        if "inference" in o.parts:
            for model, batch, threads in itertools.product(o.models, o.batches, o.threads):
                self.inference(model, batch, threads, o.only, "inference", TOLERANCE)
            lower = [name for name in o.only if name in DEFAULT_PRECISION]
            if lower:
                self.inference(o.models[0], 1, max(o.threads), lower, "default_precision", 0.1, "--default-precision")
        if "convolutions" in o.parts:
            self.inference(CONVOLUTIONS, 1, max(o.threads), o.only, "convolutions", TOLERANCE)
        if "cold" in o.parts:
            for model in o.models:
                self.cold(model, max(o.threads), o.only)
        if "training" in o.parts and "torch" in o.only:
            for kind in TRAININGS:
                self.training(kind, max(o.threads))


def machine() -> str:
    names = [line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {len(os.sched_getaffinity(0))} cores"


def prepare(options: argparse.Namespace) -> None:
    options.files.mkdir(parents=True, exist_ok=True)
    models = options.models + [CONVOLUTIONS] * ("convolutions" in options.parts)
    programs = [*models, *(BF16_PROGRAMS[m] for m in options.models if m in BF16_PROGRAMS),
                *(t.program for t in TRAININGS.values())]
    needed = {options.bin / program for program in programs}
    for program in sorted(needed):
        if not program.exists():
            sys.exit(f"error: {program} is missing; bench/peers/run.sh builds it")
    for model in models:
        if not networks.weights_file(options.files, model).exists():
            program = model.removesuffix(networks.NO_TOP)
            subprocess.run([options.bin / program, "init", "--seed", "1", "-o", networks.weights_file(options.files, model)],
                           check=True)
        subprocess.run([sys.executable, HERE / "conversion.py", options.files, model], check=True)
    for model in options.models if "cold" in options.parts else []:
        subprocess.run([options.bin / model, "pack", "--batch", "1", "--weights", networks.weights_file(options.files, model),
                        "-o", networks.packed_weights_file(options.files, model)], check=True)


def main() -> None:
    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=names, default=list(PEERS), metavar="NAME,...", help=f"peers, of {', '.join(PEERS)}")
    parser.add_argument("--models", type=names, default=["vgg16", "vgg19"], metavar="NAME,...")
    parser.add_argument("--batches", type=lambda t: [int(n) for n in t.split(",")], default=[1, 8], metavar="N,...")
    parser.add_argument("--threads", type=lambda t: [int(n) for n in t.split(",")], default=[1, 2], metavar="N,...")
    parser.add_argument("--parts", type=names, default=list(PARTS), metavar="NAME,...",
                        help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=10, help="runs in a turn at batch 1; fewer at larger ones")
    parser.add_argument("--quick", action="store_true", help="three short rounds: to see that all works")
    parser.add_argument("--bin", type=pathlib.Path, default=HERE.parent.parent / "build/release/bin", help="vggen's programs")
    parser.add_argument("--files", type=pathlib.Path, default=HERE.parent.parent / "build/peers", help="models, weights, results")
    options = parser.parse_args()
    for given, known in ((options.only, PEERS), (options.models, networks.BLOCKS), (options.parts, PARTS)):
        for name in given:
            if name not in known:
                parser.error(f"there is no '{name}'; there are: {', '.join(known)}")
    if options.quick:
        options.rounds, options.runs = 3, 3
    prepare(options)
    comparison = Comparison(options)
    comparison.run()
    report.write(comparison.results, options.files)
    if comparison.results["failed"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
