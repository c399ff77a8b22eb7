"""Times a training step of vggen and of PyTorch on this machine, by turns in one run.

    scripts/oracle.sh
    .venv-oracle/bin/python bench/peers/compare_training.py --network cifar       # 32x32, classifier 512, batch 128
    .venv-oracle/bin/python bench/peers/compare_training.py --network imagenet    # 224x224, classifier 4096, batch 8

Both train configuration D with momentum and weight decay on the same number of threads, PyTorch in its faster memory
format (channels last). Rounds alternate, so that what else the machine does hits both alike; what counts is the ratio
of the medians. Peak memory is the process's, PyTorch's own included.
"""

import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import time

NETWORKS = {"cifar": {"program": "vgg16-cifar-train", "side": 32, "top": 512, "classes": 10, "batch": 128},
            "imagenet": {"program": "vgg16-train", "side": 224, "top": 4096, "classes": 1000, "batch": 8}}


def torch_rounds(network, threads, steps, rounds):
    """In a process of its own: a round for each line on standard input; prints a step's median milliseconds."""
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    layers, channels = [], 3
    for outputs, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            layers += [nn.Conv2d(channels, outputs, 3, padding=1), nn.ReLU(inplace=True)]
            channels = outputs
        layers.append(nn.MaxPool2d(2))
    side, top, classes, batch = (network[key] for key in ("side", "top", "classes", "batch"))
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(512 * (side // 32) ** 2, top), nn.ReLU(inplace=True),
                          nn.Dropout(), nn.Linear(top, top), nn.ReLU(inplace=True), nn.Dropout(),
                          nn.Linear(top, classes)).to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4)
    images = torch.randn(batch, 3, side, side).to(memory_format=torch.channels_last)
    labels = torch.arange(batch) % classes
    for _ in range(rounds):
        input()
        times = []
        for _ in range(steps + 1):
            start = time.perf_counter()
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(images), labels).backward()
            optimiser.step()
            times.append(1000 * (time.perf_counter() - start))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"median_ms": statistics.median(times[1:]), "peak_bytes": peak}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, default="cifar")
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("build/release/bin"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--torch", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    network = NETWORKS[options.network]
    if options.torch:
        torch_rounds(network, options.threads, options.steps, options.rounds)
        return
    program = options.bin / network["program"]
    if not program.exists():
        sys.exit(f"error: {program} is missing; build it with cmake --build --preset release")
    common = ["--threads", str(options.threads), "--steps", str(options.steps)]
    peer = subprocess.Popen([sys.executable, __file__, "--torch", "--network", options.network, "--rounds",
                             str(options.rounds), *common], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ours, theirs = [], []
    for number in range(options.rounds):
        done = subprocess.run([program, "train-bench", "--json", *common], check=True, capture_output=True, text=True)
        ours.append(json.loads(done.stdout))
        peer.stdin.write("\n")
        peer.stdin.flush()
        theirs.append(json.loads(peer.stdout.readline()))
        print(f"round {number + 1}: vggen {ours[-1]['median_ms']:.0f} ms, PyTorch {theirs[-1]['median_ms']:.0f} ms",
              flush=True)
    peer.wait()
    median = {name: statistics.median(r["median_ms"] for r in runs) for name, runs in (("vggen", ours), ("peer", theirs))}
    print(json.dumps({"network": options.network, "batch": network["batch"], "threads": options.threads,
                      "vggen_ms": median["vggen"], "peer_ms": median["peer"],
                      "images_per_second_ratio": median["peer"] / median["vggen"],
                      "memory_ratio": max(r["peak_bytes"] for r in ours) / max(r["peak_bytes"] for r in theirs)}))


if __name__ == "__main__":
    main()
