"""`java.lang.Math` for doubles where Python's raises: there an overflow is infinite, and what has no value is NaN."""

from __future__ import annotations

import math


def exp(x: float) -> float:
    """e to the power of `x`."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def log(x: float) -> float:
    """The natural logarithm."""
    return math.log(x) if x > 0.0 else -math.inf if x == 0.0 else math.nan


def log1p(x: float) -> float:
    """The natural logarithm of 1 + `x`."""
    return math.log1p(x) if x > -1.0 else -math.inf if x == -1.0 else math.nan


def power(x: float, y: float) -> float:
    """`x` to the power of `y`; 1 to the power of infinity or NaN has no value in Java."""
    if y == 0.0:
        return 1.0
    if math.isnan(y) or (math.isinf(y) and abs(x) == 1.0):
        return math.nan
    odd = math.isfinite(y) and math.fmod(y, 2.0) in (1.0, -1.0)
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0.0 and odd else math.inf
    except ValueError:  # 0 to a negative power, or a negative number to a fraction
        return math.nan if x != 0.0 else math.copysign(math.inf, x) if odd else math.inf


def divide(x: float, y: float) -> float:
    """`x` by `y`."""
    if y:
        return x / y
    return math.nan if x == 0.0 or math.isnan(x) else math.copysign(math.inf, x) * math.copysign(1.0, y)


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x)."""
    return 1.0 / (1.0 + exp(-x))
