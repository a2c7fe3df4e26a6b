"""An expression for columns of given types, as one function from a row's values to a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .expression import Column, Expression
from .expression import Literal as Named
from .functions import FUNCTIONS
from .operators import OPERATORS
from .typed import Typed, converted
from .types import BIGINT, BOOLEAN, DOUBLE, OTHER, RANGES, STRING, VOID, Type, Unfit

TYPE_OF: Mapping[type, Type] = {type(None): VOID, bool: BOOLEAN, int: BIGINT, float: DOUBLE, str: STRING}
"""The type in SQL of a row's value; all else is `OTHER`."""


def typed(expression: Expression, types: Mapping[str, tuple[int, Type]], ansi: bool) -> Typed:
    """The expression where each column has a position among the row's values, and a type. Raises Unfit."""
    if isinstance(expression, Column):
        return _column(*types[expression.name])
    if isinstance(expression, Named):
        return _literal(expression)
    arguments = [typed(argument, types, ansi) for argument in expression.arguments]
    if expression.to is not None:
        return converted(arguments[0], expression.to, ansi)
    of = OPERATORS.get(expression.operation) or FUNCTIONS[expression.operation].of
    return of(ansi, *arguments)


def _column(position: int, type_: Type) -> Typed:
    if type_ != BIGINT:
        return Typed(type_, lambda row: row[position])
    low, high = RANGES["bigint"]

    def of(row: Any) -> int:
        if low <= (value := row[position]) <= high:
            return int(value)
        raise Unfit(f"is {value}, which is too large for bigint")

    return Typed(type_, of)


def _literal(literal: Named) -> Typed:
    value = literal.value

    def of(row: Any) -> Any:  # noqa: ARG001
        return value

    of.literal = value  # type: ignore[attr-defined]
    return Typed(literal.type, of)


def type_of(value: object) -> Type:
    """The type of a row's value."""
    return TYPE_OF.get(type(value), OTHER)
