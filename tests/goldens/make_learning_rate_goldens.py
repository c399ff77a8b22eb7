"""Writes tests/data/goldens/learning_rates.json: the rates of PyTorch's own schedulers.

    scripts/oracle.sh
    .venv-oracle/bin/python tests/goldens/make_learning_rate_goldens.py

Each case has the options of a learning_rate_policy, the length of the training, the metric of each epoch (of a
plateau), and the rate of every step. A warm-up is LinearLR, multiplied with the rest but for a cosine, which follows
it; a plateau's is multiplied by hand, for ReduceLROnPlateau keeps the rate itself.
"""

import json
import pathlib

import torch
from torch.optim import lr_scheduler as schedulers

OUT = pathlib.Path(__file__).parent.parent / "data" / "goldens" / "learning_rates.json"

ACCURACIES = [0.1, 0.2, 0.3, 0.30002, 0.30004, 0.29, 0.31, 0.31, float("nan"), 0.30, 0.2, 0.31, 0.32, 0.32, 0.32,
              0.32, 0.32, 0.33, 0.33, 0.33, 0.33, 0.33, 0.33, 0.33, 0.33]
LOSSES = [5.4, 33.2, 3.85, 5.02, 2.38, 2.81, 2.38, 2.26, 2.48, 2.29, 2.27, 2.2599, 2.2, 2.2, 2.2, 2.2, float("nan"),
          1.0, -1.0, -2.0, -1.9, -1.99, -2.0, -2.0, -2.0]


def optimiser(rate):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def warmup(sgd, steps):
    # total_iters counts from the first step, whose factor is 1 / steps
    return schedulers.LinearLR(sgd, start_factor=1 / steps, total_iters=steps - 1)


def followed(sgd, schedule, steps):
    """The rates of steps that a scheduler is told of one by one."""
    rates = []
    for _ in range(steps):
        rates.append(sgd.param_groups[0]["lr"])
        sgd.step()
        schedule.step()
    return rates


def plateau(metrics, mode, rate, factor, patience, threshold, minimum, warmup_steps=0):
    sgd, steps_per_epoch, rates = optimiser(rate), 3, []
    schedule = schedulers.ReduceLROnPlateau(sgd, mode=mode, factor=factor, patience=patience, threshold=threshold,
                                            min_lr=minimum)
    for epoch, metric in enumerate(metrics):
        for step in range(epoch * steps_per_epoch, (epoch + 1) * steps_per_epoch):
            share = (step + 1) / warmup_steps if step < warmup_steps else 1
            rates.append(sgd.param_groups[0]["lr"] * share)
        schedule.step(metric)
    return dict(kind="plateau", mode=mode, rate=rate, factor=factor, patience=patience, threshold=threshold,
                minimum=minimum, warmup_steps=warmup_steps, steps_per_epoch=steps_per_epoch, epochs=len(metrics),
                metrics=[None if metric != metric else metric for metric in metrics], rates=rates)


def constant(rate, steps, warmup_steps):
    sgd = optimiser(rate)
    return dict(kind="constant", rate=rate, warmup_steps=warmup_steps, steps_per_epoch=steps, epochs=1,
                rates=followed(sgd, warmup(sgd, warmup_steps), steps))


def steps(rate, milestones, factor, steps_per_epoch, epochs, warmup_steps=0):
    sgd = optimiser(rate)
    parts = [schedulers.MultiStepLR(sgd, [m * steps_per_epoch for m in milestones], factor)]
    if warmup_steps:
        parts.append(warmup(sgd, warmup_steps))
    return dict(kind="steps", rate=rate, milestones=milestones, factor=factor, warmup_steps=warmup_steps,
                steps_per_epoch=steps_per_epoch, epochs=epochs,
                rates=followed(sgd, schedulers.ChainedScheduler(parts), steps_per_epoch * epochs))


def cosine(rate, minimum, cosine_steps, steps_per_epoch, epochs, warmup_steps=0):
    sgd, total = optimiser(rate), steps_per_epoch * epochs
    if warmup_steps:
        # the warm-up's last step has the whole rate, and so has the cosine's first
        schedule = schedulers.SequentialLR(
            sgd, [warmup(sgd, warmup_steps),
                  schedulers.CosineAnnealingLR(sgd, cosine_steps or total - warmup_steps, minimum)], [warmup_steps])
    else:
        schedule = schedulers.CosineAnnealingLR(sgd, cosine_steps or total, minimum)
    # PyTorch's cosine goes up again after its end, vggen's stays
    end = warmup_steps + (cosine_steps or total - warmup_steps)
    return dict(kind="cosine", rate=rate, minimum=minimum, cosine_steps=cosine_steps, warmup_steps=warmup_steps,
                steps_per_epoch=steps_per_epoch, epochs=epochs, rates=followed(sgd, schedule, min(total, end + 1)))


CASES = {
    "accuracy on a plateau": plateau(ACCURACIES, "max", 0.1, 0.1, 1, 1e-4, 0.0),
    "accuracy on a plateau, no patience": plateau(ACCURACIES, "max", 0.1, 0.5, 0, 1e-4, 0.0),
    "accuracy on a plateau, a minimum": plateau(ACCURACIES, "max", 0.1, 0.1, 2, 1e-2, 0.002),
    "loss on a plateau": plateau(LOSSES, "min", 0.01, 0.1, 2, 1e-4, 0.0),
    "loss on a plateau, any gain counts": plateau(LOSSES, "min", 0.01, 0.2, 1, 0.0, 0.0),
    "reductions below 1e-8 are none": plateau(LOSSES, "min", 1e-6, 0.1, 0, 1e-4, 0.0),
    "loss on a plateau, warm-up": plateau(LOSSES, "min", 0.01, 0.1, 2, 1e-4, 0.0, 17),
    "constant, warm-up": constant(0.05, 20, 8),
    "steps": steps(0.1, [2, 3, 7], 0.1, 4, 10),
    "steps, warm-up beyond the first": steps(0.1, [1, 5], 0.3, 4, 10, 6),
    "cosine": cosine(0.1, 0.0, 0, 10, 4),
    "cosine to a minimum, shorter than training": cosine(0.1, 0.01, 23, 10, 4),
    "cosine, warm-up": cosine(0.1, 0.001, 0, 10, 4, 5),
}

OUT.write_text(json.dumps(CASES, indent=1).replace(",\n   ", ", ").replace("[\n   ", "[").replace("\n  ]", "]") + "\n")
