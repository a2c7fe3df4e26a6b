"""A loaded pipeline, and the way of rows through its stages.

A few rows go one by one through plain Python, which beats NumPy there; from `COLUMNAR_FROM` rows on they go column by
column. Both give the same answer. It keeps nothing between calls, and threads may share it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from catenary.errors import InvalidInput, ModelBroken

from . import stages as stages  # registers what comes with the engine
from .columns import Column, plain_values, values
from .compiled import FILE, Recorder, source
from .errors import Rejected, Unreadable
from .folder import Source
from .registry import load_stage
from .saved import Saved
from .schema import bound
from .stage import Stage
from .values import MISSING, plain

COLUMNAR_FROM = 8
"""The least number of rows that are scored by columns."""


def load(path: str | Path) -> PipelineModel:
    """The pipeline, or the single fitted stage, that Spark saved in the folder `path`, or that was compiled from it.

    Raises ModelBroken for whatever cannot be served: an unknown stage, a missing or damaged file, parameters that Spark
    would refuse, stages that do not fit one another.
    """
    path = Path(path)
    try:
        return _read(source(path))
    except Unreadable as error:
        raise ModelBroken(path.name, error.reason) from error


def compile_model(path: str | Path, to: str | Path) -> PipelineModel:
    """Write the model that Spark saved in `path` into the folder `to`, as one file that loads without pyarrow.

    A file that is there already is replaced at once, by a whole one. Returns the model. Raises ModelBroken where it
    cannot be served, OSError where `to` cannot be written.
    """
    path = Path(path)
    recorder = Recorder(source(path))
    try:
        model = _read(recorder)
    except Unreadable as error:
        raise ModelBroken(path.name, error.reason) from error
    Path(to).mkdir(parents=True, exist_ok=True)
    unfinished = Path(to) / f".{FILE}"
    try:
        recorder.write(unfinished, model.inputs, model.outputs)
        unfinished.replace(Path(to) / FILE)
    finally:
        unfinished.unlink(missing_ok=True)
    return model


def _read(saved_in: Source) -> PipelineModel:
    try:
        with np.errstate(all="ignore"):  # infinities and NaN come of themselves, as on the JVM
            return PipelineModel(load_stage(Saved(saved_in)).steps())
    except RecursionError as error:
        raise Unreadable(f"{saved_in.name}: its stages nest too deep") from error


class PipelineModel:
    """Fitted stages in their order.

    `inputs` and `outputs` are the columns that the model's metadata name, with what is known of each: its type, the
    size of its vectors.
    """

    def __init__(self, steps: Sequence[Stage]) -> None:
        """Binds `steps` to one another. Raises Unreadable where one asks for what those before it cannot give."""
        self._stages, schema = bound(steps)
        self._made = tuple(dict.fromkeys(name for stage in self._stages for name in stage.outputs))
        self._required, self._refused = schema.required, schema.refused
        self.inputs, self.outputs = schema.inputs, schema.outputs
        self.drops_rows = any(stage.drops_rows for stage in self._stages)

    def transform(self, rows: list[dict[str, object]]) -> list[dict[str, object]]:
        """What Spark's `transform` adds to each row, beside the row's own columns; `rows` stay as they are.

        A vector is a list of numbers or `{"size", "indices", "values"}`; None is null. Rows that a stage skips
        (handleInvalid) are left out, the others keep their order. Raises InvalidInput with row and column.
        """
        for position, row in enumerate(rows):
            self._check_columns(row, position)
        if len(rows) >= COLUMNAR_FROM:
            try:
                with _garbage_waiting():
                    return self._by_column(rows)
            except Rejected:
                pass  # row by row finds the first that is wrong, and says so
        return self._by_row(rows)

    def _check_columns(self, row: object, position: int) -> None:
        if not isinstance(row, dict):
            message = f"row {position} is of type {type(row).__name__}, not a dict of columns and values"
            raise InvalidInput(message, row=position)
        if not self._refused.isdisjoint(row):
            column = next(name for name in row if name in self._refused)
            message = f"row {position}: the column {column!r} is there already, and the model makes it"
            raise InvalidInput(message, row=position, column=column)
        for column in self._required:
            if column not in row:
                raise InvalidInput(f"row {position}: the column {column!r} is missing", row=position, column=column)

    def _by_row(self, rows: list[dict[str, object]]) -> list[dict[str, object]]:
        answers = []
        for position, row in enumerate(rows):
            try:
                answer = self._one(row)
            except Rejected as error:
                message = f"row {position}: the column {error.column!r} {error.message}"
                raise InvalidInput(message, row=position, column=error.column) from error
            if answer is not None:
                answers.append(answer)
        return answers

    def _one(self, row: dict[str, object]) -> dict[str, object] | None:
        answer = dict(row)
        for stage in self._stages:
            made = stage.apply(*[answer.get(name, MISSING) for name in stage.inputs])
            if made is None:
                return None
            answer.update(zip(stage.outputs, made, strict=True))
            if stage.selects:
                answer = {name: answer[name] for name in stage.select(tuple(answer))}
        for name in self._made:
            if name not in answer:
                continue
            if (value := answer[name]) is MISSING:
                del answer[name]
            else:
                answer[name] = plain(value)
        return answer

    def _by_column(self, rows: list[dict[str, object]]) -> list[dict[str, object]]:
        columns: dict[str, Column] = {}
        made: dict[str, None] = {}
        for stage in self._stages:
            for name in stage.inputs:
                if name not in columns:
                    columns[name] = [row.get(name, MISSING) for row in rows]
            taken = [columns[name] for name in stage.inputs]
            with np.errstate(all="ignore"):  # infinities and NaN come of themselves, as on the JVM
                given = stage.apply_columns(*taken)
            if given is None:
                kept, given = _row_by_row(stage, taken, len(rows))
                if len(kept) < len(rows):
                    rows = [rows[position] for position in kept]
                    if not rows:
                        return []
                    columns = {name: _taken(column, kept) for name, column in columns.items()}
            columns.update(zip(stage.outputs, given, strict=True))
            made |= dict.fromkeys(stage.outputs)
            if stage.selects:
                rows = [{n: row[n] for n in stage.select(tuple(row))} for row in _joined(rows, columns, made)]
                columns, made = {name: column for name, column in columns.items() if stage.select((name,))}, {}
        return _joined(rows, columns, made)


@contextmanager
def _garbage_waiting() -> Iterator[None]:
    """No search for cycles meanwhile: there are none, and it would look at all that is made again and again."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


def _joined(
    rows: list[dict[str, object]], columns: Mapping[str, Column], made: Iterable[str]
) -> list[dict[str, object]]:
    """`rows` with the columns that were `made`, in the form in which values leave."""
    joined = [dict(row) for row in rows]
    for name in made:
        for row, value in zip(joined, plain_values(columns[name]), strict=True):
            if value is not MISSING:
                row[name] = value
    return joined


def _taken(column: Column, positions: Sequence[int]) -> list[Any]:
    rows = values(column)
    return [rows[position] for position in positions]


def _row_by_row(stage: Stage, taken: list[Column], n_rows: int) -> tuple[list[int], tuple[Column, ...]]:
    """The rows that the stage keeps, and its columns for them."""
    rows = zip(*map(values, taken), strict=True) if taken else iter([()] * n_rows)
    kept, made = [], []
    for position, row in enumerate(rows):
        if (outcome := stage.apply(*row)) is not None:
            kept.append(position)
            made.append(outcome)
    by_column: list[list[Any]] = [list(column) for column in zip(*made, strict=True)] or [[] for _ in stage.outputs]
    return kept, tuple(by_column)
