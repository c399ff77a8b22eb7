"""Processes that are measured by turns, so that what else the machine does hits all alike."""

import json
import os
import pathlib
import random
import statistics
import subprocess
import tempfile
import time
from typing import Callable, NamedTuple

PAUSE = 0.5  # seconds after each turn: threads that wait for more work by spinning have stopped by then


class Failure(Exception):
    """A contender cannot be measured; the others can."""


class Contender:
    """A process that answers lines with lines of JSON."""

    def __init__(self, name: str, command: list, ask: Callable[[int], str], **options):
        self.name, self.ask = name, ask
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True, **options)

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            said = self.errors.read().strip().splitlines()
            raise Failure(said[-1] if said else f"ended with {self.process.returncode}")
        return json.loads(line)

    def request(self, line: str) -> dict:
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # answer() says why
        return self.answer()

    def times(self, runs: int) -> dict:
        return self.request(self.ask(runs))

    def cpu_seconds(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.errors.close()


class Outcome(NamedTuple):
    medians: list[float]  # of each round, milliseconds
    idle_share: float  # of a processor, while others were measured
    last: dict  # the last answer


def measure(contenders: list[Contender], rounds: int, runs: int, middle: Callable[[dict], float],
            progress: Callable[[str], None]) -> tuple[dict[str, Outcome], dict[str, str]]:
    """So many rounds, in each of which every contender has its turn, in random order. Also returns who failed, and why:
    they are left out from then on."""
    order, active, failed = random.Random(1), list(contenders), {}
    medians = {c.name: [] for c in contenders}
    answers, idle, idle_time = {}, {c.name: 0.0 for c in contenders}, {c.name: 1e-9 for c in contenders}
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}")
        for contender in order.sample(active, len(active)):
            others = {c: c.cpu_seconds() for c in active if c is not contender}
            start = time.monotonic()
            try:
                answers[contender.name] = contender.times(runs)
            except Failure as failure:
                failed[contender.name] = str(failure)
                active.remove(contender)
                continue
            medians[contender.name].append(middle(answers[contender.name]))
            for c, before in others.items():
                idle[c.name] += c.cpu_seconds() - before
                idle_time[c.name] += time.monotonic() - start
            time.sleep(PAUSE)
    return {c.name: Outcome(medians[c.name], idle[c.name] / idle_time[c.name], answers[c.name]) for c in active}, failed


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(ours, theirs))
