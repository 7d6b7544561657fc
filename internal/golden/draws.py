"""The inputs of the golden values, which are not stored: each is drawn from its name, bit for bit as golden.go does."""

import math

import numpy as np
import torch


def fnv1a(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001B3 % 2**64
    return h


def splitmix64(name, n):
    """The first n outputs of the generator that is seeded with the 64-bit FNV-1a hash of the name. Its state only ever
    grows by a constant, so all of them can be computed at once."""
    state = np.uint64(fnv1a(name)) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(name, shape, bound, offset=0.0):
    """offset + bound * u, u uniform in [-1, 1), computed in float64 and rounded to float32 once."""
    u = (splitmix64(name, math.prod(shape)) >> np.uint64(40)).astype(np.float64) * 2.0**-24 * 2 - 1
    return torch.from_numpy((offset + u * bound).astype(np.float32).reshape(shape))


def labels(name, n):
    return torch.from_numpy((splitmix64(name, n) % np.uint64(10)).astype(np.int64))
