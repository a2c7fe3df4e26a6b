"""The values that a row may hold, as Spark reads them: numbers, text and vectors.

A row's plain values come in and go out; between stages a dense vector is a list of floats and a sparse one a `Sparse`.
What is not of the wanted type is `Rejected`, never converted by guess; no stage's arithmetic is here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from .errors import Rejected


class Sparse(NamedTuple):
    """A sparse vector: `indices` ascend strictly below `size`, `values` (zeros allowed) stand beside them."""

    size: int
    indices: list[int]
    values: list[float]

    def dense(self) -> list[float]:
        """All `size` numbers."""
        numbers = [0.0] * self.size
        for index, value in zip(self.indices, self.values, strict=True):
            numbers[index] = value
        return numbers


Vector: TypeAlias = "list[float] | Sparse"


class Missing:
    """The type of `MISSING`, which stands where a row has no such column (None is Spark's null)."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()

# JSON has no such numbers; in rows they are written as ProtoJSON writes them.
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_ONLY_FLOATS = {float}
_TEXT_OR_NULL = {str, type(None)}
_MAX_SIZE = 2**31 - 1
_MOST_WRITTEN_OUT = 1 << 24


def number(value: object, column: str) -> float | None:
    """A numeric value as Spark's double; None is null. Raises Rejected for booleans, text and all else."""
    if type(value) is float or value is None:
        return value
    if type(value) is int:
        try:
            return float(value)
        except OverflowError as error:
            raise Rejected("is too large for a double", column) from error
    if isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    raise Rejected(f"should be a number, not {kind(value)}", column)


def vector(value: object, column: str) -> Vector | None:
    """A vector, checked; None is null. Raises Rejected. A list of floats is returned itself: do not change it."""
    if value is None or type(value) is Sparse:
        return value
    if isinstance(value, list):
        return value if set(map(type, value)) <= _ONLY_FLOATS else _elements(value, column)
    if isinstance(value, dict):
        return _sparse(value, column)
    raise Rejected(f"should be a vector (a list of numbers, or size, indices and values), not {kind(value)}", column)


def vector_of(value: object, size: int | None, column: str) -> Vector:
    """The same for a vector that has to be there and to hold `size` numbers, or any number of them."""
    found = vector(value, column)
    if found is None:
        raise Rejected("is null, which this stage does not take", column)
    found_size = found.size if type(found) is Sparse else len(found)
    if size is not None and found_size != size:
        raise Rejected(f"should be a vector of {size} numbers, not of {found_size}", column)
    return found


def written_out(found: Vector, column: str) -> list[float]:
    """All numbers of a vector of any size. Raises Rejected for a sparse one that would fill the memory."""
    if not isinstance(found, Sparse):
        return found
    if found.size > _MOST_WRITTEN_OUT:
        raise Rejected(f"has {found.size} numbers, more than can be written out", column)
    return found.dense()


def string(value: object, column: str) -> str:
    """A text that has to be there. Raises Rejected."""
    if type(value) is str:
        return value
    raise Rejected("is null, which this stage does not take" if value is None else _not_text(value), column)


def strings(value: object, column: str) -> list[str | None]:
    """A list of texts and nulls, which has to be there; it is returned itself: do not change it. Raises Rejected."""
    if type(value) is not list:
        wrong = (
            "is null, which this stage does not take"
            if value is None
            else f"should be a list of text, not {kind(value)}"
        )
        raise Rejected(wrong, column)
    if not set(map(type, value)) <= _TEXT_OR_NULL:
        position, other = next((at, item) for at, item in enumerate(value) if type(item) not in _TEXT_OR_NULL)
        raise Rejected(f"at position {position} {_not_text(other)}", column)
    return value


def sparse_is_smaller(n_filled: int, size: int) -> bool:
    """Whether Spark 4.3 stores a vector of `size` numbers, of which so many are not 0, as a sparse one."""
    return 1.5 * n_filled + 2.0 < size


def compressed(found: Vector) -> Vector:
    """The smaller form of a vector, as Spark's `Vector.compressed` chooses; the sparse one is without zeros."""
    sparse = found if isinstance(found, Sparse) else Sparse(len(found), list(range(len(found))), found)
    filled = len(sparse.values) - sparse.values.count(0.0)
    if not sparse_is_smaller(filled, sparse.size):
        return found.dense() if isinstance(found, Sparse) else found
    return without_zeros(sparse)


def without_zeros(found: Sparse) -> Sparse:
    """The same vector without explicit zeros, those of either sign."""
    pairs = [(index, v) for index, v in zip(found.indices, found.values, strict=True) if v != 0.0]
    return Sparse(found.size, [index for index, _ in pairs], [v for _, v in pairs])


def plain(value: object) -> object:
    """The form in which a value leaves: a sparse vector becomes `{"size", "indices", "values"}`."""
    if type(value) is not Sparse:
        return value
    size, indices, values = value
    return {"size": size, "indices": indices, "values": values}


def kind(value: object) -> str:
    """What a person would call the value's type."""
    names = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def text(value: float) -> str:
    """A number cast to string as Spark casts a bigint (int) or a double (float), by Java's `Double.toString`.

    The shortest digits that read back as the same double, at least one on each side of the point, with an exponent from
    1e7 up and below 1e-3. So write JDK 19 and later; 17 writes some numbers longer (1.0E23 as 9.999999999999999E22).
    """
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    digits, exponent = _digits(abs(value))
    if not -3 <= exponent < 7:
        return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"
    digits = "0" * -exponent + digits.ljust(exponent + 2, "0")
    point = max(exponent, 0) + 1
    return f"{sign}{digits[:point]}.{digits[point:]}"


def _digits(value: float) -> tuple[str, int]:
    """The decimal digits of a finite number from 0 up, without trailing zeros, and the power of ten of the first."""
    shortest = Decimal(repr(value)).normalize()
    nearest = Decimal(f"{value:.1e}").normalize()
    if len(shortest.as_tuple().digits) == 1 and float(nearest) == value:
        shortest = nearest  # where one digit would do, Java takes the nearest of two: 4.9E-324, not 5E-324
    return "".join(map(str, shortest.as_tuple().digits)), shortest.adjusted()


def _not_text(value: object) -> str:
    return f"should be text, not {kind(value)}"


def _elements(value: Iterable[object], column: str) -> list[float]:
    numbers = []
    for position, element in enumerate(value):
        try:
            found = number(element, column)
        except Rejected as error:
            raise Rejected(f"at position {position} {error.message}", column) from error
        if found is None:
            raise Rejected(f"at position {position} is null; a vector holds numbers only", column)
        numbers.append(found)
    return numbers


def _sparse(value: dict[object, object], column: str) -> Sparse:
    size, indices, values = (value.get(key) for key in ("size", "indices", "values"))
    if type(size) is not int or not isinstance(indices, list) or not isinstance(values, list):
        raise Rejected("should have size (a number), indices and values (lists) to be a sparse vector", column)
    if not 0 <= size <= _MAX_SIZE:
        raise Rejected(f"has size {size}, which no vector has", column)
    if len(indices) != len(values):
        raise Rejected(f"has {len(indices)} indices but {len(values)} values", column)
    last = -1
    for index in indices:
        if type(index) is not int or not last < index < size:
            raise Rejected(f"should have indices that are whole numbers, ascend and stay below {size}", column)
        last = index
    return Sparse(size, indices, _elements(values, column))
