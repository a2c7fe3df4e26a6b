"""Whatever comes to a listener for HTTP, it is answered in HTTP, and what is wrong with it is the client's fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from malice import FUZZ, bodies, garbage, json_values, requests
from wire import Answer, exchange

from catenary import names

if TYPE_CHECKING:
    from conftest import Listeners

CHECKOUT = Path(__file__).resolve().parents[2]
SERVICES = [names.GATEWAY, names.REPOSITORY, *names.TYPE_OF_SERVICE]
LISTENERS = ["manager", *SERVICES, *(f"app of {service}" for service in SERVICES)]
API = ["pipelines", "pipelines/fuzzed", "instances", "instances/fuzzed", "runtimes", "models", "envoys"]
FILES = ["metadata/iris", "files/iris", "download/iris/model.pkl", "download/iris/metadata.json", "download/pm_spark/"]
OF_RUNTIMES = ["/health", "/health/live", "/metadata", "/iris", "/pm_scikit", "/pm_spark", "/none"]
TRACES = ["spans", "spans?serviceName=a", "services", "traces", "traces?limit=1", "trace/abc", "traceMany?traceIds=1,2"]
ROUTES = {
    "manager": ["/health", *(f"/api/v1/{path}" for path in API), *(f"{names.ZIPKIN_PATH}/{path}" for path in TRACES)],
    names.GATEWAY: ["/", "/health", *(f"{names.SERVE_PATH}/{name}" for name in ("iris", "two", "irsi", ""))],
    names.REPOSITORY: ["/health", "/health/live", "/index", "/index?wait=0", *(f"/{path}" for path in FILES)],
    **dict.fromkeys(names.TYPE_OF_SERVICE, OF_RUNTIMES),
}

REQUESTS = {"iris": "scikit/iris", "wine": "scikit/wine", "two": "custom/pm_scikit"}


def require_answer(answer: Answer | None, request: bytes) -> None:
    """A connection that is closed without a word is an answer to what is no HTTP."""
    if answer is None:
        return
    shown = f"{answer.status} {answer.headers} {answer.body[:500]!r} to {request[:300]!r}"
    # No coding but chunked is known: RFC 9112 has 501 for that.
    assert answer.status < 500 or (answer.status == 501 and b"ransfer-encoding" in request), shown
    assert b"Traceback" not in answer.body, shown
    assert str(CHECKOUT).encode() not in answer.body, shown
    if answer.status >= 400 and not request.startswith(b"HEAD "):
        assert answer.headers["content-type"] == names.PROBLEM_TYPE, shown
        document = answer.document
        assert document["status"] == answer.status, shown
        assert document["error"] == document["detail"] != "", shown


@pytest.mark.parametrize("listener", LISTENERS)
@FUZZ
@given(st.data())
async def test_no_request_is_a_fault_of_ours(listeners: Listeners, listener: str, data: st.DataObject) -> None:
    request = data.draw(requests(ROUTES[listener.removeprefix("app of ")]))
    require_answer(await exchange(listeners.http[listener], request), request)


@pytest.mark.parametrize("listener", ["manager", names.GATEWAY, names.REPOSITORY, "app of gateway"])
@FUZZ
@given(garbled=garbage)
async def test_what_is_no_http_is_no_fault_of_ours(listeners: Listeners, listener: str, garbled: bytes) -> None:
    require_answer(await exchange(listeners.http[listener], garbled), garbled)


async def post(listeners: Listeners, listener: str, path: str, body: bytes, method: str = "POST") -> Answer:
    request = f"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body
    answer = await exchange(listeners.http[listener], request, whole=True)
    require_answer(answer, request)
    assert answer is not None, f"no answer to {request[:300]!r}"
    return answer


EXAMPLES = {name: CHECKOUT / "models" / folder / "request.json" for name, folder in REQUESTS.items()}


@pytest.mark.parametrize("pipeline", EXAMPLES)
@FUZZ
@given(st.data())
async def test_no_rows_are_a_fault_of_ours(listeners: Listeners, pipeline: str, data: st.DataObject) -> None:
    """Rows that a model takes, with anything in the place of a value; or anything at all."""
    row = json.loads(EXAMPLES[pipeline].read_text())[0]
    row |= data.draw(st.dictionaries(st.sampled_from([*row, "", "extra"]), json_values, max_size=3))
    for column in data.draw(st.lists(st.sampled_from(list(row)), max_size=1)):
        del row[column]
    body = data.draw(
        bodies
        | st.just(json.dumps([row]).encode())
        | st.just(json.dumps([row], ensure_ascii=False).encode(errors="replace"))
    )
    await post(listeners, names.GATEWAY, f"{names.SERVE_PATH}/{pipeline}", body)


names_of_things = (
    st.sampled_from(["fuzzed", "a", "A.b-c_d", "x" * 128, "iris.", "9"])
    | st.text(max_size=8)
    | st.sampled_from(
        [
            "..",
            "a/b",
            "a..b",
            "",
            "x" * 129,
            "_app",
            "_xds",
            "gateway",
            "manager",
            "a\nb",
            "a b",
            "\u00fc",
            "\0",
            "%2e",
            "con",
        ]
    )
)
numbers = (
    st.sampled_from([0, 1, -1, 0.001, 0.5, 1e-300, 86_400, 86_401, 1_000_000, 2**31, 2**64, 1e308, True])
    | st.floats()
    | st.integers()
)
things = numbers | json_values
steps = st.tuples(names_of_things, names_of_things).map("/".join) | st.fixed_dictionaries(
    {"service": names_of_things, "model": names_of_things | st.just("v1/models/m:predict")},
    optional={"timeout_s": things, "retries": things, "extra": things},
)
limits = st.fixed_dictionaries(
    {},
    optional={
        "requests_per_s": things,
        "burst": things,
        "concurrent_requests": things,
        "per_client": st.fixed_dictionaries(
            {"requests_per_s": things},
            optional={"burst": things, "header": names_of_things | st.sampled_from(["host", "x-api-key", ":path"])},
        ),
    },
)
pipelines = st.fixed_dictionaries(
    {"name": names_of_things, "chain": st.lists(steps, max_size=4) | json_values},
    optional={
        "timeout_s": things,
        "limits": limits | json_values,
        "transportType": st.sampled_from(["http", "grpc"]) | json_values,
        "extra": things,
    },
)
instances = st.fixed_dictionaries(
    {
        "id": st.just("fuzzed"),
        "service": st.sampled_from(["fuzzed", "a", "a b", "_app", "x" * 128]),
        "address": st.sampled_from(
            ["127.0.0.1:1", "::1:9", "[::1]:9", "fe80::1%lo:9", "0.0.0.0:9", "255.255.255.255:65535", "x:1"]
        )
        | st.text(max_size=12),
    },
    optional={
        "version": st.text(max_size=8) | json_values,
        "health_path": st.text(max_size=8).map("/".__add__) | json_values,
        "models": st.lists(
            st.fixed_dictionaries(
                {"name": names_of_things, "version": st.text(), "state": st.sampled_from(["ready", "x"])}
            ),
            max_size=3,
        )
        | json_values,
    },
)


@FUZZ
@given(pipelines)
async def test_no_pipeline_is_stored_that_a_gateway_refuses(listeners: Listeners, pipeline: dict[str, Any]) -> None:
    answer = await post(listeners, "manager", names.PIPELINES_PATH, json.dumps(pipeline).encode())
    await require_no_refusal(listeners)
    if answer.status < 300:
        stored = f"{names.PIPELINES_PATH}/{pipeline['name']}"
        assert (await post(listeners, "manager", stored, b"", "GET")).document["name"] == pipeline["name"]
        assert (await post(listeners, names.GATEWAY, f"{names.SERVE_PATH}/{pipeline['name']}/no", b"{}")).status == 404
        assert (await post(listeners, "manager", stored, b"", "DELETE")).status == 200


@FUZZ
@given(instances)
async def test_no_instance_is_registered_that_a_gateway_refuses(listeners: Listeners, instance: dict[str, Any]) -> None:
    body = json.dumps(instance).encode()
    await post(listeners, "manager", f"{names.INSTANCES_PATH}/fuzzed", body, "PUT")
    await require_no_refusal(listeners)


async def require_no_refusal(listeners: Listeners) -> None:
    envoys = (await post(listeners, "manager", names.ENVOYS_PATH, b"", "GET")).document
    assert [envoy["errors"] for envoy in envoys] == [[]] * len(envoys)
