"""Which services the manager knows to be up: what `up` waits for and `status` shows."""

from __future__ import annotations

from typing import Any

from catenary import names
from catenary.client import Client
from catenary.errors import CatenaryError


def manager_answers(client: Client) -> bool:
    """Whether the manager's API is there."""
    try:
        client.call("GET", names.HEALTH_PATH)
    except CatenaryError:
        return False
    return True


def serving_instances(client: Client) -> dict[str, Any]:
    """By service, an instance that is registered and whose Envoy is connected; empty while the manager is away.

    The second condition leaves out what a stack that was killed has left in the manager's store until its lease ends.
    """
    try:
        connected = {envoy["id"] for envoy in client.call("GET", names.ENVOYS_PATH)}
        instances = client.call("GET", names.INSTANCES_PATH)
    except CatenaryError:
        return {}
    return {instance["service"]: instance for instance in instances if instance["id"] in connected}
