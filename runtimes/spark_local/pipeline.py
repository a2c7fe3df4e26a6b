"""A loaded pipeline: which columns it takes and makes, and the way of rows through its stages.

A few rows go one by one through plain Python, which beats NumPy there; from `COLUMNAR_FROM` rows on they go column by
column. Both give the same answer. It keeps nothing between calls, and threads may share it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from catenary.errors import InvalidInput, ModelBroken

from . import stages as stages  # registers what comes with the engine
from .columns import Column, values
from .errors import Rejected, Unreadable
from .registry import load_stage
from .saved import Saved
from .stage import Attributes, Stage
from .values import MISSING, plain

COLUMNAR_FROM = 8
"""The least number of rows that are scored by columns."""


def load(path: Path) -> PipelineModel:
    """The pipeline, or the single fitted stage, that Spark saved in the folder `path`.

    Raises ModelBroken for whatever cannot be served: an unknown stage, a missing or damaged file, parameters that Spark
    would refuse, stages that do not fit one another.
    """
    try:
        return PipelineModel(load_stage(Saved(path)).steps())
    except Unreadable as error:
        raise ModelBroken(path.name, error.reason) from error


class PipelineModel:
    """Fitted stages in their order. `inputs` and `outputs` are the columns that the model's metadata name."""

    def __init__(self, steps: Sequence[Stage]) -> None:
        """Binds `steps` to one another. Raises Unreadable where one asks for what those before it cannot give."""
        known: dict[str, Attributes] = {}
        bound: list[Stage] = []
        for step in steps:
            stage = step.bind(known)
            bound.append(stage)
            _check_outputs(bound)
            known |= dict.fromkeys(stage.outputs, Attributes()) | dict(stage.attributes())
        self._stages = tuple(bound)
        self._made = tuple(known)
        self._required = _required(self._stages)
        self.inputs, self.outputs = _schema(self._stages, self._required)
        self.drops_rows = any(stage.drops_rows for stage in bound)

    def transform(self, rows: list[dict[str, object]]) -> list[dict[str, object]]:
        """What Spark's `transform` adds to each row, beside the row's own columns; `rows` stay as they are.

        A vector is a list of numbers or `{"size", "indices", "values"}`; None is null. Rows that a stage skips
        (handleInvalid) are left out, the others keep their order. Raises InvalidInput with row and column.
        """
        for position, row in enumerate(rows):
            self._check_columns(row, position)
        if len(rows) >= COLUMNAR_FROM:
            try:
                return self._by_column(rows)
            except Rejected:
                pass  # row by row finds the first that is wrong, and says so
        return self._by_row(rows)

    def _check_columns(self, row: dict[str, object], position: int) -> None:
        if column := next((name for name in self._made if name in row), None):
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
        for name in self._made:
            if (value := answer[name]) is MISSING:
                del answer[name]
            else:
                answer[name] = plain(value)
        return answer

    def _by_column(self, rows: list[dict[str, object]]) -> list[dict[str, object]]:
        columns: dict[str, Column] = {}
        for stage in self._stages:
            for name in stage.inputs:
                if name not in columns:
                    columns[name] = [row.get(name, MISSING) for row in rows]
            taken = [columns[name] for name in stage.inputs]
            with np.errstate(all="ignore"):  # infinities and NaN come of themselves, as on the JVM
                made = stage.apply_columns(*taken)
            if made is None:
                kept, made = _row_by_row(stage, taken, len(rows))
                if len(kept) < len(rows):
                    rows = [rows[position] for position in kept]
                    if not rows:
                        return []
                    columns = {name: [values(column)[p] for p in kept] for name, column in columns.items()}
            columns.update(zip(stage.outputs, made, strict=True))
        answers = [dict(row) for row in rows]
        for name in self._made:
            for answer, value in zip(answers, values(columns[name]), strict=True):
                if value is not MISSING:
                    answer[name] = plain(value)
        return answers


def _check_outputs(steps: Sequence[Stage]) -> None:
    """As Spark does, refuses a last stage that makes a column which is there already."""
    there = {name for stage in steps for name in stage.inputs} | {
        name for stage in steps[:-1] for name in stage.outputs
    }
    made = steps[-1].outputs
    for position, name in enumerate(made):
        if name in there or name in made[:position]:
            raise Unreadable(f"{type(steps[-1]).__name__} makes the column {name!r}, which is there already")


def _required(steps: Sequence[Stage]) -> tuple[str, ...]:
    """The columns without which a row cannot be scored: those that lead to more than a column nobody asks for.

    A stage that passes over an absent column, such as the indexer of the label, needs it only if a later stage needs
    what the stage makes of it.
    """
    needed: dict[str, None] = {}
    for stage in reversed(steps):
        sources = stage.sources([name for name in stage.outputs if name in needed])
        for name in stage.outputs:
            needed.pop(name, None)
        needed |= dict.fromkeys(sources)
    return tuple(needed)


def _schema(steps: Sequence[Stage], required: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The model's inputs and outputs, as its metadata name them.

    Inputs are what stages take and none makes, outputs what they make and none takes; a label column and what it is
    made from are neither, unless scoring needs them as well.
    """
    labels = {stage.label for stage in steps}
    for_labels = labels | {
        source
        for stage in steps
        for source in stage.sources([name for name in stage.outputs if name in labels])
        if not labels.isdisjoint(stage.outputs)
    }
    taken = dict.fromkeys(name for stage in steps for name in stage.inputs)
    made = dict.fromkeys(name for stage in steps for name in stage.outputs)
    inputs = tuple(name for name in taken if name not in made and (name in required or name not in for_labels))
    return inputs, tuple(name for name in made if name not in taken and name not in labels)


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
