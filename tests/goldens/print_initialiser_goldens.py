"""Prints the numbers that tests/train/initialisers_test.cpp expects, computed apart from vggen.

    scripts/oracle.sh
    .venv-oracle/bin/python tests/goldens/print_initialiser_goldens.py

The normal quantile is torch.special.ndtri's, orthogonal weights are LAPACK's Householder QR with PyTorch's correction
of signs. Elements 0 to 7 of conv2_1's weights in VGG16, with seed 1; the second line of `orthogonal` is conv1_1, which
has more rows than columns.
"""

import numpy as np
import torch

import seeded

BELOW = 0.022750131948179207  # the standard normal distribution's share below -2
LEFT = 0.87962566103423978  # the standard deviation of the standard normal, cut at -2 and 2


def probabilities(count, tensor, seed=1):
    """(word + 0.5) / 2^32 of each element."""
    block = np.arange((count + 3) // 4, dtype=np.uint64)
    same = np.zeros_like(block)
    words = seeded.philox((seed, 0), (block, same, same + np.uint64(tensor), same + np.uint64(seeded.INITIAL_WEIGHTS)))
    return (np.stack(words, axis=1).ravel()[:count] + 0.5) / 2.0**32


def quantile(p):
    return torch.special.ndtri(torch.from_numpy(p)).numpy()


def orthogonal(rows, columns, gain, tensor):
    flat = quantile(probabilities(rows * columns, tensor)).reshape(rows, columns)
    q, r = np.linalg.qr(flat.T if rows < columns else flat)
    q *= np.sign(np.diag(r))
    return gain * (q.T if rows < columns else q).ravel()


def show(name, values):
    print(f"{name}: " + ", ".join(f"{value:.9g}F" for value in np.asarray(values[:8], np.float32)))


def main():
    # conv2_1 of VGG16: tensor 4, [128, 64, 3, 3]
    p, fan_in, fan_out = probabilities(8, 4), 64 * 9, 128 * 9
    show("normal(0.01)", 0.01 * quantile(p))
    show("truncated_normal(0.01)", 0.01 * quantile(BELOW + (1 - 2 * BELOW) * p))
    show("uniform(0.3)", seeded.uniform(8, 0.3, 1, seeded.INITIAL_WEIGHTS, 4))
    for name, variance in (("lecun", 1 / fan_in), ("glorot", 2 / (fan_in + fan_out)), ("he", 2 / fan_in)):
        show(f"{name}_normal", np.sqrt(variance) / LEFT * quantile(BELOW + (1 - 2 * BELOW) * p))
        show(f"{name}_uniform", seeded.uniform(8, np.sqrt(3 * variance), 1, seeded.INITIAL_WEIGHTS, 4))
    show("kaiming_normal_fan_out", np.sqrt(2 / fan_out) * quantile(p))
    show("orthogonal", orthogonal(128, 64 * 9, 1, 4))
    # conv1_1: tensor 0, [64, 3, 3, 3]
    show("orthogonal", orthogonal(64, 3 * 9, 1, 0))


if __name__ == "__main__":
    main()
