"""Arithmetic, comparison, logic and CASE.

Spark's `catalyst/expressions/arithmetic.scala`, `predicates.scala` and `conditionalExpressions.scala`, 4.3. Nulls are
the third value of logic; NaN equals NaN and is larger than all else. Under ANSI rules a division by zero and a number
that is too large are errors; without them they give null, and whole numbers go round.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from .typed import Typed, alike, boolean, converted, numeric, strict
from .types import BIGINT, BOOLEAN, DOUBLE, VOID, WIDE, Type, Unfit, as_decimal, decimal, fitted, in_range

Operator = Callable[..., Typed]


def _arithmetic(symbol: str, ansi: bool, *arguments: Typed) -> Typed:
    left, right = arguments
    kinds = {numeric(left).type.kind, numeric(right).type.kind}
    if "double" in kinds or (symbol == "/" and "decimal" not in kinds):
        left, right = converted(left, DOUBLE, ansi), converted(right, DOUBLE, ansi)
        return strict(DOUBLE, _OF_DOUBLES.get(symbol) or _dividing(_DIVIDING_DOUBLES[symbol], ansi), left, right)
    if "decimal" in kinds:
        return _of_decimals(symbol, ansi, left, right)
    left, right = alike([left, right], ansi)
    kind = left.type.kind
    if kind == "void":
        return Typed(VOID, lambda _: None)
    if symbol == "%":
        return strict(left.type, _dividing(_remainder, ansi), left, right)
    of = _EXACT[symbol]
    return strict(left.type, lambda a, b: in_range(of(a, b), kind, ansi), left, right)


def _of_decimals(symbol: str, ansi: bool, left: Typed, right: Typed) -> Typed:
    if VOID in (left.type, right.type):
        return Typed(VOID, lambda _: None)
    a, b = _digits(left), _digits(right)
    whole, scale = max(a.precision - a.scale, b.precision - b.scale), max(a.scale, b.scale)
    match symbol:
        case "*":
            to = decimal(a.precision + b.precision + 1, a.scale + b.scale)
        case "/":
            scale = max(6, a.scale + b.precision + 1)
            to = decimal(a.precision - a.scale + b.scale + scale, scale)
        case "%":
            to = decimal(min(a.precision - a.scale, b.precision - b.scale) + scale, scale)
        case _:
            to = decimal(whole + scale + 1, scale)

    def of(x: Decimal, y: Decimal) -> Decimal | None:
        found = fitted(_DECIMALS[symbol](Decimal(x), Decimal(y)), to)
        if found is None and ansi:
            raise Unfit(f"comes to more digits than decimal({to.precision},{to.scale}) has")
        return found

    return strict(to, _dividing(of, ansi) if symbol in "/%" else of, left, right)


def _digits(argument: Typed) -> Type:
    """The decimal that an argument is: a whole number that the statement names has as many digits as it shows."""
    if argument.type.kind in ("int", "bigint") and (literal := getattr(argument.of, "literal", None)) is not None:
        return Type("decimal", len(str(abs(literal))))
    return as_decimal(argument.type)


def _whole_division(ansi: bool, left: Typed, right: Typed) -> Typed:
    for argument in (left, right):
        if numeric(argument).type.kind not in ("void", "int", "bigint"):
            raise Unfit(f"DIV divides whole numbers, not {argument.type.kind}")
    left, right = converted(left, BIGINT, ansi), converted(right, BIGINT, ansi)
    return strict(
        BIGINT, _dividing(lambda a, b: in_range((a - _remainder(a, b)) // b, "bigint", ansi), ansi), left, right
    )


def _dividing(of: Callable[[Any, Any], Any], ansi: bool) -> Callable[[Any, Any], Any]:
    def divided(a: Any, b: Any) -> Any:
        if b == 0:
            if ansi:
                raise Unfit("is divided by zero")
            return None
        return of(a, b)

    return divided


def _remainder(a: int, b: int) -> int:
    """With the sign of the dividend, as in Java."""
    found = abs(a) % abs(b)
    return -found if a < 0 else found


def _remainder_of_doubles(a: float, b: float) -> float:
    return math.nan if math.isinf(a) or a != a or b != b else math.fmod(a, b)


def _signed(symbol: str, ansi: bool, *arguments: Typed) -> Typed:
    (argument,) = arguments
    type_ = numeric(argument).type
    if symbol == "positive":
        return argument
    if type_.kind in ("int", "bigint"):
        return strict(type_, lambda value: in_range(-value, type_.kind, ansi), argument)
    return strict(type_, lambda value: -value if value or type_.kind == "double" else value, argument)


def _comparison(of: Callable[[Any, Any], bool], ansi: bool, *arguments: Typed) -> Typed:
    return strict(BOOLEAN, of, *_comparable(arguments, ansi))


def _comparable(arguments: Sequence[Typed], ansi: bool) -> list[Typed]:
    """All as one type. Decimals and whole numbers compare as they are, for Python's are exact."""
    kinds = {argument.type.kind for argument in arguments} - {"void"}
    if "other" in kinds:
        raise Unfit("neither a number nor text nor a boolean can be compared")
    return list(arguments) if kinds <= {"int", "bigint", "decimal"} else alike(arguments, ansi)


def same(a: Any, b: Any) -> bool:
    """Whether two values of one type are equal, as NaN is to NaN."""
    return bool(a == b or (a != a and b != b))


def less(a: Any, b: Any) -> bool:
    """Whether the one is less, as every number is than NaN."""
    return bool(a < b or (b != b and a == a))


def _null_safe(ansi: bool, left: Typed, right: Typed) -> Typed:
    one, other = (argument.of for argument in _comparable([left, right], ansi))

    def of(row: Sequence[Any]) -> bool:
        a, b = one(row), other(row)
        return (a is None and b is None) if a is None or b is None else same(a, b)

    return Typed(BOOLEAN, of)


def _between(ansi: bool, value: Typed, low: Typed, high: Typed) -> Typed:
    return _and(ansi, OPERATORS[">="](ansi, value, low), OPERATORS["<="](ansi, value, high))


def _in(ansi: bool, *arguments: Typed) -> Typed:
    value, *options = (argument.of for argument in _comparable(arguments, ansi))

    def of(row: Sequence[Any]) -> bool | None:
        if (wanted := value(row)) is None:
            return None
        unknown = False
        for option in options:
            if (found := option(row)) is None:
                unknown = True
            elif same(wanted, found):
                return True
        return None if unknown else False

    return Typed(BOOLEAN, of)


def _and(ansi: bool, left: Typed, right: Typed) -> Typed:  # noqa: ARG001
    return _decided_by(False, boolean(left), boolean(right))


def _or(ansi: bool, left: Typed, right: Typed) -> Typed:  # noqa: ARG001
    return _decided_by(True, boolean(left), boolean(right))


def _decided_by(deciding: bool, left: Typed, right: Typed) -> Typed:
    one, other = left.of, right.of

    def of(row: Sequence[Any]) -> bool | None:
        a: bool | None = one(row)
        if a is deciding or (b := other(row)) is deciding:
            return deciding
        return None if a is None or b is None else not deciding

    return Typed(BOOLEAN, of)


def _not(ansi: bool, argument: Typed) -> Typed:  # noqa: ARG001
    return strict(BOOLEAN, operator.not_, boolean(argument))


def _is_null(wanted: bool, ansi: bool, *arguments: Typed) -> Typed:  # noqa: ARG001
    of = arguments[0].of
    return Typed(BOOLEAN, lambda row: (of(row) is None) is wanted)


def case(ansi: bool, *arguments: Typed) -> Typed:
    """A condition and a value in turns, the first whose condition holds; then perhaps a value for all else."""
    conditions = [boolean(argument).of for argument in arguments[: len(arguments) // 2 * 2 : 2]]
    otherwise = [arguments[-1]] if len(arguments) % 2 else [Typed(VOID, lambda _: None)]
    chosen = alike([*arguments[1::2], *otherwise], ansi)
    pairs, last = list(zip(conditions, [value.of for value in chosen[:-1]], strict=True)), chosen[-1].of

    def of(row: Sequence[Any]) -> Any:
        for condition, value in pairs:
            if condition(row):
                return value(row)
        return last(row)

    return Typed(chosen[0].type, of)


def _for(of: Callable[..., Typed], first: Any) -> Operator:
    return lambda ansi, *arguments: of(first, ansi, *arguments)


_EXACT: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_OF_DOUBLES = _EXACT
_DIVIDING_DOUBLES: dict[str, Callable[[Any, Any], Any]] = {"/": operator.truediv, "%": _remainder_of_doubles}
_DECIMALS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": WIDE.add,
    "-": WIDE.subtract,
    "*": WIDE.multiply,
    "/": WIDE.divide,
    "%": WIDE.remainder,
}
OPERATORS: dict[str, Operator] = {
    **{symbol: _for(_arithmetic, symbol) for symbol in ("+", "-", "*", "/", "%")},
    **{symbol: _for(_signed, symbol) for symbol in ("negative", "positive")},
    "div": _whole_division,
    "=": _for(_comparison, same),
    "<": _for(_comparison, less),
    ">": _for(_comparison, lambda a, b: less(b, a)),
    "<=": _for(_comparison, lambda a, b: not less(b, a)),
    ">=": _for(_comparison, lambda a, b: not less(a, b)),
    "<=>": _null_safe,
    "between": _between,
    "in": _in,
    "and": _and,
    "or": _or,
    "not": _not,
    "is null": _for(_is_null, True),
    "is not null": _for(_is_null, False),
    "case": case,
}
