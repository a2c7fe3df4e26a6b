"""StopWordsRemover held against Spark's own: to the last character."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from spark_parity import drawn

pytestmark = pytest.mark.jvm

WORDS = [
    "The",
    "i",
    "I",
    "İ",
    "ı",
    "I\u0307",
    "Iı",
    "I\u0323\u0307",
    "ΟΔΟΣ",
    "οδος",
    "οδοσ",
    "Σ",
    "ß",
    "SS",
    "Éa",
    "éA",
    "",
    "null",
]
SETTINGS = [
    {},
    {"stopWords": WORDS},
    {"stopWords": WORDS, "caseSensitive": True},
    *({"stopWords": WORDS[::2], "locale": locale} for locale in ("en", "en_US")),
    {"stopWords": []},
]


def test_languages_and_case(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import StopWordsRemover

    stages = [StopWordsRemover(inputCol="w", outputCol=f"o{at}", **given) for at, given in enumerate(SETTINGS)]
    stages.append(StopWordsRemover(inputCols=["w", "v"], outputCols=["ow", "ov"], stopWords=["i"]))
    letters = st.text("IiİıJΣσa\u0307\u0301\u0323-.", max_size=4)
    words = st.lists(st.one_of(st.sampled_from([*WORDS, None]), letters), max_size=6)
    rows = [(found, found[::-1]) for found in drawn(words, 600)]
    parity.check(PipelineModel(stages), frame("w array<string>, v array<string>", rows))


@pytest.mark.parametrize("language", ["tr", "az", "tr_TR", "el"])
def test_lower_case_in_other_languages(spark: Any, language: str) -> None:
    from runtimes.spark_local.java_text import lower, lower_turkic

    # The JDK of the tests has no data of these languages, so that Spark refuses them; String knows their rules
    jvm = spark._jvm
    text = "\n".join([*WORDS, *drawn(st.text("IiİıJΣσa\u0307\u0301\u0323\u0327-. 5", max_size=8), 1000)])
    expected = jvm.org.apache.commons.lang3.StringUtils.lowerCase(text, jvm.java.util.Locale(language))
    assert (lower_turkic if language in ("tr", "az") else lower)(text).split("\n") == expected.split("\n")


def test_null_is_refused(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import StopWordsRemover

    parity.check_refused(StopWordsRemover(inputCol="w", outputCol="o"), frame("w array<string>", [(None,)]))
