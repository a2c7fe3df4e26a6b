"""The functions that are called by name.

Spark's `catalyst/expressions/mathExpressions.scala`, `stringExpressions.scala`, `nullExpressions.scala` and
`UTF8String.java`, 4.3. exp, log and pow are those of the platform's C library, equal to Java's within 1e-14; all else
is equal to the last bit. Numbers given to a function of text are cast to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from ..java_math import divide, exp, power
from ..values import text
from .operators import OPERATORS, case, less
from .typed import Typed, alike, converted, numeric, strict
from .types import BIGINT, BOOLEAN, DOUBLE, INT, STRING, WIDE, Unfit, cast, in_range


class Function(NamedTuple):
    """How many arguments it takes, and what makes an expression of them."""

    least: int
    most: int
    of: Callable[..., Typed]

    def takes(self, n: int) -> bool:
        """Whether it may be called with so many arguments."""
        return self.least <= n <= self.most


def _of_double(of: Callable[..., Any]) -> Callable[..., Typed]:
    def typed(ansi: bool, *arguments: Typed) -> Typed:
        return strict(DOUBLE, of, *(converted(numeric(argument), DOUBLE, ansi) for argument in arguments))

    return typed


def _logarithm(of: Callable[[float], float]) -> Callable[[float], float | None]:
    return lambda value: None if value <= 0.0 else of(value)


def _log(ansi: bool, *arguments: Typed) -> Typed:
    if len(arguments) == 1:
        return _of_double(_logarithm(math.log))(ansi, *arguments)
    return _of_double(lambda base, of: None if base <= 0.0 or of <= 0.0 else divide(math.log(of), math.log(base)))(
        ansi, *arguments
    )


def _rounded_to(way: Callable[[float], int]) -> Callable[..., Typed]:
    """floor and ceil: a bigint; of a number that none holds the nearest, or under ANSI rules an error."""

    def typed(ansi: bool, argument: Typed) -> Typed:
        if numeric(argument).type.kind == "decimal":
            raise Unfit("a decimal is not rounded here: cast it to double")
        if argument.type.kind in ("int", "bigint"):
            return converted(argument, BIGINT, ansi)
        to_bigint = cast(DOUBLE, BIGINT, ansi)
        return strict(
            BIGINT,
            lambda value: way(value) if -_EXACT < value < _EXACT else to_bigint(value),
            converted(argument, DOUBLE, ansi),
        )

    return typed


def _round(ansi: bool, argument: Typed, *digits: Typed) -> Typed:
    places = _literal(digits[0], "round") if digits else 0
    kind = numeric(argument).type.kind
    if kind == "decimal":
        raise Unfit("a decimal is not rounded here: cast it to double")
    unit = Decimal(1).scaleb(-places)
    if kind in ("int", "bigint"):
        if places >= 0:
            return argument
        return strict(
            argument.type,
            lambda value: in_range(int(Decimal(value).quantize(unit, ROUND_HALF_UP, WIDE)), kind, ansi),
            argument,
        )

    def of(value: float) -> float:
        if not math.isfinite(value):
            return value
        exact = Decimal(text(value))
        if int(exact.as_tuple().exponent) >= -places:
            return value + 0.0  # no zero below 0
        return float(exact.quantize(unit, ROUND_HALF_UP, WIDE)) + 0.0

    return strict(DOUBLE, of, converted(argument, DOUBLE, ansi))


def _abs(ansi: bool, argument: Typed) -> Typed:
    kind = numeric(argument).type.kind
    if kind in ("int", "bigint"):
        return strict(argument.type, lambda value: in_range(abs(value), kind, ansi), argument)
    return strict(argument.type, abs, argument)


def _literal(argument: Typed, name: str) -> int:
    found = getattr(argument.of, "literal", None)
    if type(found) is int and argument.type == INT and abs(found) <= 1000:
        return found
    raise Unfit(f"{name} takes a number of digits that the statement names")


def _first(ansi: bool, *arguments: Typed) -> Typed:
    chosen = alike(arguments, ansi)
    every = [argument.of for argument in chosen]

    def of(row: Sequence[Any]) -> Any:
        return next((value for argument in every if (value := argument(row)) is not None), None)

    return Typed(chosen[0].type, of)


def _extreme(beats: Callable[[Any, Any], bool]) -> Callable[..., Typed]:
    """The least or the greatest of what is not null."""

    def typed(ansi: bool, *arguments: Typed) -> Typed:
        chosen = alike(arguments, ansi)
        if chosen[0].type.kind == "other":
            raise Unfit("neither numbers nor text nor booleans are compared")
        every = [argument.of for argument in chosen]

        def of(row: Sequence[Any]) -> Any:
            best = None
            for argument in every:
                if (value := argument(row)) is not None and (best is None or beats(value, best)):
                    best = value
            return best

        return Typed(chosen[0].type, of)

    return typed


def _of_text(of: Callable[..., Any], type_: Any = STRING) -> Callable[..., Typed]:
    def typed(ansi: bool, *arguments: Typed) -> Typed:
        return strict(type_, of, *(converted(argument, STRING, ansi) for argument in arguments))

    return typed


def _joined(*values: str) -> str:
    return "".join(values)


def _substring(ansi: bool, argument: Typed, position: Typed, *length: Typed) -> Typed:
    for of in (position, *length):
        if of.type.kind not in ("int", "void"):
            raise Unfit("substring takes positions that are int: cast them")

    def cut(value: str, at: int, n: int = 2**31 - 1) -> str:
        start = at - 1 if at > 0 else len(value) + at if at < 0 else 0
        end = min(start + n, 2**31 - 1)
        return value[max(start, 0) : max(end, 0)] if end > start else ""

    return strict(STRING, cut, converted(argument, STRING, ansi), position, *length)


def _null_if(ansi: bool, argument: Typed, other: Typed) -> Typed:
    equal, of = OPERATORS["="](ansi, argument, other).of, argument.of
    return Typed(argument.type, lambda row: None if equal(row) else of(row))


def _is_nan(ansi: bool, argument: Typed) -> Typed:
    of = converted(numeric(argument), DOUBLE, ansi).of
    return Typed(BOOLEAN, lambda row: (value := of(row)) is not None and value != value)


def _square_root(value: float) -> float:
    return math.sqrt(value) if value >= 0.0 else math.nan


_MANY = 10_000
_EXACT = 2.0**53
"""From here on a double has no fraction."""
_NAMED: dict[str, Function] = {
    "abs": Function(1, 1, _abs),
    "round": Function(1, 2, _round),
    "floor": Function(1, 1, _rounded_to(math.floor)),
    "ceil": Function(1, 1, _rounded_to(math.ceil)),
    "sqrt": Function(1, 1, _of_double(_square_root)),
    "exp": Function(1, 1, _of_double(exp)),
    "log": Function(1, 2, _log),
    "ln": Function(1, 1, _of_double(_logarithm(math.log))),
    "log2": Function(1, 1, _of_double(_logarithm(lambda value: divide(math.log(value), math.log(2.0))))),
    "log10": Function(1, 1, _of_double(_logarithm(math.log10))),
    "power": Function(2, 2, _of_double(power)),
    "isnan": Function(1, 1, _is_nan),
    "least": Function(2, _MANY, _extreme(less)),
    "greatest": Function(2, _MANY, _extreme(lambda a, b: less(b, a))),
    "coalesce": Function(1, _MANY, _first),
    "nvl": Function(2, 2, _first),
    "nullif": Function(2, 2, _null_if),
    "if": Function(3, 3, case),
    "concat": Function(1, _MANY, _of_text(_joined)),
    "lower": Function(1, 1, _of_text(str.lower)),
    "upper": Function(1, 1, _of_text(str.upper)),
    "trim": Function(1, 1, _of_text(lambda value: value.strip(" "))),
    "ltrim": Function(1, 1, _of_text(lambda value: value.lstrip(" "))),
    "rtrim": Function(1, 1, _of_text(lambda value: value.rstrip(" "))),
    "length": Function(1, 1, _of_text(len, INT)),
    "substring": Function(2, 3, _substring),
}
_OTHER_NAMES = {
    "ceiling": "ceil",
    "pow": "power",
    "ifnull": "nvl",
    "lcase": "lower",
    "ucase": "upper",
    "char_length": "length",
    "substr": "substring",
}
FUNCTIONS = dict(sorted((_NAMED | {name: _NAMED[same] for name, same in _OTHER_NAMES.items()}).items()))
