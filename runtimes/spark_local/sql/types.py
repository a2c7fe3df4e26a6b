"""The types of SQL, how two of them widen to one, and casts from one to another.

Spark's `catalyst/expressions/Cast.scala`, `catalyst/analysis/AnsiTypeCoercion.scala` and `TypeCoercion.scala`, 4.3.
Text and numbers never widen to one another here: what Spark makes of that differs with its version and its settings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import Any, Literal, NamedTuple, TypeAlias

from ..values import text

Kind: TypeAlias = Literal["void", "boolean", "int", "bigint", "decimal", "double", "string", "other"]


class Type(NamedTuple):
    """`precision` and `scale`: the digits of a decimal, and how many of them stand behind the point."""

    kind: Kind
    precision: int = 0
    scale: int = 0


VOID, BOOLEAN, INT, BIGINT = Type("void"), Type("boolean"), Type("int"), Type("bigint")
DOUBLE, STRING, OTHER = Type("double"), Type("string"), Type("other")
CASTS = {
    "boolean": BOOLEAN,
    "int": INT,
    "integer": INT,
    "bigint": BIGINT,
    "long": BIGINT,
    "double": DOUBLE,
    "string": STRING,
}
RANGES = {"int": (-(2**31), 2**31 - 1), "bigint": (-(2**63), 2**63 - 1)}
WIDE = Context(prec=120)
_MOST_DIGITS = 38
_NUMBERS = ("int", "bigint", "decimal", "double")
_DOUBLE = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?", re.ASCII)
_INTEGER = re.compile(r"([+-]?)(\d+)", re.ASCII)
_CUT = re.compile(r"([+-]?)(\d*)\.\d*", re.ASCII)  # what stands behind the point is not looked at
_NAMED = {"nan": math.nan} | {
    f"{sign}{name}": float(f"{sign}inf") for sign in ("", "+", "-") for name in ("inf", "infinity")
}
_TRUE, _FALSE = ("t", "true", "y", "yes", "1"), ("f", "false", "n", "no", "0")
_BLANK = "".join(map(chr, range(0x21))) + "\x7f"


class Unfit(Exception):  # an internal signal, which the evaluator turns into one of the engine's errors
    """An expression does not fit its types, or a value does not fit the operation."""


def is_number(type_: Type) -> bool:
    """Whether it is numeric."""
    return type_.kind in _NUMBERS


def decimal(precision: int, scale: int) -> Type:
    """A decimal with these digits, cut to what Spark holds."""
    if precision <= _MOST_DIGITS:
        return Type("decimal", precision, scale)
    return Type("decimal", _MOST_DIGITS, max(_MOST_DIGITS - (precision - scale), min(scale, 6)))


def as_decimal(type_: Type) -> Type:
    """The decimal that holds every number of a type."""
    return {"int": Type("decimal", 10), "bigint": Type("decimal", 20)}.get(type_.kind, type_)


def common(left: Type, right: Type) -> Type:
    """The type that both widen to. Raises Unfit."""
    if left == right or right.kind == "void":
        return left
    if left.kind == "void":
        return right
    if not is_number(left) or not is_number(right):
        raise Unfit(f"{left.kind} and {right.kind} meet: cast one of them")
    wider = max(left, right, key=lambda type_: _NUMBERS.index(type_.kind))
    if wider.kind != "decimal":
        return wider
    a, b = as_decimal(left), as_decimal(right)
    scale = max(a.scale, b.scale)
    return decimal(max(a.precision - a.scale, b.precision - b.scale) + scale, scale)


def fitted(value: Decimal, to: Type) -> Decimal | None:
    """The number with the digits of a decimal type, the half rounded up; None: it has more than there are."""
    found = value.quantize(Decimal(1).scaleb(-to.scale), ROUND_HALF_UP, WIDE)
    if not found:
        return found.copy_abs()  # Java's has no zero below 0
    return found if found.adjusted() < to.precision - to.scale else None


def in_range(value: int, kind: str, ansi: bool) -> int:
    """A whole number as a type of SQL holds it: one that is too large goes round. Raises Unfit under ANSI rules."""
    low, high = RANGES[kind]
    if low <= value <= high:
        return value
    if ansi:
        raise Unfit(f"comes to {value}, which is too large for {kind}")
    return (value - low) % (high - low + 1) + low


def cast(from_: Type, to: Type, ansi: bool) -> Callable[[Any], Any]:
    """What turns a value that is not null, of one type, to another; it may give null. Raises Unfit, and so may that."""
    if from_ == to or from_.kind == "void":
        return lambda value: value
    if from_.kind == "other":
        raise Unfit("neither a number nor text nor a boolean can be computed with")
    match to.kind:
        case "string":
            return _shown
        case "double":
            return (lambda value: _parsed(value, _double_in, "double", ansi)) if from_.kind == "string" else float
        case "int" | "bigint":
            return _to_integer(from_, to.kind, ansi)
        case "boolean":
            if from_.kind == "string":
                return lambda value: _parsed(value, _boolean_in, "boolean", ansi)
            return lambda value: value != 0
        case "decimal" if from_.kind in ("int", "bigint", "decimal"):
            return lambda value: fitted(Decimal(value), to)
    raise Unfit(f"a {from_.kind} cannot be cast to {to.kind}")


def _to_integer(from_: Type, kind: str, ansi: bool) -> Callable[[Any], Any]:
    low, high = RANGES[kind]

    def of_double(value: float) -> int:
        if ansi and not low - 1 < value < high + 1:
            raise Unfit(f"is {text(value)}, which is no {kind}")
        if value != value:
            return 0
        return max(low, min(high, math.trunc(value))) if math.isfinite(value) else low if value < 0 else high

    def of_text(value: str) -> int | None:
        found = _INTEGER.fullmatch(value)
        if not ansi and found is None and value not in ("", "+", "-"):
            found = _CUT.fullmatch(value)
        if found is None or len(digits := found[2].lstrip("0")) > _MOST_DIGITS:
            return None
        whole = int(f"{found[1]}{digits or 0}")
        return whole if low <= whole <= high else None

    match from_.kind:
        case "double":
            return of_double
        case "string":
            return lambda value: _parsed(value, of_text, kind, ansi)
        case "decimal":
            return lambda value: in_range(int(value.to_integral_value(ROUND_DOWN)), kind, ansi)
    return lambda value: in_range(int(value), kind, ansi)


def _parsed(value: str, parse: Callable[[str], Any], kind: str, ansi: bool) -> Any:
    found = parse(value.strip(_BLANK))
    if found is None and ansi:
        raise Unfit(f"is of the text {value[:40]!r}, which is no {kind}")
    return found


def _double_in(value: str) -> float | None:
    if _DOUBLE.fullmatch(value):
        return float(value.rstrip("dDfF"))
    return math.nan if value in ("+NaN", "-NaN") else _NAMED.get(value.lower())


def _boolean_in(value: str) -> bool | None:
    lowered = value.lower()
    return True if lowered in _TRUE else False if lowered in _FALSE else None


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return value if isinstance(value, str) else text(value)
