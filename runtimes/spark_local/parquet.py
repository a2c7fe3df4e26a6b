"""Parquet as Spark writes it, read into nested columns. The only module that needs pyarrow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .errors import Unreadable
from .nested import Flat, Lists, Nested, Struct


def read_parquet(folder: Path) -> Struct:
    """The part files of `folder`, one after the other in the order of their names, as one table.

    Raises Unreadable where there is none, or one is damaged: pages are held against the checksums that Spark writes.
    """
    try:
        parts = sorted(part for part in folder.glob("part-*") if part.suffix != ".crc")
        if not parts:
            raise Unreadable(f"no part file in {folder.name!r}")
        table = pa.concat_tables([_read(part) for part in parts])
        return Struct(
            table.num_rows,
            {name: _nested(table[name].combine_chunks()) for name in table.column_names},
        )
    except (OSError, pa.ArrowException, ValueError, KeyError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise Unreadable(f"{folder.name!r} is not parquet as Spark writes it ({reason})") from error


def _read(path: Path) -> pa.Table:
    # read_table would do, but its first call costs 200 ms more
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        table = file.read(use_threads=False)
    table.validate(full=True)
    return table


def _nested(array: pa.Array) -> Nested:
    valid = None if array.null_count == 0 else array.is_valid().to_numpy(zero_copy_only=False)
    kind = array.type
    if pa.types.is_struct(kind):
        # `field` alone would leave out where the array begins, and its nulls
        fields = {kind.field(i).name: _nested(pc.struct_field(array, [i])) for i in range(kind.num_fields)}
        return Struct(len(array), fields, valid)
    if pa.types.is_map(kind):
        pairs = pa.StructArray.from_arrays([array.keys, array.items], names=["key", "value"])
        array = pa.ListArray.from_arrays(array.offsets, pairs, mask=None if valid is None else array.is_null())
        kind = array.type
    if pa.types.is_list(kind):
        lengths = pc.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        return Lists(np.concatenate([[0], np.cumsum(lengths)]), _nested(array.flatten()), valid)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return Flat(np.array(array.to_pylist(), object), valid)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        if valid is not None:
            array = array.fill_null(False if pa.types.is_boolean(kind) else 0)
        return Flat(array.to_numpy(zero_copy_only=False), valid)
    raise ValueError(f"a column is of the type {kind}")
