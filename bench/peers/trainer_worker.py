"""PyTorch's training steps in a process of their own: configuration D, momentum, weight decay, channels last.

    trainer_worker.py cifar|imagenet THREADS

It answers each line `run N` on standard input with the times of N steps and the peak memory, as a line of JSON.
"""

import json
import sys
import time
from typing import NamedTuple

import networks
from worker import peak_bytes


class Training(NamedTuple):
    program: str  # vggen's
    title: str
    side: int
    top: int  # channels of the hidden fully connected layers
    classes: int
    batch: int


TRAININGS = {"cifar": Training("vgg16-cifar-train", "VGG16 for 32x32, classifier 512, batch 128", 32, 512, 10, 128),
             "imagenet": Training("vgg16-train", "VGG16 at 224x224, batch 8", 224, 4096, 1000, 8)}


def main() -> None:
    training, threads = TRAININGS[sys.argv[1]], int(sys.argv[2])
    before = peak_bytes()
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision("highest")
    modules, channels = [], 3
    for count, outputs in zip(networks.BLOCKS["vgg16"], (64, 128, 256, 512, 512)):
        for _ in range(count):
            modules += [nn.Conv2d(channels, outputs, 3, padding=1), nn.ReLU(inplace=True)]
            channels = outputs
        modules.append(nn.MaxPool2d(2))
    top = training.top
    modules += [nn.Flatten(), nn.Linear(512 * (training.side // 32) ** 2, top), nn.ReLU(inplace=True), nn.Dropout(),
                nn.Linear(top, top), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(top, training.classes)]
    module = nn.Sequential(*modules).to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(module.parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4)
    images = torch.randn(training.batch, 3, training.side, training.side).to(memory_format=torch.channels_last)
    labels = torch.arange(training.batch) % training.classes

    def step() -> float:
        start = time.perf_counter()
        optimiser.zero_grad()
        nn.functional.cross_entropy(module(images), labels).backward()
        optimiser.step()
        return 1000 * (time.perf_counter() - start)

    for line in sys.stdin:
        step()
        times = [step() for _ in range(int(line.split()[1]))]
        print(json.dumps({"ms": times, "version": f"PyTorch {torch.__version__.split('+')[0]}",
                          "peak_bytes": peak_bytes() - before}), flush=True)


if __name__ == "__main__":
    main()
