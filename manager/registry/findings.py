"""What Consul's checks say of instances: pure reading of an answer of `/v1/health/state/any`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catenary.address import parse_address
from catenary.errors import Unavailable
from catenary.messages import Instance

CHECK_NAME = "Catenary"
"""The name of every check that Catenary registers."""
SERVICE_MAINTENANCE = "Service Maintenance Mode"
NODE_MAINTENANCE = "Node Maintenance Mode"
ABOUT_NODE = "serfHealth"

# Catenary's checks, and what else decides on them; a Consul that others use too has many more.
FILTER = " or ".join(
    [f'CheckID == "{ABOUT_NODE}"', *(f'Name == "{n}"' for n in (CHECK_NAME, SERVICE_MAINTENANCE, NODE_MAINTENANCE))]
)


@dataclass(frozen=True, slots=True)
class Finding:
    """`passing` None: registered, but its check has not run since its agent started. `fault`: why it does not pass."""

    passing: bool | None
    fault: str = ""


Subject = tuple[str, str]
"""An instance's id, and the target that is checked: what is found at its former address says nothing of it."""
Findings = Mapping[Subject, Finding]


def target_of(instance: Instance) -> str:
    """What is checked of it: `GET <url>` or `TCP <host>:<port>`; the `Notes` of its check."""
    host, _, port = str(parse_address(instance.address)).rpartition(":")
    at = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"GET http://{at}{instance.health_path}" if instance.health_path else f"TCP {at}"


def subject_of(instance: Instance) -> Subject:
    return instance.id, target_of(instance)


def findings(checks: Sequence[Mapping[str, Any]]) -> Findings:
    """What is found of each instance that is registered at an agent which is alive.

    Raises Unavailable where no agent is told of: there is always one, if the token may see it.
    """
    nodes = {check["Node"]: check["Status"] for check in checks if check["CheckID"] == ABOUT_NODE}
    if not nodes:
        raise Unavailable("Consul refuses the token: it shows the health of no node (node:read is needed)", 10)
    closed_nodes = {check["Node"] for check in checks if check["Name"] == NODE_MAINTENANCE}
    closed = {check["ServiceID"] for check in checks if check["Name"] == SERVICE_MAINTENANCE}
    found: dict[Subject, Finding] = {}
    for check in checks:
        if check["Name"] != CHECK_NAME or nodes.get(check["Node"]) == "critical":
            continue
        if check["Node"] in closed_nodes or check["ServiceID"] in closed:
            finding = Finding(False, "it is in maintenance")
        else:
            finding = _finding(check)
        subject = check["ServiceID"], check["Notes"]
        # At several agents: one check that passes is enough, and one that has run says more than one that has not.
        if subject not in found or _weight(finding) > _weight(found[subject]):
            found[subject] = finding
    return found


def _finding(check: Mapping[str, Any]) -> Finding:
    if check["Status"] != "critical":
        return Finding(True)
    # An agent that starts calls every check critical, without a word, until it has run once.
    return Finding(False, check["Output"].strip()) if check["Output"] else Finding(None)


def _weight(finding: Finding) -> int:
    return {None: 0, False: 1, True: 2}[finding.passing]
