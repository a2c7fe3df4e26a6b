"""SQLTransformer: a SELECT of each row, and a WHERE. What of SQL is evaluated stands in `runtimes.spark_local.sql`.

Spark's `ml/feature/SQLTransformer.scala`, 4.3, with the ANSI rules that Spark 4 has on and Spark 3 off: those of the
Spark that saved it. `*` may stand first in the list only. Columns keep what is known of them where they are taken as
they are; one that keeps its name too may be absent from a row, where Spark fails. A decimal leaves as the nearest
double. Columns are found by their exact names, and each has the type of the row's value: a null has none, so that
`coalesce(x, 0)` of it is a whole number even where Spark, knowing that x is a double, makes it 0.0. Equal to the last
bit but for exp, log and pow, within 1e-14.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from ..errors import Rejected, Unreadable
from ..fields import ANY, NUMBER, Field
from ..fields import STRING as STRING_FIELD
from ..registry import register
from ..saved import Saved
from ..sql.evaluate import type_of, typed
from ..sql.expression import Column, Expression, columns
from ..sql.statement import Statement, read
from ..sql.typed import Typed
from ..sql.types import BIGINT, BOOLEAN, DOUBLE, STRING, VOID, Type, Unfit
from ..stage import Stage
from ..values import MISSING

_MOST_PLANS = 256
_MOST_COLUMNS = 4
"""The type of what is computed from more is not known before a row comes."""
_NUMBERS = (DOUBLE, BIGINT)
_SCALARS = (*_NUMBERS, STRING, BOOLEAN)
_WHERE = "WHERE"
_Plan = Callable[[Sequence[Any]], "tuple[Any, ...] | None"]


@register
@dataclass(frozen=True)
class SQLTransformer(Stage):
    """`made`: an expression for each output. `_plans`: what makes the answer of a row, by the types of its values."""

    saved_as = ("org.apache.spark.ml.feature.SQLTransformer",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    statement: Statement
    made: Mapping[str, Expression]
    ansi: bool
    fields: Mapping[str, Field] = field(default_factory=dict)
    _plans: dict[tuple[type, ...], _Plan] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def load(cls, saved: Saved) -> SQLTransformer:
        try:
            return cls._of(saved)
        except RecursionError as error:
            raise saved.unreadable("its statement nests too deep") from error

    @classmethod
    def _of(cls, saved: Saved) -> SQLTransformer:
        try:
            statement = read(saved.text("statement"), saved.spark_version)
        except Unreadable as error:
            raise saved.unreadable(f"its statement holds {error.reason}") from error
        names = [name for name, _ in statement.items]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise saved.unreadable(f"its statement makes two columns {twice!r}")
        made = {name: of for name, of in statement.items if statement.star or of != Column(name)}
        expressions = [*made.values(), *([statement.where] if statement.where else [])]
        inputs = tuple(dict.fromkeys(name for of in expressions for name in columns(of)))
        stage = cls(inputs, tuple(made), statement, made, saved.spark_version >= (4, 0))
        try:
            stage._plan((VOID,) * len(inputs))
        except Rejected as error:
            raise saved.unreadable(f"its statement fits no row: {error.column!r} {error.message}") from error
        return stage

    @property
    def selects(self) -> bool:  # type: ignore[override]
        return not self.statement.star

    @property
    def drops_rows(self) -> bool:  # type: ignore[override]
        return self.statement.where is not None

    def bind(self, known: Mapping[str, Field]) -> SQLTransformer:
        return replace(self, fields={name: self._field(of, known) for name, of in self.made.items()})

    def _field(self, expression: Expression, known: Mapping[str, Field]) -> Field:
        if isinstance(expression, Column):
            return known.get(expression.name, ANY)
        kinds = self._kinds(expression, _NUMBERS) or self._kinds(expression, _SCALARS)
        if "decimal" in kinds:
            return Field("decimal")
        if kinds == {"string"}:
            return STRING_FIELD
        return NUMBER if kinds and kinds <= {"int", "bigint", "double"} else ANY

    def _kinds(self, expression: Expression, types: Sequence[Type]) -> set[str]:
        """The kinds of value that come of columns of these types; none: it computes with what only a row tells."""
        names = tuple(dict.fromkeys(columns(expression)))
        found: set[str] = set()
        for chosen in product(types, repeat=len(names)) if len(names) <= _MOST_COLUMNS else ():
            try:
                places = {name: (0, type_) for name, type_ in zip(names, chosen, strict=True)}
                found.add(typed(expression, places, self.ansi).type.kind)
            except Unfit:
                continue
        return found

    def makes(self) -> Mapping[str, Field]:
        return self.fields

    def select(self, columns: Sequence[str]) -> Sequence[str]:
        return columns if self.statement.star else [name for name, _ in self.statement.items if name in columns]

    def apply(self, *values: Any) -> tuple[Any, ...] | None:
        signature = tuple(map(type, values))
        if (plan := self._plans.get(signature)) is None:
            plan = self._planned(values)
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            self._plans[signature] = plan
        return plan(values)

    def _planned(self, values: Sequence[Any]) -> _Plan:
        if MISSING in values:
            raise Rejected("is missing", self.inputs[values.index(MISSING)])
        return self._plan(tuple(map(type_of, values)))

    def _plan(self, types: Sequence[Type]) -> _Plan:
        """What makes the answer of a row whose values have these types; None drops the row. Raises Rejected."""
        places = {name: (at, type_) for at, (name, type_) in enumerate(zip(self.inputs, types, strict=True))}

        def typed_as(name: str, expression: Expression) -> Typed:
            try:
                found = typed(expression, places, self.ansi)
                if name == _WHERE and found.type.kind not in ("boolean", "void"):
                    raise Unfit(f"it takes a boolean, not {found.type.kind}")
            except Unfit as error:
                raise Rejected(f"cannot be computed: {error}", name) from error
            return found

        holds = typed_as(_WHERE, self.statement.where).of if self.statement.where else None
        items = [(name, typed_as(name, expression)) for name, expression in self.made.items()]
        made = [(name, of, type_.kind == "decimal") for name, (type_, of) in items]

        def plan(row: Sequence[Any]) -> tuple[Any, ...] | None:
            at = _WHERE
            answer: list[Any] = []
            try:
                if holds is not None and not holds(row):
                    return None
                for name, of, is_decimal in made:
                    at = name
                    value = of(row)
                    answer.append(float(value) if is_decimal and value is not None else value)
            except Unfit as error:
                raise Rejected(str(error), at) from error
            return tuple(answer)

        return plan
