"""What of SQL is refused, and when; what parity cannot show of a statement."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import PipelineModel, load
from runtimes.spark_local.errors import Unreadable
from runtimes.spark_local.pipeline import COLUMNAR_FROM
from runtimes.spark_local.sql.functions import FUNCTIONS
from runtimes.spark_local.sql.statement import read


def sql(saver: Any, statement: str, name: str = "", version: str = "4.1.0") -> Path:
    return saver.stage(name, "feature.SQLTransformer", {"statement": statement}, sparkVersion=version)


@pytest.mark.parametrize(
    ("statement", "construct"),
    [
        ("SELECT a FROM __THIS__ GROUP BY a", "GROUP is not among"),
        ("SELECT a FROM __THIS__ ORDER BY a", "ORDER is not among"),
        ("SELECT a FROM __THIS__ LIMIT 3", "LIMIT is not among"),
        ("SELECT a FROM __THIS__ JOIN t", "JOIN is not among"),
        ("SELECT a FROM t", "T is not among"),
        ("SELECT DISTINCT a FROM __THIS__", "DISTINCT is not among"),
        ("SELECT a LIKE 'x' FROM __THIS__", "LIKE, where FROM is expected"),
        ("SELECT sum(a) FROM __THIS__", "the function sum is not among those that are evaluated: abs, "),
        ("SELECT abs(a, b) AS c FROM __THIS__", "the function abs does not take 2 arguments"),
        ("SELECT CAST(a AS DATE) FROM __THIS__", "CAST to DATE is not evaluated, only to boolean, "),
        ("SELECT CAST(a AS FLOAT) FROM __THIS__", "CAST to FLOAT"),
        ("SELECT DATE '2020-01-01' FROM __THIS__", "DATE is not among"),
        ("SELECT a.b FROM __THIS__", "a field of 'a'"),
        ("SELECT a & 1 FROM __THIS__", "'& 1 FROM"),
        ("SELECT 1f FROM __THIS__", "the number 1f"),
        ("SELECT 'a' 'b' FROM __THIS__", "two texts"),
        ("SELECT a > 1.5 FROM __THIS__", "give it one with AS"),
        ("SELECT a, * FROM __THIS__", "'*' is not among"),
        ("SELECT a AS b, c AS b FROM __THIS__", "makes two columns 'b'"),
        ("SELECT (SELECT a) FROM __THIS__", "SELECT is not among"),
        ("SELECT a FROM __THIS__ WHERE", "the end is not among"),
        (f"SELECT {'(' * 5000}a FROM __THIS__", "nests too deep"),
        (f"SELECT a{' + a' * 5000} AS b FROM __THIS__", "nests too deep"),
        (f"SELECT {'9' * 5000} AS b FROM __THIS__", "a number of 5000 characters"),
        ("SELECT 1e999 AS b FROM __THIS__", "1e999 is too large for a double"),
        ("SELECT 1234567890123456789012345678901234567890 AS b FROM __THIS__", "has more than 38 digits"),
        (r"SELECT '\ud83d' AS b FROM __THIS__", "half a character"),
        ("SELECT 'a FROM __THIS__", "is not among"),
        ("SELECT `` FROM __THIS__", "is not among"),
        ("DROP TABLE t", "DROP, where SELECT is expected"),
        ("", "the end, where SELECT is expected"),
        ("SELECT 1 + 'x' AS b FROM __THIS__", "'b' cannot be computed: a number is computed with, not string"),
        ("SELECT IF(1, 2, 3) AS b FROM __THIS__", "'b' cannot be computed: a condition is a boolean, not int"),
        ("SELECT a FROM __THIS__ WHERE 1 + 1", "'WHERE' cannot be computed: it takes a boolean, not int"),
        ("SELECT COALESCE(1, 'x') AS b FROM __THIS__", "string and int meet|int and string meet"),
    ],
)
def test_what_is_not_evaluated_is_refused_at_load_by_its_name(saver: Any, statement: str, construct: str) -> None:
    with pytest.raises(ModelBroken, match=construct):
        load(sql(saver, statement))


@pytest.mark.parametrize("rows", [1, COLUMNAR_FROM])
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"a": "x", "b": 1}, "row 0: the column 'c' cannot be computed: a number is computed with, not string"),
        ({"a": [1.0], "b": 1}, "row 0: the column 'c' cannot be computed: a number is computed with, not other"),
        ({"a": 1, "b": 0}, "row 0: the column 'c' is divided by zero"),
        ({"a": 2**63, "b": 1}, "row 0: the column 'c' is 9223372036854775808, which is too large for bigint"),
        ({"a": 1}, "row 0: the column 'b' is missing"),
        ({"a": 1, "b": 1, "c": 1}, "row 0: the column 'c' is there already"),
    ],
)
def test_a_row_that_does_not_fit_is_named_with_the_column(saver: Any, row: Any, message: str, rows: int) -> None:
    with pytest.raises(InvalidInput, match=message):
        load(sql(saver, "SELECT *, a / b AS c FROM __THIS__")).transform([row] * rows)


@pytest.mark.parametrize(
    ("version", "name", "divided"), [("4.0.0", "between(a, 1, 2)", None), ("3.5.1", "((a >= 1) AND (a <= 2))", None)]
)
def test_names_and_rules_are_those_of_the_spark_that_saved_it(
    saver: Any, version: str, name: str, divided: Any
) -> None:
    model = load(sql(saver, "SELECT a BETWEEN 1 AND 2, nullif(1, 1) / 2 AS b FROM __THIS__", version=version))
    assert model.transform([{"a": 1}]) == [{name: True, "b": None}]


def test_a_division_by_zero_was_null_before_spark_4(saver: Any) -> None:
    model = load(sql(saver, "SELECT a / 0 AS b, a % 0 AS c FROM __THIS__", version="3.5.1"))
    assert model.transform([{"a": 1}, {"a": 1.5}]) == [{"b": None, "c": None}] * 2


def test_a_list_without_a_star_drops_the_other_columns_and_may_call_a_new_one_as_an_old(saver: Any) -> None:
    model = load(
        saver.pipeline(
            lambda name: sql(saver, "SELECT upper(text) AS text, y, y + 1 AS x FROM __THIS__ WHERE y > 0", name),
            lambda name: saver.indexer(name, (("A", "B"),)),
            lambda name: saver.assembler(name),
        )
    )
    assert tuple(model.inputs) == ("text", "y")
    assert model.drops_rows
    row = {"id": 7, "text": "b", "features": 1, "y": 2.0}
    expected = {"text": "B", "y": 2.0, "x": 3.0, "index": 1.0, "features": [3.0, 2.0]}
    for rows in ([row], [row, {"text": "z", "y": 0}, *[row] * COLUMNAR_FROM]):
        answers = model.transform(rows)
        assert len(answers) == len([of for of in rows if of["y"]])
        for answer in answers:
            assert answer == expected
            assert list(answer) == list(expected)


def test_a_label_that_a_list_names_may_be_absent(saver: Any) -> None:
    model = load(
        saver.pipeline(
            lambda name: sql(saver, "SELECT label, features FROM __THIS__", name), lambda name: saver.forest(name)
        )
    )
    assert tuple(model.inputs) == ("features",)
    made = ["features", "rawPrediction", "probability", "prediction"]
    for rows in (1, COLUMNAR_FROM):
        for answer in model.transform([{"features": [0.0, 0.0], "id": 1}] * rows):
            assert list(answer) == made
        for answer in model.transform([{"features": [0.0, 0.0], "label": 1.0}] * rows):
            assert list(answer) == ["label", *made]
    with pytest.raises(InvalidInput, match="the column 'features' is missing"):
        model.transform([{"label": 1.0}])


def test_what_a_list_drops_may_not_be_taken_afterwards(saver: Any) -> None:
    folder = saver.pipeline(lambda name: sql(saver, "SELECT x FROM __THIS__", name), lambda name: saver.assembler(name))
    with pytest.raises(ModelBroken, match="SQLTransformer drops the column 'y', which a stage after it needs"):
        load(folder)


def test_what_a_list_drops_is_no_output_and_may_be_brought_again(saver: Any) -> None:
    model = load(
        saver.pipeline(
            lambda name: saver.indexer(name),
            lambda name: sql(saver, "SELECT index + 1 AS more FROM __THIS__", name),
        )
    )
    assert tuple(model.outputs) == ("more",)
    assert model.transform([{"text": "b", "more": "?"}]) == [{"more": 2.0}]
    with pytest.raises(InvalidInput, match="'index' is there already"):
        model.transform([{"text": "b", "index": 1.0}])


def test_a_column_of_a_list_may_not_be_made_again(saver: Any) -> None:
    folder = saver.pipeline(
        lambda name: sql(saver, "SELECT text, 1 AS index FROM __THIS__", name), lambda name: saver.indexer(name)
    )
    with pytest.raises(ModelBroken, match="'index', which is there already"):
        load(folder)


def test_the_text_of_a_decimal_is_not_looked_up(saver: Any) -> None:
    def model(literal: str) -> Path:
        folder = saver.__class__(saver.folder / literal)
        return folder.pipeline(
            lambda name: sql(folder, f"SELECT *, IF(x > 1, {literal}, 0) AS text FROM __THIS__", name),
            lambda name: folder.indexer(name, (("0.0", "1.5"),)),
        )

    assert load(model("1.5D")).transform([{"x": 2}])[0]["index"] == 1.0
    with pytest.raises(ModelBroken, match="the text of 'text', which is a decimal"):
        load(model("1.50"))


def test_a_label_that_comes_of_a_statement_is_asked_of_the_row_as_by_spark(saver: Any) -> None:
    folder = saver.pipeline(
        lambda name: sql(saver, "SELECT *, IF(answer = 'yes', 1.0D, 0.0D) AS label FROM __THIS__", name),
        lambda name: saver.forest(name),
    )
    with pytest.raises(InvalidInput, match="the column 'answer' is missing"):
        load(folder).transform([{"features": [0.0, 0.0]}])


@pytest.mark.parametrize(
    ("expression", "value", "expected"),
    [
        ("round(x, 2)", 1e300, 1e300),
        ("round(x, 300)", 1.5, 1.5),
        ("round(x, -300)", 1e299, 0.0),
        ("round(x)", -0.2, 0.0),
        ("round(x, -3)", 2500, 3000),
        ("cast(x as bigint)", "0" * 5000 + "12", 12),
        ("power(x, 2)", 1e200, float("inf")),
        ("power(x, 3)", -1e200, float("-inf")),
        ("exp(x)", 1e6, float("inf")),
        ("x * 99999999999999999999999999999999.5BD", 10**6, None),
    ],
)
def test_what_is_large_or_long(saver: Any, expression: str, value: Any, expected: Any) -> None:
    version = "3.5.0" if expected is None else "4.1.0"
    model = load(sql(saver, f"SELECT {expression} AS o FROM __THIS__", version=version))
    assert model.transform([{"x": value}]) == [{"o": expected}]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("x / 0", "is divided by zero"),
        ("x div 0", "is divided by zero"),
        ("0.5 % (x - 2)", "is divided by zero"),
        ("- (x - 9223372036854775807 - 3)", "comes to 9223372036854775808, which is too large for bigint"),
        ("cast(x * 10000000000 as int)", "comes to 20000000000, which is too large for int"),
        ("cast(x * 1e20 as bigint)", "is 2.0E20, which is no bigint"),
        ("x + 'x'", "a number is computed with, not string"),
        ("x AND true", "a condition is a boolean, not bigint"),
        ("substring('abc', x)", "substring takes positions that are int"),
        ("round(x, x)", "round takes a number of digits that the statement names"),
        ("x * 99999999999999999999999999999999999999BD", "comes to more digits than decimal"),
        ("floor(x + 0.5)", "a decimal is not rounded here"),
    ],
)
def test_what_ansi_rules_do_not_allow_is_refused(saver: Any, expression: str, message: str) -> None:
    with pytest.raises((InvalidInput, ModelBroken), match=message):
        load(sql(saver, f"SELECT {expression} AS o FROM __THIS__")).transform([{"x": 2}])


@pytest.mark.parametrize("text", ["9" * 5000, "1.5", "x", ""])
def test_a_text_that_is_no_number_is_refused(saver: Any, text: str) -> None:
    with pytest.raises(InvalidInput, match=r"the column 'o' is of the text .*, which is no bigint"):
        load(sql(saver, "SELECT cast(x as bigint) AS o FROM __THIS__")).transform([{"x": text}])


def test_plans_for_ever_new_types_are_not_kept_without_end(saver: Any) -> None:
    names = [f"x{n}" for n in range(10)]
    model = load(sql(saver, f"SELECT concat({', '.join(names)}) AS all FROM __THIS__"))
    for mask in range(2**10):
        row = {name: (1, "a")[mask >> n & 1] for n, name in enumerate(names)}
        assert model.transform([row]) == [{"all": "".join(map(str, row.values()))}]
    assert len(model._stages[0]._plans) <= 256


WORDS = """select * a `b c` , 1 2.5 -3 1e3 7L 'x' "y" null true ( ) + - / % || = <> <=> is not in between and or case
when then else end cast as int date from __THIS__ where ; . abs( concat( if( -- /* */ é"""


@settings(max_examples=300)
@given(st.lists(st.sampled_from(WORDS.split(" ")), max_size=12), st.booleans())
def test_whatever_the_words_they_are_read_or_refused(words: list[str], whole: bool) -> None:
    statement = f"SELECT {' '.join(words)} FROM __THIS__" if whole else " ".join(words)
    with suppress(Unreadable):
        read(statement, (4, 3))


BINARY = ["+", "-", "*", "/", "%", "div", "=", "<", ">=", "<=>", "and", "or", "||"]
EXPRESSIONS = [
    *(f"x {symbol} y" for symbol in BINARY),
    *(f"x {symbol} {literal}" for symbol in BINARY for literal in ("2", "-0.5", "'1'", "1.5D", "NULL")),
    *(f"cast(x as {to})" for to in ("int", "bigint", "double", "boolean", "string")),
    *(f"{name}({', '.join(['x', 'y', 'x'][: function.least])})" for name, function in FUNCTIONS.items()),
    *("round(x, 2)", "round(x, -2)", "substring(x, -2, 3)", "log(x, y)", "x in (y, 1)", "x between y and 2"),
    *("case when x > 1 then x else y end", "case x when y then 1 end", "-x", "not x", "x is null", "x"),
]
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "a", "1", "-1.5", "NaN", "true", "9" * 400]),
    st.text(max_size=3),
    st.lists(st.floats(), max_size=2),
)


@pytest.fixture(scope="module")
def computing(tmp_path_factory: pytest.TempPathFactory, saver_class: Any) -> dict[tuple[str, str], PipelineModel]:
    """The model of each expression, for two versions of Spark; those that never fit are left out."""
    models = {}
    for version in ("4.3.0", "3.5.0"):
        for at, expression in enumerate(EXPRESSIONS):
            folder = tmp_path_factory.mktemp("sql") / str(at)
            try:
                models[expression, version] = load(
                    sql(saver_class(folder), f"SELECT *, {expression} AS o FROM __THIS__", version=version)
                )
            except ModelBroken:
                assert "||" not in expression
    return models


@settings(max_examples=400)
@given(st.data(), values, values)
def test_whatever_the_values_they_are_computed_or_refused(
    computing: dict[tuple[str, str], PipelineModel], data: st.DataObject, x: Any, y: Any
) -> None:
    model = computing[data.draw(st.sampled_from(sorted(computing)))]
    with suppress(InvalidInput):
        (answer,) = model.transform([{"x": x, "y": y}])
        assert answer["o"] is None or isinstance(answer["o"], bool | int | float | str | list)


@pytest.mark.parametrize("statement", ["SELECT *, 0x AS b FROM __THIS__", "SELECT *, x * 10x AS b FROM __THIS__"])
def test_a_number_that_sql_lacks_is_refused_at_load(saver: Any, statement: str) -> None:
    with pytest.raises(ModelBroken, match=r"the number \w+ is not read"):
        load(saver.stage("", "feature.SQLTransformer", {"statement": statement}))
