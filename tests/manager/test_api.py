"""The manager's REST API, on the real process."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from mesh import Mesh, until
from yarl import URL

from catenary import names

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHAIN = ["serving-customscikit/pm_scikit", "serving-localml-spark/pm_spark"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    async with Mesh(lease_s=1.0) as mesh:
        yield mesh


async def call(mesh: Mesh, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
    async with mesh.session.request(method, mesh.manager_url + path, data=data, headers=headers) as answer:
        text = await answer.read()
        if answer.status >= 400:
            assert answer.headers["content-type"] == names.PROBLEM_TYPE
        return answer.status, json.loads(text), {k.lower(): v for k, v in answer.headers.items()}


async def test_hydro_servings_request_makes_a_pipeline_word_for_word(mesh: Mesh) -> None:
    body = (
        b'{"name":"endpointML","transportType":"http", '
        b'"chain":["serving-customscikit/pm_scikit","serving-localml-spark/pm_spark"]}'
    )
    status, document, headers = await call(mesh, "POST", names.PIPELINES_PATH, body, content_type="application/json")
    assert status == 201
    assert document["chain"] == CHAIN
    assert document["state"] == "waiting"
    assert [w["reason"] for w in document["waiting_for"]] == ["no-healthy-instance"] * 2
    status, again, _ = await call(mesh, "POST", names.PIPELINES_PATH, body)
    assert (status, again["chain"]) == (200, CHAIN)
    _, listed, _ = await call(mesh, "GET", names.PIPELINES_PATH)
    assert again in listed
    status, one, headers = await call(mesh, "GET", names.PIPELINES_PATH + "/endpointML")
    assert (status, one, headers["etag"]) == (200, again, f'"{again["revision"]}"')


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"chain": []}, "chain"),
        ({"chain": "a/b"}, "chain"),
        ({"chain": ["a"]}, "chain[0]"),
        ({"chain": ["a/b", "a b/c"]}, "chain[1].service"),
        ({"chain": ["a/../b"]}, "chain[0].model"),
        ({"chain": ["a/b", {"service": "c"}]}, "chain[1].model"),
        ({"chain": [{"service": "a", "model": "b", "retires": 1}]}, "chain[0].retires"),
        ({"chain": [{"service": "a", "model": "b", "retries": -1}]}, "chain[0].retries"),
        ({"chain": [{"service": "a", "model": "b", "timeout_s": "1"}]}, "chain[0].timeout_s"),
        ({"chain": [7]}, "chain[0]"),
        ({"chain": ["gateway/api/v1/serve/wrong"]}, "chain[0].service"),
        ({"chain": ["a/b"] * 65}, "chain"),
        ({"name": ""}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": 7}, "name"),
        ({"transportType": "carrier pigeon"}, "transportType"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"extra": 1}, "extra"),
    ],
)
async def test_a_wrong_field_is_422_and_named(mesh: Mesh, change: dict[str, Any], field: str) -> None:
    status, document, _ = await call(mesh, "POST", names.PIPELINES_PATH, {"name": "wrong", "chain": ["a/b"]} | change)
    assert (status, document["field"]) == (422, field)
    assert document["error"].startswith(field)
    assert (await call(mesh, "GET", names.PIPELINES_PATH + "/wrong"))[0] == 404


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[1,"])
async def test_what_is_not_json_is_400(mesh: Mesh, body: bytes) -> None:
    assert (await call(mesh, "POST", names.PIPELINES_PATH, body))[0] == 400


async def test_a_missing_field_is_named(mesh: Mesh) -> None:
    status, document, _ = await call(mesh, "POST", names.PIPELINES_PATH, {"name": "x"})
    assert (status, document["error"]) == (422, "chain: this field is needed")
    status, document, _ = await call(mesh, "POST", names.PIPELINES_PATH, [1])
    assert (status, document["error"]) == (422, "an object is needed")


async def test_the_short_and_the_long_form_of_a_step_mean_the_same(mesh: Mesh) -> None:
    long = [{"service": "a", "model": "m"}, {"service": "a", "model": "n", "timeout_s": 1.5, "retries": 0}]
    _, document, _ = await call(mesh, "PUT", names.PIPELINES_PATH + "/forms", {"chain": long})
    assert document["chain"] == ["a/m", long[1]]
    status, again, _ = await call(mesh, "PUT", names.PIPELINES_PATH + "/forms", {"chain": document["chain"]})
    assert (status, again["chain"]) == (200, document["chain"])


async def test_the_name_in_path_and_body_must_agree(mesh: Mesh) -> None:
    status, document, _ = await call(mesh, "PUT", names.PIPELINES_PATH + "/a", {"name": "b", "chain": ["a/b"]})
    assert (status, document["field"]) == (422, "name")


async def test_a_write_with_if_match_loses_to_a_faster_writer(mesh: Mesh) -> None:
    pipeline = {"name": "cas", "chain": ["a/b"]}
    status, _, headers = await call(mesh, "POST", names.PIPELINES_PATH, pipeline, if_none_match="*")
    assert status == 201
    assert (await call(mesh, "POST", names.PIPELINES_PATH, pipeline, if_none_match="*"))[0] == 412
    status, _, newer = await call(mesh, "POST", names.PIPELINES_PATH, pipeline, if_match=headers["etag"])
    assert status == 200
    assert (await call(mesh, "POST", names.PIPELINES_PATH, pipeline, if_match=headers["etag"]))[0] == 412
    assert (await call(mesh, "DELETE", names.PIPELINES_PATH + "/cas", if_match=headers["etag"]))[0] == 412
    for condition in ("17", '"0"', 'W/"17"'):
        assert (await call(mesh, "DELETE", names.PIPELINES_PATH + "/cas", if_match=condition))[0] == 400
    assert (await call(mesh, "POST", names.PIPELINES_PATH, pipeline, if_none_match='"17"'))[0] == 400
    assert (await call(mesh, "POST", names.PIPELINES_PATH, pipeline | {"name": "none"}, if_match="*"))[0] == 404
    status, _, newer = await call(mesh, "POST", names.PIPELINES_PATH, pipeline, if_match="*")
    assert status == 200
    assert (await call(mesh, "DELETE", names.PIPELINES_PATH + "/cas", if_match=newer["etag"]))[0] == 200


@pytest.mark.parametrize("digits", [1, 19, 30, 5_000])
async def test_no_condition_is_a_fault_of_ours(mesh: Mesh, digits: int) -> None:
    await mesh.pipeline("conditions", "a/b")
    path = names.PIPELINES_PATH + "/conditions"
    assert (await call(mesh, "DELETE", path, if_match=f'"{"9" * digits}"'))[0] in (400, 412)
    assert (await call(mesh, "GET", path))[0] == 200


@pytest.mark.parametrize("name", ["..%2Finstances%2Fx", "%00", "a%0Ab", "%ED%A0%80", "x" * 129, "a%2Fb", "%3Frecurse"])
async def test_what_can_be_no_name_is_404_and_says_so(mesh: Mesh, name: str) -> None:
    for method, path in (
        ("GET", names.PIPELINES_PATH),
        ("DELETE", names.PIPELINES_PATH),
        ("DELETE", names.INSTANCES_PATH),
    ):
        url = URL(f"{mesh.manager_url}{path}/{name}", encoded=True)
        async with mesh.session.request(method, url) as answer:
            assert answer.status == 404
            assert names.NAME_RULE in (await answer.json(content_type=None))["error"]


async def test_what_is_not_there_is_404_with_the_names_that_are_near(mesh: Mesh) -> None:
    await mesh.pipeline("house-prices", "a/b")
    for method in ("GET", "DELETE"):
        status, document, _ = await call(mesh, method, names.PIPELINES_PATH + "/house-price")
        assert (status, document["near"]) == (404, ["house-prices"])
    assert (await call(mesh, "GET", "/api/v1/nothing"))[0] == 404
    status, _, headers = await call(mesh, "DELETE", names.PIPELINES_PATH)
    assert (status, headers["allow"]) == (405, "GET, HEAD, POST, PUT")


async def state(mesh: Mesh, name: str) -> dict[str, Any]:
    _, document, _ = await call(mesh, "GET", f"{names.PIPELINES_PATH}/{name}")
    found: dict[str, Any] = document
    return found


async def register(mesh: Mesh, instance: str, service: str, address: str, models: Any = None) -> int:
    body = {"id": instance, "service": service, "address": address, "models": models}
    return (await call(mesh, "PUT", f"{names.INSTANCES_PATH}/{instance}", body))[0]


async def test_a_pipeline_says_what_it_waits_for(mesh: Mesh) -> None:
    document = await mesh.pipeline("waiter", "mine/m", "serving-scikit/wine")
    assert [w["reason"] for w in document["waiting_for"]] == ["unknown-service", "no-healthy-instance"]
    loading = [{"name": "wine", "version": "1", "state": "loading"}]
    broken = [{"name": "wine", "version": "1", "state": "broken", "reason": "no such file"}]
    ready = [{"name": "wine", "version": "1", "state": "ready"}]
    assert await register(mesh, "mine-1", "mine", "127.0.0.1:9") == 200
    for models, reason in ((loading, "model-loading"), (broken, "model-broken"), ([], "model-loading")):
        await register(mesh, "scikit-1", "serving-scikit", "127.0.0.1:10", models)
        (wait,) = (await state(mesh, "waiter"))["waiting_for"]
        assert (wait["step"], wait["reason"]) == (2, reason)
    await register(mesh, "scikit-1", "serving-scikit", "127.0.0.1:10", ready)
    assert (await state(mesh, "waiter"))["state"] == "ready"
    # A service that was there once is known: what it lacks then is an instance.
    assert (await call(mesh, "DELETE", f"{names.INSTANCES_PATH}/mine-1"))[0] == 200
    (wait,) = (await state(mesh, "waiter"))["waiting_for"]
    assert (wait["step"], wait["reason"]) == (1, "no-healthy-instance")


async def test_an_instance_that_does_not_renew_is_gone_after_its_lease(mesh: Mesh) -> None:
    await register(mesh, "brief-1", "brief", "127.0.0.1:11")
    start = asyncio.get_running_loop().time()

    async def gone() -> bool:
        _, instances, _ = await call(mesh, "GET", names.INSTANCES_PATH)
        return "brief-1" not in [i["id"] for i in instances]

    assert not await gone()
    await until(gone, "the lease is over")
    assert 0.8 < asyncio.get_running_loop().time() - start < 3
    assert (await call(mesh, "DELETE", f"{names.INSTANCES_PATH}/brief-1"))[0] == 404


async def test_an_address_belongs_to_the_instance_that_came_last(mesh: Mesh) -> None:
    await register(mesh, "old-1", "moved", "127.0.0.1:12")
    await register(mesh, "new-1", "moved", "127.0.0.1:12")
    _, instances, _ = await call(mesh, "GET", names.INSTANCES_PATH)
    assert [i["id"] for i in instances if i["service"] == "moved"] == ["new-1"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"address": "unix:/x"}, "address"),
        ({"address": "host"}, "address"),
        ({"address": "localhost:80"}, "address"),
        ({"service": "_xds"}, "service"),
        ({"id": "other"}, "id"),
        ({"x": 1}, "x"),
    ],
)
async def test_a_wrong_registration_is_422(mesh: Mesh, change: dict[str, Any], field: str) -> None:
    body = {"id": "i-1", "service": "s", "address": "127.0.0.1:1"} | change
    status, document, _ = await call(mesh, "PUT", f"{names.INSTANCES_PATH}/i-1", body)
    assert (status, document["field"]) == (422, field)


async def test_leaving_twice_at_once_is_told_to_one_of_them(mesh: Mesh) -> None:
    for i in range(10):
        await register(mesh, f"twice-{i}", "twice", f"127.0.0.1:{100 + i}")
        path = f"{names.INSTANCES_PATH}/twice-{i}"
        answers = await asyncio.gather(*(call(mesh, "DELETE", path) for _ in range(3)))
        assert sorted(status for status, _, _ in answers) == [200, 404, 404]
    assert (await call(mesh, "GET", names.HEALTH_PATH))[0] == 200


async def test_services_named_like_envoys_own_clusters_disturb_nothing(mesh: Mesh) -> None:
    await mesh.pipeline("odd", "app/m", "xds/m", "edge/m")
    assert (await mesh.pipeline("after-odd", "a/m"))["state"] == "waiting"
    async with mesh.session.post(mesh.serve_url("after-od"), json=[]) as answer:
        assert answer.status == 404
    async with mesh.session.delete(f"{mesh.manager_url}{names.PIPELINES_PATH}/odd") as answer:
        assert (await answer.json())["state"] == "deleted"


async def test_a_locked_store_keeps_no_dead_instance_alive(mesh: Mesh) -> None:
    await register(mesh, "locked-1", "locked", "127.0.0.1:14")
    other = sqlite3.connect(mesh.folder / "state" / "manager.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    async def gone() -> bool:
        _, instances, _ = await call(mesh, "GET", names.INSTANCES_PATH)
        return "locked-1" not in [i["id"] for i in instances]

    await until(gone, "the lease is over", timeout_s=4)
    status, document, headers = await call(mesh, "POST", names.PIPELINES_PATH, {"name": "no", "chain": ["a/b"]})
    assert (status, headers["retry-after"]) == (503, "1"), document
    other.execute("ROLLBACK")
    other.close()
    assert (await call(mesh, "POST", names.PIPELINES_PATH, {"name": "no", "chain": ["a/b"]}))[0] == 201


async def test_the_envoys_are_listed_with_what_they_have(mesh: Mesh) -> None:
    _, envoys, _ = await call(mesh, "GET", names.ENVOYS_PATH)
    (gateway,) = [e for e in envoys if e["role"] == "gateway"]
    assert gateway["synchronised"]
    assert gateway["errors"] == []
    assert {"Cluster", "Listener", "RouteConfiguration"} <= gateway["types"].keys()


async def test_runtimes_are_listed_with_their_instances_and_models(mesh: Mesh) -> None:
    ready = [{"name": "iris", "version": "1", "state": "ready"}]
    await register(mesh, "scikit-2", "serving-scikit", "127.0.0.1:13", ready)
    _, runtimes, _ = await call(mesh, "GET", names.RUNTIMES_PATH)
    (scikit,) = [r for r in runtimes if r["service"] == "serving-scikit"]
    assert scikit["type"] == "scikit"
    assert "scikit-2" in scikit["instances"]
    assert "iris" in scikit["models"]
