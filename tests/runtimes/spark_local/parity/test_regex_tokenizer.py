"""RegexTokenizer held against Spark's own: to the last character."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from spark_parity import drawn

pytestmark = pytest.mark.jvm

PATTERNS = [
    "\\s+",
    "\\W",
    "\\W+",
    "[^a-z0-9_äé]+",
    "[\\s,.;-]",
    "\\p{L}+",
    "\\P{L}+",
    "[^\\p{L}\\p{N}]+",
    "\\pP|\\p{IsZs}|\\p{Punct}",
    "[\\p{Lu}\\P{Alnum}]",
    "\\h|\\v",
    "\\S\\D\\w",
    ".b",
    "a$|^b",
    "[.]$",
    "(?i)[a-k]{1,2}k?",
    "(?<=a) (?!b)",
    "(a|(?:b+?))c{0,2}+",
    "(?<named>ab|a)(?>b|bb)",
    "\\Qa.b\\E+",
    "\\x41|\\u00e9|\\x{1f600}|\\t",
    "[a\\-z&]|]|}",
]
PIECES = "]}aAbBcCkKſéäß zZ09_-,.;&\t\n\r\x0b\x1c\x85\xa0\u2028\u2003\u212a😀漢ΣΑ\u0301٣ª"


def tokenizers() -> Any:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import RegexTokenizer

    stages = []
    for at, pattern in enumerate(PATTERNS):
        for gaps in (True, False) if at % 3 == 0 else (at % 3 == 1,):
            least, lower = at % 2 + gaps, at % 4 < 2
            stages.append(
                RegexTokenizer(
                    inputCol="t",
                    outputCol=f"o{len(stages)}",
                    pattern=pattern,
                    gaps=gaps,
                    minTokenLength=least,
                    toLowercase=lower,
                )
            )
    return PipelineModel(stages)


def test_patterns(frame: Any, parity: Any) -> None:
    texts = ["", " ", "a.b a.bbb", "ab\r\n", "a\nb", "naïve Naïve", "😀 a😀"]
    texts += drawn(st.text(PIECES, max_size=14), 600)
    parity.check(tokenizers(), frame("t string", [(text,) for text in texts]))


def test_null_is_refused(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import RegexTokenizer

    parity.check_refused(RegexTokenizer(inputCol="t", outputCol="o"), frame("t string", [(None,)]))
