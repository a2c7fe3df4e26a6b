"""SQLTransformer held against Spark's own: to the last bit but for exp, log and pow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from spark_parity import INF, NAN, ODD, drawn, plain_row, same

from runtimes.spark_local import load

pytestmark = pytest.mark.jvm

COLUMNS = "a long, b double, c boolean, s string, k double, n long"

UNNAMED = """IF(a == 1, 0, 1) | a+1 | a - 1 | -a | -1 | +a | a*k%2 | a div 2 | a/2 | a <> 1 | !(a=2) | a <=> 1
a IS NULL | a is not null | a IN (1, 2) | a NOT IN (1,2L) | a BETWEEN 1 AND 2 | a not between 1 and 2
s = 'x' AND a > 1 OR b < k | CASE WHEN a > 1 THEN 1.0 ELSE 0.0 END | CAST(k+1 AS INT)
case a when 1 then 'x' when 2 then "y" end | cast(a as double) | cast(cast(a as string) as double)
cast('1' as boolean) | COALESCE(a, 0) | NVL(s, 'q') | ifnull(a,0) | ABS(a) | ROUND(b) | round(b, 1) | round(a)
FLOOR(k) | ceil(k) | CEILING(k) | SQRT(b) | concat(s, 'x y', "z", a) | s || 'x' || k | lower(s) | LCASE(s)
UPPER(s) | ucase(s) | trim(s) | ltrim(s) | rtrim(s) | length(s) | char_length(s) | substring(s, 2)
SUBSTR(s, 1, 2) | least(n, k) | GREATEST(a, 1) | isnan(b) | 1L | 1.0D | 1.5 | 1e3 | 'a\\tb' | true
TRUE AND a > 1 | `n` | k * 0.5 | n * 0.5 | n / 0.5 | a + 2147483648 | 1 + 1 | if(c, n, k) | if(c, 1, 2.5)
nullif(a, 1) | (a + 1) * 2 | a + b + 1 | NOT c | - a * 2 | .5 | 5. | 1e-2 | int(k) | isnull(s) | isnotnull(s)
n % 0.3 | 10000000000 | 5 % 3 | -5 % 3 | b IN (NULL, 1) | a==1 or null"""

NAMED_ALIKE = """a -1 | - 1 | a != 2 | NOT a = 1 | 1.5BD"""

NAMED = """a + 9223372036854775800 > 5 and c | b = b | b <=> b | b > k | b >= 1 | b <= a | a > 1.5 | a = 1.0
b < 0.5 | n - 1.25 | n * 3.50 | 7 / (n + 0.3) | (n + 0.50) * (n - 0.25) | n / 3.0 | n % -0.7 | k % 0.3 | k % -2
n % 3 | n % -3 | n div -2 | -1.5 | - (n * 0.1) | abs(n - 0.5) | least(n, 1.5) | greatest(b, k, 0)
least(s, 'b') | greatest(c, false) | coalesce(a, n, 0) | coalesce(s, 'none') | coalesce(c, true)
case when b > 1 then n when c then 2 else -1L end | case when c then 'yes' end | c and null | c or null
not (c and a > 1) | c = true | c is null or a = 3 | s in ('x', 'Xy') | s not in ('x', null)
b in (0.0, 1.5, -1.5) | s between 'A' and 'b' | s < 'x' | s = '' | a in (n, 1) | round(k, 2)
round(k * 100, -1) | round(n, -1) | round(-2.5D) | round(2.5D) | round(0.5D) | floor(n) | floor(a) | ceil(-k)
substring(s, 0, 2) | substring(s, -2) | substring(s, -9, 8) | substring(s, 2, 0) | substring(s, 3, 9)
substring(n, 1, 1) | upper(n) | length(k) | concat(n, b, c, 1.50, '-') | concat(s) | length(concat(s, s))
trim(concat('  ', s, ' ')) | cast(b as string) | cast(c as int) | cast(c as double) | cast(c as string)
cast(n as boolean) | cast(b as boolean) | cast(2.9 as int) | cast(-2.9D as bigint) | cast(1.50 as string)
cast(0.5 as double) | cast(null as double) | cast(' 12 ' as int) | cast('+1.5e2' as double)
cast('nan' as double) | cast('-Infinity' as double) | cast('.5d' as double) | cast('Yes' as boolean)
cast('off' as string) | cast(1 as string) | if(a is null, -1, 1) | if(null, 1, 2) | nvl(b, k) | sqrt(k)
sqrt(-1) | k / 3 | n / 7 | n * 7 - 2 | k * k - k / 2 + 1 | (k > 0) = c | k > 0 and n > 0 or c"""

CLOSE = """exp(b) | exp(n) | LOG(b) | ln(n) | log(2, k) | log2(k) | log10(k) | pow(b, 2) | POWER(k, n)
pow(b, k) | pow(-2, 0.5) | pow(0, -1) | exp(1000) | log(0) | pow(1, b)"""


def listed(text: str) -> list[str]:
    return [part.strip() for line in text.splitlines() for part in line.split(" | ")]


def selecting(text: str) -> Any:
    from pyspark.ml.feature import SQLTransformer

    items = ", ".join(f"{of} AS o{at}" for at, of in enumerate(listed(text)))
    return SQLTransformer(statement=f"SELECT *, {items} FROM __THIS__")


@pytest.fixture(scope="module")
def rows(frame: Any) -> Any:
    odd = [value for value in ODD if value != 1e23]  # which Java 17 writes in a way of its own
    numbers = st.one_of(st.sampled_from(odd), st.floats(-1e3, 1e3).map(lambda v: round(v, 3)))
    texts = st.one_of(
        st.sampled_from(["", "x", " Xy ", "ß", "İI", "ΑΣ", "e\u0301é", "😀z", "1", "b"]), st.text(max_size=4)
    )
    # Columns without nulls beside those with, for a null of a row has no type
    each = st.tuples(
        st.one_of(st.none(), st.integers(-4, 4)),
        st.one_of(st.none(), numbers),
        st.one_of(st.none(), st.booleans()),
        st.one_of(st.none(), texts.filter(lambda t: "\x00" not in t)),
        st.floats(-1e3, 1e3).map(lambda v: round(v, 2) or 0.25),
        st.integers(-50, 50),
    )
    return frame(COLUMNS, drawn(each, 150))


def test_names_of_columns_that_have_none(rows: Any, parity: Any) -> None:
    from pyspark.ml.feature import SQLTransformer

    for unnamed in (UNNAMED, NAMED_ALIKE):
        parity.check(SQLTransformer(statement=f"SELECT {', '.join(listed(unnamed))} FROM __THIS__"), rows)


def test_values(rows: Any, parity: Any) -> None:
    parity.check(selecting(NAMED), rows)


def test_values_that_the_c_library_computes(rows: Any, parity: Any) -> None:
    parity.check(selecting(CLOSE), rows, relative=1e-14)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM __THIS__ WHERE a > 1 OR s = 'x'",
        "SELECT s, a AS z, upper(s) AS b FROM __THIS__ WHERE NOT c",
        "SELECT __THIS__.`a`, b /* all */ x -- that is it\nFROM __THIS__;",
        "select b a, a b from __THIS__ where b is not null",
    ],
)
def test_lists_and_conditions(rows: Any, parity: Any, statement: str) -> None:
    from pyspark.ml.feature import SQLTransformer

    parity.check(SQLTransformer(statement=statement), rows)


def test_what_is_known_of_a_column_stays_with_it(rows: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import OneHotEncoder, RFormula, SQLTransformer, StringIndexer, VectorAssembler

    case = "CASE WHEN t = 't1' THEN 2 ELSE 1.5 END"
    stages = [
        StringIndexer(inputCol="t", outputCol="i"),
        SQLTransformer(statement=f"SELECT i AS j, k, n + 1 AS m, IF(k > 0, 1, 0), t, {case} AS c FROM __THIS__"),
        OneHotEncoder(inputCol="j", outputCol="h", dropLast=False),
        VectorAssembler(inputCols=["h", "j", "k", "c"], outputCol="v"),
        RFormula(formula="m ~ k + t", featuresCol="f", labelCol="l"),
    ]
    data = rows.selectExpr("k", "n", "concat('t', n % 3) AS t")
    model = Pipeline(stages=stages).fit(data)
    parity.check(model, data, attributes=["v", "f"])


@pytest.mark.parametrize(
    "expression",
    [
        "n / 0",
        "n % 0",
        "n + 9223372036854775807",
        "2147483647 + 1",
        "cast('1.5' as int)",
        "cast('y' as double)",
        "cast('maybe' as boolean)",
        "cast(b as int)",
        "floor(k * 1e300)",
        "upper(missing)",
    ],
)
def test_refuses_what_spark_fails_on(frame: Any, parity: Any, expression: str) -> None:
    from pyspark.ml.feature import SQLTransformer

    data = frame(COLUMNS, [(1, NAN, True, "x", 1.5, 2)])
    parity.check_refused(SQLTransformer(statement=f"SELECT *, {expression} AS o FROM __THIS__"), data)


OLD = """k / 0 | n / 0 | n % 0 | k % 0 | n div 0 | n + 9223372036854775800 | 2147483647 + n | - (-2147483648)
n / 0.0 | n * 4611686018427387904 | cast(s as int) | cast(s as bigint) | cast(s as double) | cast(s as boolean)
cast(b as int) | cast(b as bigint) | cast(n * 1000000000 as int) | abs(-2147483648)
99999999999999999999999999999999999999BD * n"""


def test_a_model_of_spark_3_goes_by_the_rules_before_ansi(spark: Any, frame: Any, tmp_path: Path) -> None:
    texts = [
        "1",
        " 12 ",
        "1.5",
        ".5",
        ".",
        "-",
        "+3",
        "1e3",
        "0x1",
        "NaN",
        "infinity",
        "-inf",
        "99999999999",
        "t",
        "no",
        "",
    ]
    texts += ["1d", "1f", "--1", "9" * 20, "\t7\n", "1.x", "TRUE", "y", "+nan", "-NaN"]
    data = frame(
        COLUMNS, [(1, b, True, s, 1.5, n) for s in texts for b, n in ((NAN, 3), (INF, -3), (-1e19, 0), (2.7, 5))]
    )
    model = selecting(OLD)
    model.write().save(str(tmp_path / "model"))
    (metadata,) = (tmp_path / "model" / "metadata").glob("part-*")
    metadata.write_text(json.dumps(json.loads(metadata.read_text()) | {"sparkVersion": "3.5.1"}))
    spark.conf.set("spark.sql.ansi.enabled", "false")
    try:
        expected = [plain_row(row) for row in model.transform(data).collect()]
    finally:
        spark.conf.unset("spark.sql.ansi.enabled")
    found = load(tmp_path / "model").transform([plain_row(row) for row in data.collect()])
    for got, want in zip(found, expected, strict=True):
        for at, of in enumerate(listed(OLD)):
            assert same(got[f"o{at}"], want[f"o{at}"]), f"{of} of {want['s']!r}, {want['b']}, {want['n']}"
