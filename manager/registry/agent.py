"""Catenary's services at this manager's own Consul agent, each registered with a check through its sidecar.

What has been registered at an agent can be removed there alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catenary.address import TcpAddress, parse_address
from catenary.messages import Instance
from catenary.store.consul_client import ConsulClient
from manager.registry.findings import CHECK_NAME, target_of

META = {"catenary": "instance"}
"""Marks a service as Catenary's."""
FAILURES_BEFORE_CRITICAL = 2


@dataclass(frozen=True, slots=True)
class CheckTimes:
    """How Consul checks, in seconds; after `deregister_after_s` of failing it removes the service by itself."""

    interval_s: float
    timeout_s: float
    deregister_after_s: float


class AgentServices:
    """All raise Unavailable."""

    def __init__(self, consul: ConsulClient, times: CheckTimes) -> None:
        self._consul = consul
        self._times = times

    async def register(self, instance: Instance, *, passing: bool) -> None:
        """`passing`: whether it counts as such until its check has run."""
        address = parse_address(instance.address)
        if not isinstance(address, TcpAddress):
            raise ValueError(f"{address} is not host:port")
        await self._consul.agent.service.register(
            instance.service,
            service_id=instance.id,
            address=address.host,
            port=address.port,
            tags=[f"version={instance.version}"] if instance.version else [],
            meta=META | ({"metrics": instance.metrics} if instance.metrics else {}),
            check=self._check(instance, "passing" if passing else "critical"),
        )

    async def deregister(self, instance_id: str) -> None:
        """Nothing happens where it is not registered."""
        if instance_id in await self.ids():
            await self._consul.agent.service.deregister(instance_id)

    async def ids(self) -> set[str]:
        """Catenary's services at this agent."""
        services = await self._consul.agent.services()
        return {id_ for id_, service in services.items() if META.items() <= (service.get("Meta") or {}).items()}

    def _check(self, instance: Instance, status: str) -> dict[str, Any]:
        target = target_of(instance)
        kind, _, where = target.partition(" ")
        return {
            "HTTP" if kind == "GET" else "TCP": where,
            "CheckID": f"catenary:{instance.id}",
            "Name": CHECK_NAME,
            "Notes": target,
            "Status": status,
            "Interval": f"{self._times.interval_s:g}s",
            "Timeout": f"{self._times.timeout_s:g}s",
            "FailuresBeforeCritical": FAILURES_BEFORE_CRITICAL,
            "DeregisterCriticalServiceAfter": f"{self._times.deregister_after_s:g}s",
        }
