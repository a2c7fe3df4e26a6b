"""What a statement is made of, and the names that Spark gives to columns that nobody named.

Spark's `catalyst/util/package.scala` (`toPrettySQL`) and `analysis/AliasResolution`, 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..errors import Unreadable
from .types import Type


@dataclass(frozen=True)
class Column:
    """A column of the rows."""

    name: str


@dataclass(frozen=True)
class Literal:
    """A value; `text`: as Spark shows it in a column's name."""

    type: Type
    value: Any
    text: str


@dataclass(frozen=True)
class Call:
    """An operator or a function, in lower case, of some arguments.

    `case` has a condition and a value in turns, and perhaps a value for all else; `cast` has the wanted type in `to`.
    """

    operation: str
    arguments: tuple[Expression, ...]
    to: Type | None = None


Expression: TypeAlias = "Column | Literal | Call"

COMPARISONS = ("=", "<=>", "<", "<=", ">", ">=")
_BINARY = (*COMPARISONS, "and", "or", "+", "-", "*", "/", "%", "div")
_UPPER = ("floor", "ceil", "sqrt", "exp", "log2", "log10", "power")


def columns(expression: Expression) -> Iterator[str]:
    """The columns that it is computed from."""
    if isinstance(expression, Column):
        yield expression.name
    elif isinstance(expression, Call):
        for argument in expression.arguments:
            yield from columns(argument)


def column_name(expression: Expression, spark_version: tuple[int, int]) -> str:
    """What Spark calls a column of the SELECT list without AS. Raises Unreadable where that hangs on its type."""
    if isinstance(expression, Call) and expression.operation == "cast" and isinstance(expression.arguments[0], Column):
        return expression.arguments[0].name
    return _shown(expression, spark_version)


def _shown(expression: Expression, version: tuple[int, int]) -> str:
    if isinstance(expression, Column):
        return expression.name
    if isinstance(expression, Literal):
        return expression.text
    operation = expression.operation
    if operation in COMPARISONS and any(
        isinstance(of, Literal) and of.type.kind == "decimal" for of in expression.arguments
    ):
        raise Unreadable("a comparison with a decimal that has no name: give it one with AS")
    shown = [_shown(argument, version) for argument in expression.arguments]
    if operation in _BINARY:
        symbol = operation.upper() if operation in ("and", "or") else operation
        return f"({shown[0]} {symbol} {shown[1]})"
    match operation:
        case "not":
            return f"(NOT {shown[0]})"
        case "negative" | "positive":
            return f"({'-' if operation == 'negative' else '+'} {shown[0]})"
        case "is null" | "is not null":
            return f"({shown[0]} {operation.upper()})"
        case "in":
            return f"({shown[0]} IN ({', '.join(shown[1:])}))"
        case "between":
            value, low, high = shown
            return (
                f"between({value}, {low}, {high})"
                if version >= (4, 0)
                else f"(({value} >= {low}) AND ({value} <= {high}))"
            )
        case "case":
            pairs = [f"WHEN {when} THEN {then}" for when, then in zip(shown[::2], shown[1::2], strict=False)]
            return " ".join(["CASE", *pairs, *([f"ELSE {shown[-1]}"] if len(shown) % 2 else []), "END"])
        case "cast" if expression.to is not None:
            return f"CAST({shown[0]} AS {expression.to.kind.upper()})"
        case "if":
            return f"(IF({', '.join(shown)}))"
        case "log" if len(shown) == 1:
            return f"LOG(E(), {shown[0]})"
        case "log":
            return f"LOG({', '.join(shown)})"
        case "round" if len(shown) == 1:
            return f"round({shown[0]}, 0)"
        case "substring" | "substr" if len(shown) == 2:
            return f"{operation}({', '.join(shown)}, {2**31 - 1})"
    return f"{operation.upper() if operation in _UPPER else operation}({', '.join(shown)})"
