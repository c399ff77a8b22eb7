"""The numbers of runtime/vggen/core/random.hpp, bit for bit: Philox4x32-10 and what vggen makes of it."""

import numpy as np

INITIAL_WEIGHTS, TEST_INPUT = 0, 1  # random_stream


def philox(key, counter):
    """Four words for each counter. counter: four uint32 arrays; key: two numbers."""
    a, b, c, d = (np.asarray(w, dtype=np.uint64) for w in counter)
    k0, k1 = np.uint64(key[0]), np.uint64(key[1])
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p, q = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
        a, b, c, d = (q >> np.uint64(32)) ^ b ^ k0, q & low, (p >> np.uint64(32)) ^ d ^ k1, p & low
        k0 = (k0 + np.uint64(0x9E3779B9)) & low
        k1 = (k1 + np.uint64(0xBB67AE85)) & low
    return a, b, c, d


def uniform(count, bound, seed, stream, tensor):
    """`count` float32 values in [-bound, bound): fill_uniform."""
    result = np.empty((count + 3) // 4 * 4, np.float32)
    step = 1 << 20
    for first in range(0, len(result) // 4, step):
        block = np.arange(first, min(first + step, len(result) // 4), dtype=np.uint64)
        same = np.zeros_like(block)
        words = philox((seed & 0xFFFFFFFF, seed >> 32),
                       (block & np.uint64(0xFFFFFFFF), block >> np.uint64(32), same + np.uint64(tensor),
                        same + np.uint64(stream)))
        for lane, word in enumerate(words):
            u = (word >> np.uint64(8)).astype(np.float32) * np.float32(2.0**-24)
            result[4 * first + lane:4 * (first + len(block)):4] = \
                (np.float32(2) * u - np.float32(1)) * np.float32(bound)
    return result[:count]


def initial(name, shape, tensor, seed):
    """The initial values of a parameter tensor of that name (features.0.weight): fill_initial."""
    around_one = len(shape) == 1 and name.endswith(("weight", "running_var"))  # of a batch norm
    if len(shape) > 1:
        bound = np.float32(np.sqrt(6.0 / int(np.prod(shape[1:]))))
    else:
        bound = np.float32(0.25 if around_one else 0.1)
    values = uniform(int(np.prod(shape)), bound, seed, INITIAL_WEIGHTS, tensor).reshape(shape)
    return values + np.float32(1) if around_one else values


def test_input(shape, seed=1):
    """The input of a golden run, [n, c, h, w]."""
    return uniform(int(np.prod(shape)), 2.0, seed, TEST_INPUT, 0).reshape(shape)
