"""Ways in which a table of fitted values may be valid parquet and yet not what Spark wrote, all of them, listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa

_REDUNDANT = frozenset({"type", "numRows", "numCols", "colPtrs", "rowIndices", "indices"})
_OF_TREES = frozenset({"id", "treeID", "leftChild", "rightChild"})
"""Fields of which a number out of range can be told to be wrong: of vectors and matrices, and of trees."""
_OF_ANY_TYPE = frozenset({"items"})
"""Columns that hold what the rows held that a model was fitted on."""


class Change(NamedTuple):
    """`lost`: whether something that is read is gone, or can be told to be wrong; `made`: the table after it."""

    what: str
    lost: bool
    made: Callable[[], pa.Table]


def changes(table: pa.Table) -> Iterator[Change]:
    """All that may be done to `table`, always in the same order."""
    rows = table.to_pylist()
    yield Change("as it is", True, lambda: table)
    yield Change("no rows", False, lambda: table.slice(0, 0))
    yield Change("first row twice", False, lambda: pa.concat_tables([table.slice(0, 1), table]))
    yield Change("without its last row", False, lambda: table.slice(0, len(table) - 1))
    yield Change("without its first row", False, lambda: table.slice(1))
    yield Change("backwards", False, lambda: table.take(pa.array(range(len(table))[::-1], pa.int64())))
    for column in table.column_names:
        names = [f"{n}x" if n == column else n for n in table.column_names]
        yield Change(f"{column} dropped", True, partial(table.drop_columns, [column]))
        yield Change(f"{column} renamed", True, partial(table.rename_columns, names))
        yield Change(f"{column} twice", False, partial(table.append_column, column, table[column]))
    redundant = _REDUNDANT | (_OF_TREES if "split" in str(table.schema) else frozenset())
    for way in _ways(table.schema):
        where = ".".join(map(str, way))
        kind = _kind(table.schema, way)
        for what, to in _OTHER_KINDS:
            if not to.equals(_nullable(kind)):
                schema = _retyped(table.schema, way, to)
                lost = way[0] not in _OF_ANY_TYPE and not (_is_number(kind) and _is_number(to))
                yield Change(f"{where} is of {what}", lost, partial(_cast, rows, way, to, schema))
        for what, lost, change in _changes(way, kind, redundant):
            for which in ("first", "last", "all"):
                yield Change(f"{which} {where} {what}", lost, partial(_changed, rows, table.schema, way, change, which))


_OTHER_KINDS: list[tuple[str, pa.DataType]] = [
    ("text", pa.string()),
    ("integers", pa.int64()),
    ("small integers", pa.int8()),
    ("doubles", pa.float64()),
    ("singles", pa.float32()),
    ("booleans", pa.bool_()),
    ("bytes", pa.binary()),
    ("lists of doubles", pa.list_(pa.float64())),
    ("lists of text", pa.list_(pa.string())),
    ("structs", pa.struct([("value", pa.float64())])),
    ("dates", pa.date32()),
    ("decimals", pa.decimal128(20, 2)),
]

_Way: TypeAlias = tuple[str, ...]
"""Where a value stands: a column, then fields of structs, and `[]` for the items of lists."""


def _is_number(kind: pa.DataType) -> bool:
    """Whole numbers may be stored longer or shorter; all else is another type than Spark writes."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _ways(schema: pa.Schema) -> Iterator[_Way]:
    for field in schema:
        yield from _ways_in(field.type, (field.name,))


def _ways_in(kind: pa.DataType, way: _Way) -> Iterator[_Way]:
    yield way
    if pa.types.is_struct(kind):
        for field in kind:
            yield from _ways_in(field.type, (*way, field.name))
    elif pa.types.is_list(kind):
        yield from _ways_in(kind.value_type, (*way, "[]"))


def _kind(schema: pa.Schema, way: _Way) -> pa.DataType:
    kind = schema.field(way[0]).type
    for step in way[1:]:
        kind = kind.value_type if step == "[]" else kind.field(step).type
    return kind


def _retyped(schema: pa.Schema, way: _Way, to: pa.DataType) -> pa.Schema:
    at = schema.get_field_index(way[0])
    return schema.set(at, pa.field(way[0], _retyped_in(schema.field(at).type, way[1:], to)))


def _retyped_in(kind: pa.DataType, way: _Way, to: pa.DataType) -> pa.DataType:
    if not way:
        return to
    if way[0] == "[]":
        return pa.list_(_retyped_in(kind.value_type, way[1:], to))
    fields = [(f.name, _retyped_in(f.type, way[1:], to) if f.name == way[0] else f.type) for f in kind]
    return pa.struct(fields)


def _cast(rows: list[dict[str, Any]], way: _Way, to: pa.DataType, schema: pa.Schema) -> pa.Table:
    return _table([_edited(row, way, lambda value: _as(value, to)) for row in rows], schema)


def _as(value: Any, to: pa.DataType) -> Any:
    """`value`, or what comes near to it, in another type."""
    if value is None:
        return None
    number = value if isinstance(value, int | float) and value == value and abs(value) < 1e9 else 1
    if pa.types.is_string(to):
        return str(value)[:20]
    if pa.types.is_binary(to):
        return str(value).encode()[:20]
    if pa.types.is_integer(to):
        return int(number) % 128
    if pa.types.is_floating(to):
        return float(value) if isinstance(value, int | float) else 1.0
    if pa.types.is_boolean(to):
        return bool(value)
    if pa.types.is_list(to):
        return [_as(value, to.value_type)]
    if pa.types.is_struct(to):
        return {"value": _as(value, pa.float64())}
    return int(number) % 100


def _changes(
    way: _Way, kind: pa.DataType, redundant: frozenset[str]
) -> Iterator[tuple[str, bool, Callable[[Any], Any]]]:
    """What may be done to a value: what, whether that can be told to be wrong, and how."""
    yield "null", way[0] not in _OF_ANY_TYPE and not pa.types.is_string(kind), lambda _: None
    if pa.types.is_list(kind):
        yield "shorter", False, lambda value: value[:-1]
        yield "longer", False, lambda value: value + value[-1:]
        yield "empty", False, lambda _: []
        yield "backwards", False, lambda value: value[::-1]
    elif pa.types.is_integer(kind):
        limit = 2 ** (kind.bit_width - 1)
        checked = bool(redundant.intersection(way))
        for number in (-1, limit - 1, -limit):
            yield f"= {number}", checked and number != -1, partial(_of_number, number=number)
        for step in (1, -1, 2):
            yield f"plus {step}", False, partial(_plus, step=step, limit=limit)
    elif pa.types.is_floating(kind):
        for number in (float("nan"), float("inf"), -float("inf"), 0.0, -0.0, -1.0, 1e308, 5e-324, 0.5):
            yield f"= {number}", False, partial(_of_number, number=number)
    elif pa.types.is_string(kind):
        for text in ("", "x", "\x00", "{}", "a" * 100_000):
            yield f"= {text[:5]!r}", False, partial(_of_number, number=text)
    elif pa.types.is_boolean(kind):
        yield "not", False, lambda value: not value


def _of_number(_: Any, number: Any) -> Any:
    return number


def _plus(value: int, step: int, limit: int) -> int:
    return max(-limit, min(value + step, limit - 1))


def _changed(
    rows: list[dict[str, Any]], schema: pa.Schema, way: _Way, change: Callable[[Any], Any], which: str
) -> pa.Table:
    seen = 0
    total = sum(_count(row, way) for row in rows)

    def edit(value: Any) -> Any:
        nonlocal seen
        seen += 1
        wanted = which == "all" or seen == {"first": 1, "last": total}[which]
        return change(value) if wanted and value is not None else value

    return _table([_edited(row, way, edit) for row in rows], schema)


def _count(value: Any, way: _Way) -> int:
    if not way:
        return 1
    if value is None:
        return 0
    if way[0] == "[]":
        return sum(_count(item, way[1:]) for item in value)
    return _count(value[way[0]], way[1:])


def _edited(value: Any, way: _Way, edit: Callable[[Any], Any]) -> Any:
    if not way:
        return edit(value)
    if value is None:
        return None
    if way[0] == "[]":
        return [_edited(item, way[1:], edit) for item in value]
    return value | {way[0]: _edited(value[way[0]], way[1:], edit)}


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    kinds = {field.name: _nullable(field.type) for field in schema}
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()})


def _nullable(kind: pa.DataType) -> pa.DataType:
    """The same type, any part of which may be null."""
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _nullable(field.type)) for field in kind])
    return pa.list_(_nullable(kind.value_type)) if pa.types.is_list(kind) else kind
