"""An expression once the types of its columns are known: its own type, and a function from a row's values to its value.

None is null. What most operations do first is here: bring their arguments to one type, and give null for a null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from .types import VOID, Type, Unfit, cast, common, is_number

Of: TypeAlias = Callable[[Sequence[Any]], Any]


class Typed(NamedTuple):
    """`of` raises Unfit for a value that the operation does not take."""

    type: Type
    of: Of


def converted(argument: Typed, to: Type, ansi: bool) -> Typed:
    """The same as another type. Raises Unfit."""
    if argument.type in (to, VOID):
        return Typed(to, argument.of)
    return strict(to, cast(argument.type, to, ansi), argument)


def alike(arguments: Sequence[Typed], ansi: bool) -> list[Typed]:
    """All as the type that they widen to. Raises Unfit."""
    to = VOID
    for argument in arguments:
        to = common(to, argument.type)
    return [converted(argument, to, ansi) for argument in arguments]


def strict(type_: Type, of: Callable[..., Any], *arguments: Typed) -> Typed:
    """`of` the arguments' values; null if one of them is null, and the ones after it are then not looked at."""
    if len(arguments) == 1:
        one = arguments[0].of
        return Typed(type_, lambda row: None if (value := one(row)) is None else of(value))
    if len(arguments) == 2:
        left, right = arguments[0].of, arguments[1].of
        return Typed(type_, lambda row: None if (a := left(row)) is None or (b := right(row)) is None else of(a, b))
    every = [argument.of for argument in arguments]

    def of_every(row: Sequence[Any]) -> Any:
        values = []
        for argument in every:
            if (value := argument(row)) is None:
                return None
            values.append(value)
        return of(*values)

    return Typed(type_, of_every)


def numeric(argument: Typed) -> Typed:
    """The argument, which has to be a number. Raises Unfit."""
    if argument.type != VOID and not is_number(argument.type):
        raise Unfit(f"a number is computed with, not {argument.type.kind}: cast it")
    return argument


def boolean(argument: Typed) -> Typed:
    """The argument, which has to be a boolean. Raises Unfit."""
    if argument.type.kind not in ("void", "boolean"):
        raise Unfit(f"a condition is a boolean, not {argument.type.kind}")
    return argument
