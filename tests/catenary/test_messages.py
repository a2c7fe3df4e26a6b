"""Messages: strict, and the same after a round trip."""

from __future__ import annotations

import string

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catenary import names
from catenary.errors import InvalidInput
from catenary.http import validated
from catenary.messages import Instance, Pipeline, Step

_EDGE = st.sampled_from(string.ascii_letters + string.digits)
NAMES = st.builds(lambda a, m, b: a + m + b, _EDGE, st.text(string.ascii_letters + "_-", max_size=20), _EDGE)
STEPS = st.builds(
    Step,
    service=NAMES,
    model=NAMES,
    timeout_s=st.none() | st.floats(0.001, 86_400),
    retries=st.integers(0, 10),
)
PIPELINES = st.builds(
    Pipeline, name=NAMES, chain=st.lists(STEPS, min_size=1, max_size=5).map(tuple), timeout_s=st.floats(0.001, 86_400)
)


@given(PIPELINES)
def test_a_pipeline_is_the_same_after_a_round_trip(pipeline: Pipeline) -> None:
    text = orjson.dumps(pipeline.model_dump(mode="json"))
    assert validated(Pipeline, orjson.loads(text)) == pipeline


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_any_json_is_a_message_or_an_error_that_names_the_field(value: object) -> None:
    for kind in (Pipeline, Instance):
        with pytest.raises(InvalidInput) as raised:
            validated(kind, value)
        assert str(raised.value)


@pytest.mark.parametrize("name", ["a", "a.b", "A-1_x", "x" * 128, "0"])
def test_names(name: str) -> None:
    assert names.is_name(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a..b", "-a", "a-", "a/b", "a b", "a\n", "\u00e4", "x" * 129, "a\x00"])
def test_what_is_no_name(name: str) -> None:
    assert not names.is_name(name)


@pytest.mark.parametrize("path", ["m", "v1/models/x:predict", "a.b/c_d"])
def test_a_foreign_servers_path_may_be_a_step(path: str) -> None:
    assert validated(Step, f"mine/{path}").model == path


@pytest.mark.parametrize("path", ["", "/m", "m/", "a//b", "../x", "a/../b", "a?b", "a b", "a%2fb"])
def test_what_may_not_follow_a_service(path: str) -> None:
    with pytest.raises(InvalidInput):
        validated(Step, f"mine/{path}")
