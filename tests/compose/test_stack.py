"""The stack as its user has it: up, healthy, answering the README's commands, and closed where it should be."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from typing import Any

import pytest
from containers import CONSUL, MANAGER, PATIENCE_S, ZIPKIN, Stack
from readme import commands

pytestmark = pytest.mark.compose

SPANS = {"gateway": 3, "serving-customscikit": 6, "serving-localml-spark": 6}
"""Of a chain of two steps: the request and its calls; a sidecar, its runtime, and the runtime's four stages."""

OURS = ("manager", "gateway", "repository", "scikit", "custom-scikit", "localml-spark")
PUBLISHED = {"consul": {"8500"}, "zipkin": {"9411"}, "manager": {"8080"}, "gateway": {"8083"}, "repository": {"8087"}}


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def test_the_readmes_requests_are_answered_as_in_the_local_demo_and_seen_as_one_trace(stack: Stack) -> None:
    create, serve, *others = [block for block in commands()["One command"] if block.startswith("curl")]
    stack.run("bash", "-ec", create)
    said = stack.run("bash", "-ec", serve)
    assert re.findall(r'"predictionLabel":\s*"(\w+)"', said) == ["no", "yes"]

    for other in others:
        assert "there is no column 'ItemSpecifics1', which 'pm_scikit' needs" in stack.run("bash", "-ec", other)

    trace_id = re.search(r"^x-trace-id: (\w+)", said, re.MULTILINE)
    assert trace_id
    end = time.monotonic() + PATIENCE_S
    while True:
        spans = _spans(trace_id[1])
        if {service: len(of) for service, of in spans.items()} == SPANS:
            break
        assert time.monotonic() < end, spans
        time.sleep(0.2)
    (root,) = [span for span in spans["gateway"] if "parentId" not in span]
    calls = {span["id"] for span in spans["gateway"] if span.get("parentId") == root["id"]}
    assert root["name"] == "endpointml"
    for service in ("serving-customscikit", "serving-localml-spark"):
        sidecar = _only_child(spans[service], calls)
        runtime = _only_child(spans[service], {sidecar})
        stages = {span["name"] for span in spans[service] if span.get("parentId") == runtime}
        assert stages == {"queue", "decode", "predict", "serialise"}


def _only_child(spans: list[dict[str, Any]], parents: set[str]) -> str:
    """The id of the one span below `parents`."""
    (child,) = (span["id"] for span in spans if span.get("parentId") in parents)
    return str(child)


def _spans(trace_id: str) -> dict[str, list[dict[str, Any]]]:
    """The trace's spans by the service that reported them."""
    try:
        spans = get(f"{ZIPKIN}/api/v2/trace/{trace_id}")
    except urllib.error.HTTPError:
        return {}
    services = {span["localEndpoint"]["serviceName"] for span in spans}
    return {name: [span for span in spans if span["localEndpoint"]["serviceName"] == name] for name in services}


def test_the_consoles_of_consul_and_zipkin_are_there(stack: Stack) -> None:
    for page in (f"{CONSUL}/ui/", f"{ZIPKIN}/zipkin/"):
        with urllib.request.urlopen(page, timeout=10) as answer:
            assert (answer.status, answer.headers.get_content_type()) == (200, "text/html")


def test_consuls_catalog_names_every_service_with_its_version(stack: Stack) -> None:
    services = get(f"{CONSUL}/v1/catalog/services")
    runtimes = {"serving-scikit", "serving-customscikit", "serving-localml-spark"}
    assert runtimes | {"gateway", "manager", "repository"} <= services.keys()
    assert {runtime["service"] for runtime in get(f"{MANAGER}/api/v1/runtimes")} == runtimes
    for entry in get(f"{CONSUL}/v1/health/service/serving-scikit"):
        assert {check["Status"] for check in entry["Checks"]} == {"passing"}
        assert any(tag.startswith("version=") for tag in entry["Service"]["Tags"])
    assert get(f"{MANAGER}/health")["status"] == "ok"


def test_nothing_is_published_that_need_not_be_and_nothing_beyond_this_machine(stack: Stack) -> None:
    for service in (*OURS, "consul", "zipkin"):
        for container in stack.containers(service):
            ports = stack.inspect(container)["NetworkSettings"]["Ports"]
            bindings = [binding for bound in ports.values() for binding in bound or ()]
            assert {binding["HostIp"] for binding in bindings} <= {"127.0.0.1"}
            assert {binding["HostPort"] for binding in bindings} == PUBLISHED.get(service, set())


def test_containers_are_closed_to_what_serving_does_not_need(stack: Stack) -> None:
    for service in OURS:
        (container,) = stack.containers(service)
        said = stack.inspect(container)
        host = said["HostConfig"]
        assert said["Config"]["User"].split(":")[0] not in ("", "0", "root")
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert any(option.startswith("no-new-privileges") for option in host["SecurityOpt"])
        assert host["Memory"] > 0
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        tools = stack.docker("exec", container, "sh", "-c", "command -v gcc cc make java javac || true")
        packages = stack.docker(
            "exec", container, "python", "-c", "import importlib.util as i; print(i.find_spec('pyspark'))"
        )
        assert (tools, packages) == ("", "None")


def test_the_supervisor_is_process_1_and_collects_orphans(stack: Stack) -> None:
    (container,) = stack.containers("scikit")
    assert "sidecar" in stack.docker("exec", container, "cat", "/proc/1/cmdline")
    stack.docker("exec", container, "sh", "-c", "sleep 0.2 & exit 0")
    end = time.monotonic() + PATIENCE_S
    while left := _orphans(stack, container):
        assert time.monotonic() < end, left
        time.sleep(0.2)


def _orphans(stack: Stack, container: str) -> list[str]:
    """The lines of /proc of what sleeps there, or has ended and was not collected."""
    # A process may end while they are read.
    lines = stack.docker("exec", container, "sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null || true").splitlines()
    return [line for line in lines if "(sleep)" in line or line.rpartition(")")[2].split()[0] == "Z"]


def test_an_envoys_admin_cannot_be_reached_from_another_container(stack: Stack) -> None:
    (container,) = stack.containers("scikit")
    listening = stack.docker("exec", container, "sh", "-c", "cat /proc/net/tcp /proc/net/tcp6")
    states = [line.split() for line in listening.splitlines() if "local_address" not in line]
    # 0A: listening; addresses in hexadecimal. Docker's own name server listens on the loopback, at 127.0.0.11.
    open_ports = {
        int(local.partition(":")[2], 16)
        for _, local, _, state, *_ in states
        if state == "0A" and not local.startswith("0B00007F")
    }
    # The Envoy's own, and the metrics'.
    assert open_ports == {8080, 9102}


def test_images_are_small(stack: Stack) -> None:
    sizes = {}
    for service in OURS:
        (container,) = stack.containers(service)
        image = stack.inspect(container)["Image"]
        sizes[service] = round(int(stack.docker("image", "inspect", "--format", "{{.Size}}", image)) / 1e6)
    base = round(int(stack.docker("image", "inspect", "--format", "{{.Size}}", "python:3.11-slim-bookworm")) / 1e6)
    stack.figure(f"image sizes in MB, of which the Python base is {base}", sizes)
    assert max(sizes.values()) < 600
