"""What keeps a stack from starting: one sentence that says what to do, exit status 2, and nothing was started."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from catenary.address import free_port


@pytest.fixture
def refused(stack: Any) -> Any:
    """Runs `catenary`, which has to refuse, and gives its sentence."""

    def run(*words: str, **environment: str) -> str:
        result = stack.run(*words, **environment)
        assert result.returncode == 2, result
        assert result.stdout == ""
        assert result.stderr.startswith("catenary: ")
        assert result.stderr.count("\n") == 1
        assert not (stack.state / "stack.json").exists()
        assert not (stack.state / "logs" / "manager.log").exists()
        return str(result.stderr)

    return run


@pytest.mark.parametrize("name", ["manager", "gateway", "repository"])
@pytest.mark.parametrize("command", ["up", "demo"])
def test_a_port_that_is_taken(stack: Any, refused: Any, name: str, command: str):
    port = stack.ports[name]
    with socket.create_server(("127.0.0.1", port)):
        sentence = refused(command)
    assert f"port {port} on 127.0.0.1 cannot be used for the {name}" in sentence
    assert sentence.endswith(f"choose another port with --{name}-port or CATENARY_{name.upper()}_PORT\n")


def test_a_port_that_is_taken_when_detached(stack: Any, refused: Any):
    with socket.create_server(("127.0.0.1", stack.ports["gateway"])):
        assert "cannot be used for the gateway" in refused("up", "--detach")


def test_one_port_for_two_parts(refused: Any):
    port = str(free_port())
    assert "three different ports" in refused("up", "--manager-port", port, "--gateway-port", port)


def test_no_envoy(refused: Any):
    assert "CATENARY_ENVOY is '/nonexistent/envoy'" in refused("up", CATENARY_ENVOY="/nonexistent/envoy")


def test_an_envoy_that_is_none(refused: Any):
    assert "CATENARY_ENVOY is '/bin/sh', which is not an Envoy" in refused("up", CATENARY_ENVOY="/bin/sh")


def test_no_folder_of_models(refused: Any):
    assert "/nonexistent/models is not a folder" in refused("up", "--models", "/nonexistent/models")


def test_a_state_folder_that_cannot_be_written(refused: Any):
    assert "CATENARY_STATE_DIR names another folder" in refused("up", CATENARY_STATE_DIR="/dev/null/state")
