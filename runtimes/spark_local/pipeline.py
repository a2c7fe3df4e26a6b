"""A loaded pipeline: which columns it takes and makes, and the way of rows through its stages.

A few rows go one by one through plain Python, which beats NumPy there; from `COLUMNAR_FROM` rows on they go column by
column. Both give the same answer. It keeps nothing between calls, and threads may share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from catenary.errors import InvalidInput, ModelBroken

from . import stages as stages  # registers what comes with the engine
from .columns import Column, values
from .compiled import FILE, Recorder, source
from .errors import Rejected, Unreadable
from .fields import ANY, Field
from .registry import load_stage
from .saved import Saved
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
        return PipelineModel(load_stage(Saved(source(path))).steps())
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
        model = PipelineModel(load_stage(Saved(recorder)).steps())
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


class PipelineModel:
    """Fitted stages in their order.

    `inputs` and `outputs` are the columns that the model's metadata name, with what is known of each: its type, the
    size of its vectors.
    """

    def __init__(self, steps: Sequence[Stage]) -> None:
        """Binds `steps` to one another. Raises Unreadable where one asks for what those before it cannot give."""
        known: dict[str, Field] = {}
        bound: list[Stage] = []
        for step in steps:
            stage = step.bind(known)
            _check_inputs(stage, known)
            bound.append(stage)
            known |= dict.fromkeys(stage.outputs, ANY) | dict(stage.makes())
            if stage.selects:
                left = stage.select(tuple(known))
                known = {name: field for name, field in known.items() if name in left}
        self._stages = tuple(bound)
        self._made = tuple(dict.fromkeys(name for stage in bound for name in stage.outputs))
        self._refused = _new_columns(self._stages)
        self._required = _required(self._stages)
        inputs, outputs = _schema(self._stages, self._required)
        asked = _asked(self._stages)
        self.inputs = {name: asked.get(name, ANY) for name in inputs}
        self.outputs = {name: known[name] for name in outputs if name in known}
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
        if column := next((name for name in self._refused if name in row), None):
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
                    columns = {name: [values(column)[p] for p in kept] for name, column in columns.items()}
            columns.update(zip(stage.outputs, given, strict=True))
            made |= dict.fromkeys(stage.outputs)
            if stage.selects:
                rows = [{n: row[n] for n in stage.select(tuple(row))} for row in _joined(rows, columns, made)]
                columns, made = {name: column for name, column in columns.items() if stage.select((name,))}, {}
        answers = _joined(rows, columns, made)
        for answer in answers:
            for name in self._made:
                if name in answer:
                    answer[name] = plain(answer[name])
        return answers


def _joined(
    rows: list[dict[str, object]], columns: Mapping[str, Column], made: Iterable[str]
) -> list[dict[str, object]]:
    """`rows` with the columns that were `made`."""
    joined = [dict(row) for row in rows]
    for name in made:
        for row, value in zip(joined, values(columns[name]), strict=True):
            if value is not MISSING:
                row[name] = value
    return joined


def _check_inputs(stage: Stage, known: Mapping[str, Field]) -> None:
    made = {name.lower(): name for name in known}
    for name in stage.inputs:
        if name not in known and (other := made.get(name.lower())):
            raise Unreadable(f"{type(stage).__name__} takes {name!r}, which a stage before it spells {other!r}")
    for name, asked in stage.takes().items():
        if not (found := known.get(name, ANY)).fits(asked):
            wanted = asked.type if found.type != asked.type else f"{asked.type} of {asked.size} numbers"
            have = found.type if found.type != asked.type else f"one of {found.size}"
            raise Unreadable(f"{type(stage).__name__} takes {name!r} as {wanted}, but the stage before it makes {have}")


def _new_columns(steps: Sequence[Stage]) -> tuple[str, ...]:
    """The columns that no row may bring. As Spark does, refuses most stages that make what is there already."""
    there: dict[str, None] = {}
    new: dict[str, None] = {}
    selecting: list[Stage] = []
    for stage in steps:
        there |= dict.fromkeys(stage.inputs)
        if stage.selects:
            there = dict.fromkeys(stage.select((*there, *(name for name in stage.outputs if name not in there))))
            selecting.append(stage)
            continue
        for name in () if stage.replaces else stage.outputs:
            if name in there:
                raise Unreadable(f"{type(stage).__name__} makes the column {name!r}, which is there already")
            if all(before.select((name,)) for before in selecting):
                new[name] = None
        there |= dict.fromkeys(stage.outputs)
    return tuple(new)


def _required(steps: Sequence[Stage]) -> tuple[str, ...]:
    """The columns without which a row cannot be scored: those that lead to more than a column nobody asks for.

    A stage that passes over an absent column, such as the indexer of the label, needs it only if a later stage needs
    what the stage makes of it.
    """
    needed: dict[str, None] = {}
    for stage in reversed(steps):
        if stage.selects:
            left = set(stage.select((*needed, *(name for name in stage.outputs if name not in needed))))
            if lost := next((name for name in needed if name not in left), None):
                raise Unreadable(f"{type(stage).__name__} drops the column {lost!r}, which a stage after it needs")
        sources = stage.sources([name for name in stage.outputs if name in needed])
        for name in stage.outputs:
            needed.pop(name, None)
        needed |= dict.fromkeys(sources)
    return tuple(needed)


def _asked(steps: Sequence[Stage]) -> dict[str, Field]:
    """What the first stage that says anything of a column asks of it."""
    asked: dict[str, Field] = {}
    made: set[str] = set()
    for stage in steps:
        for name, field in stage.takes().items():
            if name not in made and asked.get(name, ANY) == ANY:
                asked[name] = field
        made.update(stage.outputs)
    return asked


def _schema(steps: Sequence[Stage], required: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The model's inputs and outputs, as its metadata name them.

    Inputs are what stages take and none before them makes, outputs what they make and none after them takes; a label
    column and what it is made from are neither, unless scoring needs them as well.
    """
    labels = {stage.label for stage in steps}
    for_labels = labels | {
        source
        for stage in steps
        for source in stage.sources([name for name in stage.outputs if name in labels])
        if not labels.isdisjoint(stage.outputs)
    }
    inputs: dict[str, None] = {}
    made: set[str] = set()
    unused: dict[str, None] = {}
    for stage in steps:
        inputs |= dict.fromkeys(name for name in stage.inputs if name not in made)
        for name in stage.inputs:
            unused.pop(name, None)
        made.update(stage.outputs)
        unused |= dict.fromkeys(stage.outputs)
    wanted = tuple(name for name in inputs if name in required or name not in for_labels)
    return wanted, tuple(name for name in unused if name not in labels)


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
