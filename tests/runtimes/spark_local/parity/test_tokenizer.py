"""Tokenizer held against Spark's own: to the last character."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from spark_parity import drawn

pytestmark = pytest.mark.jvm

# White space of several kinds, and what changes when it is lowered: sigma, the dotted I, ligatures, marks inside words
CHARACTERS = "aB Z \t\n\x0b\f\r\x1c\x85\xa0\u2003\u2028ÀßİIıΣΣςσ'.-_5,\u0301\u0307\xad\u200dﬁ漢カ\u0964ʰⅫ😀"
TEXTS = [
    "",
    " ",
    "  a",
    "a  ",
    "\t",
    "a\x1cb",
    "ΟΔΟΣ-ΑΘΗΝΑΣ",
    "ΑΣ.Σ Σ",
    "İSTANBUL",
    "\U00010400\U0001e900",
    "NBSP\xa0\u2003here\x85",
]


def test_lower_case_and_white_space(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import Tokenizer

    texts = TEXTS + drawn(st.text(CHARACTERS, max_size=12), 1500)
    parity.check(Tokenizer(inputCol="t", outputCol="tokens"), frame("t string", [(text,) for text in texts]))


def test_null_is_refused(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import Tokenizer

    parity.check_refused(Tokenizer(inputCol="t", outputCol="tokens"), frame("t string", [(None,)]))
