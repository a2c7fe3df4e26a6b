"""Numbers drawn from a Gamma distribution as Spark's libraries draw them from a seed, for stages that start from them.

Of Apache Commons Math 3.6.1, `MersenneTwister` and `BitsStreamGenerator` (`nextDouble`, `nextGaussian`); of Breeze 2.1,
`stats/distributions/Gamma.scala`, which rejects by Marsaglia and Tsang where the shape is above 1, else as NumPy does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np


def gamma_sample(shape: float, scale: float, seed: int, n: int) -> list[float]:
    """The first `n` draws after a generator was given `seed`, a signed number of 64 bits."""
    bits = _bits(seed)
    normals = _normals(bits)
    return [scale * _gamma(shape, bits, normals) for _ in range(n)]


def _bits(seed: int) -> Iterator[int]:
    """32 of them at a time; the generator of Commons Math takes the seed's upper half for the first of two numbers."""
    generator = np.random.RandomState([seed >> 32 & 0xFFFFFFFF, seed & 0xFFFFFFFF])
    while True:
        yield from generator.randint(0, 2**32, size=64, dtype=np.uint32).tolist()


def _uniform(bits: Iterator[int]) -> float:
    """From 0 up, below 1."""
    return ((next(bits) >> 6) << 26 | next(bits) >> 6) * 2.0**-52


def _normals(bits: Iterator[int]) -> Iterator[float]:
    while True:
        angle, radius = 2.0 * math.pi * _uniform(bits), math.sqrt(-2.0 * math.log(_uniform(bits)))
        yield radius * math.cos(angle)
        yield radius * math.sin(angle)


def _gamma(shape: float, bits: Iterator[int], normals: Iterator[float]) -> float:
    if shape == 1.0:
        return -math.log(_uniform(bits))
    while shape < 1.0:
        u, v = _uniform(bits), -math.log(_uniform(bits))
        y = 0.0 if u <= 1.0 - shape else -math.log((1.0 - u) / shape)
        x = math.pow(u if u <= 1.0 - shape else 1.0 - shape + shape * y, 1.0 / shape)
        if x <= v + y:
            return x
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = next(normals)
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        u = _uniform(bits)
        if u < 1.0 - 0.0331 * (x * x * (x * x)) or math.log(u) < 0.5 * (x * x) + d * (1.0 - v + math.log(v)):
            return d * v
