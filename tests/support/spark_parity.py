"""The engine's answers held against Spark's own, and what has been held against it.

A test fits a model with Spark, and `Parity.check` saves it, reads it back and compares. Many variants of a stage in one
PipelineModel, each with an output column of its own, cost one save and one transform: make few large checks of many
rows, not many small ones.
"""

from __future__ import annotations

import math
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from model_files import files_in

from catenary.errors import InvalidInput, ModelBroken
from repository.formats import Signature
from repository.formats.spark import Spark
from runtimes.spark_local import PipelineModel, compile_model, load
from runtimes.spark_local.saved import Saved

Row = dict[str, Any]

NAN, INF = float("nan"), float("inf")
ODD = [0.0, -0.0, 1.0, -1.5, 0.1, 1e-300, 5e-324, 1e23, 1.0000000000000002, 123456789.125, NAN, INF, -INF]
"""Doubles at which arithmetic goes wrong first."""


_MADE = (
    *("outputCol", "outputCols", "rawPredictionCol", "probabilityCol", "predictionCol", "leafCol"),
    *("linkPredictionCol", "quantilesCol", "varianceCol", "topicDistributionCol"),
)
"""The parameters that name columns which a stage makes."""


@dataclass
class Covered:
    """What was held against Spark of one class of stages."""

    rows: int = 0
    deviation: float = 0.0
    """The largest relative difference seen; 0: every bit was the same."""
    params: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The values that each parameter had."""
    chosen: set[str] = field(default_factory=set)
    """The parameters that were set, not left at their defaults."""

    def varied(self) -> set[str]:
        """The parameters that had several values, or one that was set; columns count as there or not there."""
        values = {
            name: {bool(v.strip("'")) for v in vs} if name.endswith("Col") else vs for name, vs in self.params.items()
        }
        return {
            name for name, vs in values.items() if len(vs) > 1 or (name in self.chosen and not name.endswith("Col"))
        }


class Coverage(dict[str, Covered]):
    """By the simple name of the class that Spark saves.

    `asked`: by the same name, the parameters that the engine asks for, which are those that scoring depends on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: defaultdict[str, set[str]] = defaultdict(set)

    def note(self, model: Any, rows: int, deviations: dict[str, float]) -> None:
        """`deviations`: by column. A column that no stage's parameters name is the last stage's."""
        stages = list(_stages(model))
        maker = {column: at for at, stage in enumerate(stages) for column in _made(stage)}
        for at, stage in enumerate(stages):
            covered = self.setdefault(type(stage).__name__, Covered())
            covered.rows += rows
            of_stage = [found for column, found in deviations.items() if maker.get(column, len(stages) - 1) == at]
            covered.deviation = max([covered.deviation, *of_stage])
            for param, value in stage.extractParamMap().items():
                covered.params[param.name].add(repr(value)[:200])
                if stage.isSet(param):
                    covered.chosen.add(param.name)

    @contextmanager
    def noting_what_is_asked(self) -> Iterator[None]:
        """While it lasts, every parameter that the engine asks a saved stage for is noted."""

        def noting(ask: Callable[..., Any]) -> Callable[..., Any]:
            def noted(saved: Saved, name: str, *default: Any) -> Any:
                self.asked[saved.class_name.rpartition(".")[2]].add(name)
                return ask(saved, name, *default)

            return noted

        with pytest.MonkeyPatch.context() as patch:
            for method in ("_param_or", "has", "is_set"):
                patch.setattr(Saved, method, noting(getattr(Saved, method)))
            yield


class Parity:
    """Spark's answer and ours, from one fitted model and one data frame."""

    def __init__(self, folder: Path, coverage: Coverage) -> None:
        self._folder = folder
        self._coverage = coverage
        self._saved = 0

    def load(self, model: Any) -> PipelineModel:
        """What `model`, saved by Spark, is here: as it was saved, or compiled, in turns.

        Asserts that the repository, which cannot ask the engine, reads the same columns from the folder, unless they
        stand in SQL.
        """
        self._saved += 1
        path = self._folder / str(self._saved)
        model.write().save(str(path))
        if self._saved % 2:
            with self._coverage.noting_what_is_asked():
                found = load(path)
        else:
            compile_model(path, path.with_suffix(".compiled"))
            found = load(path.with_suffix(".compiled"))
        if not any(type(stage).__name__ == "SQLTransformer" for stage in _stages(model)):
            assert Spark().signature(files_in(path)) == Signature(tuple(found.inputs), tuple(found.outputs))
        return found

    def check(
        self,
        model: Any,
        frame: Any,
        relative: float = 0.0,
        *,
        of_largest: bool = False,
        unordered: str | None = None,
        attributes: Iterable[str] = (),
    ) -> list[Row]:
        """Asserts that Spark and both paths of the engine answer alike, bit for bit unless `relative` is given.

        `of_largest`: differences are relative to the largest number of a vector, for sums in which terms cancel out;
        `unordered`: a column whose lists may be in another order; `attributes`: columns of vectors that no stage takes,
        whose numbers have to mean the same: names, kinds, values.
        """
        rows = [plain_row(row) for row in frame.collect()]
        ours = self.load(model)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning, module=r"pyspark\.")
            transformed = model.transform(frame)
            expected = [plain_row(row) for row in transformed.collect()]
        for column in attributes:
            want, got = _attributes(transformed.schema[column]), ours.outputs[column].members
            found = got and [(of.name, of.kind, of.values and list(of.values)) for of in got]
            assert found == want, f"{column}: {found} != {want}"
        answers = [(ours._by_row(rows), expected), (ours._by_column(rows), expected)]
        if len(rows) == len(expected):
            # What is computed in NumPy is of one form only: dense vectors of one size, or sparse ones
            answers += [
                (ours._by_column([rows[at] for at in alike]), [expected[at] for at in alike])
                for alike in _rows_by_form(rows)
            ]
        deviations: dict[str, float] = {}
        if unordered:
            for row in (*expected, *(row for answer, _ in answers for row in answer)):
                row[unordered] = sorted(row[unordered])
        for answer, expected_of in answers:
            assert len(answer) == len(expected_of)
            for position, (got, want) in enumerate(zip(answer, expected_of, strict=True)):
                assert list(got) == list(want), f"columns of row {position}"
                for column in want:
                    found = (difference_of_largest if of_largest else difference)(got[column], want[column])
                    assert found <= relative, f"{column} of row {position}: {got[column]} != {want[column]}"
                    deviations[column] = max(deviations.get(column, 0.0), found)
        self._coverage.note(model, len(rows), deviations)
        return expected

    def check_refused(self, model: Any, frame: Any) -> None:
        """Asserts that Spark fails on the frame and that we refuse it, at load or as invalid input."""
        rows = [plain_row(row) for row in frame.collect()]
        with pytest.raises(Exception, match=r"."):
            model.transform(frame).collect()
        with pytest.raises((InvalidInput, ModelBroken)):
            self.load(model).transform(rows)


def difference(got: object, want: object) -> float:
    """The largest relative difference between two plain values; infinite where they differ in anything but digits.

    NaN equals NaN, 0.0 differs from -0.0 and 1 from 1.0.
    """
    if type(got) is not type(want):
        return math.inf
    if isinstance(got, float) and isinstance(want, float):
        if (got == want and math.copysign(1.0, got) == math.copysign(1.0, want)) or (
            math.isnan(got) and math.isnan(want)
        ):
            return 0.0
        if not math.isfinite(got) or not math.isfinite(want) or got == want:
            return math.inf
        return abs(got - want) / max(abs(got), abs(want))
    if isinstance(got, list) and isinstance(want, list) and len(got) == len(want):
        return max((difference(a, b) for a, b in zip(got, want, strict=True)), default=0.0)
    if isinstance(got, dict) and isinstance(want, dict) and list(got) == list(want):
        return max((difference(got[key], want[key]) for key in want), default=0.0)
    return 0.0 if got == want else math.inf


def difference_of_largest(got: object, want: object) -> float:
    """The same, but a difference between two vectors is relative to their largest number, and zeros are alike."""
    if not isinstance(got, list) or not isinstance(want, list) or len(got) != len(want):
        return difference(got, want)
    largest = max((abs(v) for v in want if math.isfinite(v)), default=0.0)
    pairs = [(a, b) for a, b in zip(got, want, strict=True) if difference(a, b)]
    if not all(isinstance(a, float) and math.isfinite(a) and math.isfinite(b) for a, b in pairs):
        return math.inf
    return max((abs(a - b) / largest if a != b else 0.0 for a, b in pairs), default=0.0)


def same(got: object, want: object, relative: float = 0.0) -> bool:
    """Whether two plain values differ by `relative` at most, as `difference` counts."""
    return difference(got, want) <= relative


def plain_row(row: Any) -> Row:
    """A row of a data frame as the engine takes and gives it."""
    return {name: _plain(value) for name, value in row.asDict().items()}


def finite(data: Any, *, explicit_zeros: bool = True) -> Any:
    """The rows of a frame of `features` that a model can be fitted on.

    `explicit_zeros`: whether sparse vectors with some are among them, on which Spark fits no factorization machine.
    """
    import numpy as np
    from pyspark.ml.linalg import SparseVector

    kept = [
        row
        for row in data.collect()
        if np.isfinite(row.features.toArray()).all()
        and (explicit_zeros or not isinstance(row.features, SparseVector) or row.features.values.all())
    ]
    return data.sparkSession.createDataFrame(kept, data.schema)


def renamed(model: Any, at: int, **params: Any) -> Any:
    """A copy of a fitted stage for one pipeline of many: its outputs named after `at`, with `params` set besides."""
    names = ("rawPredictionCol", "probabilityCol", "predictionCol", "leafCol", "outputCol")
    outputs = {name: f"{name}{at}" for name in names if model.hasParam(name)}
    return model.copy({model.getParam(name): value for name, value in (outputs | params).items() if value is not None})


def output_variants(model: Any, thresholds: list[float]) -> Any:
    """A pipeline of a classifier with each choice of columns, without thresholds and with them."""
    from pyspark.ml import PipelineModel as SparkPipelineModel

    chosen = [
        {name: "" for name, left_out in zip(("rawPredictionCol", "probabilityCol"), out, strict=True) if left_out}
        | ({"thresholds": thresholds} if given else {})
        for out in ((False, False), (True, False), (False, True), (True, True))
        for given in (False, True)
    ]
    return SparkPipelineModel([renamed(model, at, **params) for at, params in enumerate(chosen)])


def drawn(strategy: st.SearchStrategy[Any], n: int) -> list[Any]:
    """`n` values of a hypothesis strategy, always the same ones: as many rows of one data frame."""
    found: list[Any] = []

    @settings(
        max_examples=n,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(value: Any) -> None:
        found.append(value)

    draw()
    # A strategy of few values ends before n examples
    return [found[at % len(found)] for at in range(n)]


def _rows_by_form(rows: list[Row]) -> Iterator[list[int]]:
    """The positions of rows whose values are of the same types and sizes, unless all are."""
    by_form: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        by_form[tuple(map(_form, row.values()))].append(at)
    if len(by_form) > 1:
        yield from by_form.values()


def _form(value: object) -> object:
    if isinstance(value, list):
        return list, len(value)
    return (dict, value["size"]) if isinstance(value, dict) else type(value)


def _attributes(field: Any) -> list[tuple[str | None, str, list[str] | None]]:
    """Name, kind and values of each number of a column's vectors, as Spark tells them."""
    stored = field.metadata["ml_attr"]
    found: list[Any] = [(None, "numeric", None)] * stored["num_attrs"]  # of which Spark says nothing
    for kind, attributes in stored["attrs"].items():
        for attribute in attributes:
            found[attribute["idx"]] = (attribute.get("name"), kind, attribute.get("vals"))
    return found


def _sign(number: float) -> float:
    return math.copysign(1.0, number)


def _stages(model: Any) -> Iterator[Any]:
    """`model` and the stages that it is made of, those of pipelines and of tuned models inside it too."""
    yield model
    for member in getattr(model, "stages", None) or ([model.bestModel] if hasattr(model, "bestModel") else []):
        yield from _stages(member)


def _made(stage: Any) -> Iterator[str]:
    """The columns that a stage's parameters say it makes."""
    for param, value in stage.extractParamMap().items():
        if param.name in _MADE:
            yield from value if isinstance(value, list) else [value]


def _plain(value: Any) -> object:
    from pyspark.ml.linalg import DenseVector, SparseVector

    if isinstance(value, SparseVector):
        return {"size": value.size, "indices": value.indices.tolist(), "values": value.values.tolist()}
    if isinstance(value, DenseVector):
        return value.toArray().tolist()
    if isinstance(value, Decimal):
        return float(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value
