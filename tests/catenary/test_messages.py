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
from catenary.messages import ClientLimit, Instance, Limits, Pipeline, Step

_EDGE = st.sampled_from(string.ascii_letters + string.digits)
NAMES = st.builds(lambda a, m, b: a + m + b, _EDGE, st.text(string.ascii_letters + "_-", max_size=20), _EDGE)
STEPS = st.builds(
    Step,
    service=NAMES,
    model=NAMES,
    timeout_s=st.none() | st.floats(0.001, 86_400),
    retries=st.integers(0, 10),
)
RATES = {"requests_per_s": st.floats(0.001, 1_000_000), "burst": st.none() | st.integers(1, 1_000_000)}
HEADERS = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=64)
LIMITS = st.builds(
    Limits,
    **RATES,
    concurrent_requests=st.none() | st.integers(1, 1_000_000),
    per_client=st.none() | st.builds(ClientLimit, **RATES, header=st.none() | HEADERS),
)
PIPELINES = st.builds(
    Pipeline,
    name=NAMES,
    chain=st.lists(STEPS, min_size=1, max_size=5).map(tuple),
    timeout_s=st.floats(0.001, 86_400),
    limits=st.none() | LIMITS,
)


@given(PIPELINES)
def test_a_pipeline_is_the_same_after_a_round_trip(pipeline: Pipeline) -> None:
    text = orjson.dumps(pipeline.model_dump(mode="json"))
    assert validated(Pipeline, orjson.loads(text)) == pipeline
    assert ("limits" in orjson.loads(text)) == (pipeline.limits is not None)


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


def test_grpc_has_one_step() -> None:
    pipeline = {"name": "p", "chain": ["a/m"], "transportType": "grpc"}
    assert validated(Pipeline, pipeline).transportType == "grpc"
    with pytest.raises(InvalidInput, match="gRPC goes to one step, as it is; the chain has 2") as raised:
        validated(Pipeline, pipeline | {"chain": ["a/m", "b/m"]})
    assert raised.value.field == "transportType"


@pytest.mark.parametrize("path", ["m", "v1/models/x:predict", "a.b/c_d"])
def test_a_foreign_servers_path_may_be_a_step(path: str) -> None:
    assert validated(Step, f"mine/{path}").model == path


@pytest.mark.parametrize("path", ["", "/m", "m/", "a//b", "../x", "a/../b", "a?b", "a b", "a%2fb"])
def test_what_may_not_follow_a_service(path: str) -> None:
    with pytest.raises(InvalidInput):
        validated(Step, f"mine/{path}")


def limited(limits: object) -> Pipeline:
    return validated(Pipeline, {"name": "p", "chain": ["a/m"], "limits": limits})


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "requests_per_s": st.floats() | st.integers() | st.text(),
            "burst": st.integers() | st.floats(),
            "concurrent_requests": st.integers() | st.booleans(),
            "per_client": st.fixed_dictionaries(
                {}, optional={"requests_per_s": st.floats(), "burst": st.integers(), "header": st.text()}
            ),
        },
    )
)
def test_limits_are_in_their_ranges_or_refused_by_the_fields_name(limits: dict[str, object]) -> None:
    try:
        made = limited(limits).limits
    except InvalidInput as error:
        refused = error.field
    else:
        refused = None
        assert made is not None
        assert_in_range(made)
    assert refused is None or refused.split(".")[0] == "limits"


def assert_in_range(made: Limits) -> None:
    for rate in (made, made.per_client):
        if rate and rate.requests_per_s is not None:
            assert 0.001 <= rate.requests_per_s <= 1_000_000
        if rate and rate.burst is not None:
            assert 1 <= rate.burst <= 1_000_000
    assert made.requests_per_s or made.concurrent_requests or made.per_client


@pytest.mark.parametrize(
    ("limits", "field", "says"),
    [
        ({}, "limits", "requests_per_s, concurrent_requests or per_client is needed"),
        ({"burst": 3}, "limits", "burst is a part of requests_per_s"),
        ({"requests_per_s": 0}, "limits.requests_per_s", "greater than or equal to 0.001"),
        ({"requests_per_s": "5"}, "limits.requests_per_s", "number"),
        ({"requests_per_s": 5, "burst": 1.5}, "limits.burst", "integer"),
        ({"concurrent_requests": 0}, "limits.concurrent_requests", "greater than or equal to 1"),
        ({"rps": 5}, "limits.rps", "there is no such field"),
        ({"per_client": {"burst": 3}}, "limits.per_client.requests_per_s", "this field is needed"),
        ({"per_client": {"requests_per_s": 5, "header": ":path"}}, "limits.per_client.header", "is not a header"),
        (5, "limits", "object is needed"),
    ],
)
def test_what_is_wrong_with_limits_is_named(limits: object, field: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as raised:
        limited(limits)
    assert raised.value.field == field


def test_a_headers_name_has_no_case() -> None:
    limits = limited({"per_client": {"requests_per_s": 5, "header": "X-API-Key"}}).limits
    assert limits
    assert limits.per_client
    assert limits.per_client.header == "x-api-key"
