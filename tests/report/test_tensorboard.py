"""TensorBoard's own reader reads what event_file writes.

    test_tensorboard.py WRITE_EVENTS VENV

WRITE_EVENTS is the program of write_events.cpp; VENV the virtual environment with TensorBoard (requirements.txt),
made on first use.
"""
import fcntl
import math
import subprocess
import sys
import tempfile
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def python_with_tensorboard(venv: Path) -> Path:
    """Makes `venv` unless it is as requirements.txt wants it; one process at a time."""
    venv.mkdir(exist_ok=True)
    stamp = venv / "installed-requirements.txt"
    python = venv / "bin" / "python"
    with open(venv / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != REQUIREMENTS.read_text():
            subprocess.run([sys.executable, "-m", "venv", venv], check=True)
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
            subprocess.run([*pip, "-r", REQUIREMENTS], check=True)
            stamp.write_text(REQUIREMENTS.read_text())
    return python


def check(folder: str) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(folder, size_guidance={"scalars": 0})  # 0: keep all
    events.Reload()
    assert events.Tags()["scalars"] == ["loss/training", "odd/infinity", "odd/größe <b>", "odd/late"], events.Tags()
    loss = events.Scalars("loss/training")
    assert [event.step for event in loss] == list(range(1500)), "found other steps than those flushed"
    for event in loss:
        expected = 2.5 * math.exp(-event.step / 300)
        assert abs(event.value - expected) <= 1e-7 * expected, (event, expected)
    assert all(a.wall_time <= b.wall_time for a, b in zip(loss, loss[1:]))
    assert events.Scalars("odd/infinity")[0].value == math.inf
    assert events.Scalars("odd/größe <b>")[0].value == -1
    assert events.Scalars("odd/late")[0].step == 2**40
    print(f"TensorBoard reads {len(loss)} + 3 scalars of {len(list(Path(folder).iterdir()))} files")


def main() -> None:
    if sys.argv[1] == "--check":
        check(sys.argv[2])
        return
    write_events, venv = sys.argv[1], Path(sys.argv[2])
    python = python_with_tensorboard(venv)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([write_events, folder], check=True)
        subprocess.run([python, __file__, "--check", folder], check=True)


main()
