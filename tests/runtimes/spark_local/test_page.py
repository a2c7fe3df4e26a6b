"""The table of what is covered: its rows, its figures, and what it says of other scorers. The parity tests write it."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from spark_coverage import BEGIN, END, PAGE, bound, stage_names, table, updated, written_names
from spark_parity import Coverage
from spark_scorers import SCORERS

from runtimes.spark_local.sql.functions import FUNCTIONS

AREAS = ("classification", "clustering", "feature", "fpm", "recommendation", "regression", "tuning")
IN_SCALA_ONLY = {"ColumnPruner", "VectorAttributeRewriter"}


class Param(NamedTuple):
    name: str


class Binarizer:
    """A stage as pyspark shows one, with these parameters set."""

    def __init__(self, **params: object) -> None:
        self.params = params

    def extractParamMap(self) -> Any:  # noqa: N802
        return {Param(name): value for name, value in self.params.items()}

    def isSet(self, param: Any) -> bool:  # noqa: N802
        return param.name in self.params


def row(coverage: Coverage) -> list[str]:
    (found,) = (line for line in table(coverage).splitlines() if line.startswith("| `Binarizer`"))
    return found.split(" | ")[1:4]


def test_the_pages_rows_are_the_stages_that_are_served() -> None:
    assert written_names(PAGE.read_text()) == stage_names()


def test_a_stage_that_nothing_was_held_against_spark_of_says_so() -> None:
    assert row(Coverage()) == ["no result", "0", "no result"]


def test_a_parameter_that_was_set_and_that_scoring_asks_for_is_covered() -> None:
    coverage = Coverage()
    coverage.asked["Binarizer"] = {"threshold", "thresholds", "inputCols", "outputCol"}
    coverage.note(Binarizer(threshold=0.5, seed=1, outputCol="b"), 1200, {"b": 0.0})
    coverage.note(Binarizer(inputCols=["a"], outputCol="c"), 34, {"c": 0.0})
    assert row(coverage) == ["`inputCols`, `threshold`", "1,234", "exact"]


def test_a_column_that_can_be_left_out_is_covered_once_it_was_left_out() -> None:
    coverage = Coverage()
    coverage.asked["Binarizer"] = {"predictionCol", "leafCol"}
    coverage.note(Binarizer(predictionCol="p", leafCol="l"), 1, {})
    coverage.note(Binarizer(predictionCol="q", leafCol=""), 1, {})
    assert row(coverage)[0] == "`leafCol`"


def test_a_difference_is_of_the_stage_that_makes_the_column_else_of_the_last() -> None:
    class Other(Binarizer):
        pass

    coverage = Coverage()
    pipeline = SimpleNamespace(stages=[Binarizer(outputCol="a"), Other(outputCol="b")], extractParamMap=dict)
    coverage.note(pipeline, 1, {"a": 1e-12, "b": 0.0, "formula": 1e-10})
    assert (coverage["Binarizer"].deviation, coverage["Other"].deviation) == (1e-12, 1e-10)


@pytest.mark.parametrize(
    ("deviation", "text"),
    [(0.0, "exact"), (1e-9, "1e-9"), (2.1e-16, "3e-16"), (9.1e-12, "1e-11"), (0.5, "5e-1")],
)
def test_a_difference_is_rounded_up_to_one_digit(deviation: float, text: str) -> None:
    assert bound(deviation) == text


def test_only_the_table_of_the_page_is_replaced() -> None:
    page = f"before\n{BEGIN}old\n{END}after\n"
    assert updated(page, Coverage()) == f"before\n{BEGIN}{table(Coverage())}{END}after\n"


def test_the_page_names_the_functions_of_sql_that_there_are() -> None:
    section = PAGE.read_text().partition("## SQLTransformer\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z]\w*)`", section)) == set(FUNCTIONS)


def test_other_scorers_are_said_to_read_classes_that_there_are() -> None:
    there = {name for area in AREAS for name in dir(importlib.import_module(f"pyspark.ml.{area}"))}
    assert set().union(*SCORERS.values()) - there == IN_SCALA_ONLY | {"PipelineModel"}


def test_the_pages_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").symlink_to(PAGE.parents[1] / "models")
    names: dict[str, Any] = {}
    for example in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(example, names)
    assert names["again"] == names["answers"]
    assert names["answers"][0]["words"] == ["very", "good"]
