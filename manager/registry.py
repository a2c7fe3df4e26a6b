"""The registry: which instances serve, each on a lease that it has to renew.

What holds is what stands in memory: an instance joins and leaves at once. It is stored as well, so that a manager that
returns knows it, with one full lease to renew itself; while the store cannot be written, what is to be written waits.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import orjson

from catenary.address import TcpAddress, parse_address
from catenary.errors import Unavailable
from catenary.messages import Instance
from catenary.store import Store

log = logging.getLogger(__name__)

INSTANCES = "catenary/instances/"
SERVICES = "catenary/services/"


@dataclass(slots=True)
class Lease:
    instance: Instance
    expires: float
    """On the loop's clock, in seconds."""


class Registry:
    """Used from one loop. `renew`, `leave` and `expire` take effect at once, `keep_saved` stores it."""

    def __init__(self, store: Store, lease_s: float) -> None:
        self.lease_s = lease_s
        self._store = store
        self._leases: dict[str, Lease] = {}
        self._services: set[str] = set()
        self._unsaved: dict[str, bytes | None] = {}
        """Keys to be put, or with None to be deleted."""
        self._owing = asyncio.Event()

    async def load(self) -> None:
        """Take over what is stored."""
        for entry in await self._store.list(INSTANCES):
            instance = Instance.model_validate(orjson.loads(entry.value))
            self._leases[instance.id] = Lease(instance, self._from_now())
        self._services = {entry.key.removeprefix(SERVICES) for entry in await self._store.list(SERVICES)}

    def instances(self, service: str | None = None) -> list[Instance]:
        """Those that hold a lease, in the order of service and id."""
        found = (lease.instance for lease in self._leases.values())
        return sorted((i for i in found if service in (None, i.service)), key=lambda i: (i.service, i.id))

    def services(self) -> frozenset[str]:
        """Every service that ever had an instance."""
        return frozenset(self._services)

    def addresses(self, service: str) -> tuple[TcpAddress, ...]:
        found = (parse_address(i.address) for i in self.instances(service))
        return tuple(address for address in found if isinstance(address, TcpAddress))

    def renew(self, instance: Instance) -> bool:
        """Register `instance`, or renew its lease and what it says; whether a service's endpoints have changed."""
        lease = self._leases.get(instance.id)
        self._leases[instance.id] = Lease(instance, self._from_now())
        if lease and lease.instance == instance:
            return False
        # An address belongs to whoever came last: an instance that was there before is gone.
        for other in [i for i in self.instances() if i.address == instance.address and i.id != instance.id]:
            self.leave(other.id)
        if instance.service not in self._services:
            self._services.add(instance.service)
            self._owe(f"{SERVICES}{instance.service}", b"")
        self._owe(f"{INSTANCES}{instance.id}", instance.model_dump_json().encode())
        if lease and (lease.instance.service, lease.instance.address) == (instance.service, instance.address):
            return False
        log.info("%s serves at %s", instance.id, instance.address)
        return True

    def leave(self, instance_id: str) -> bool:
        """Whether there was such an instance."""
        if self._leases.pop(instance_id, None) is None:
            return False
        self._owe(f"{INSTANCES}{instance_id}", None)
        log.info("%s has left", instance_id)
        return True

    def expire(self) -> bool:
        """Let go whose lease is over; whether there were any."""
        now = asyncio.get_running_loop().time()
        over = [i for i, lease in self._leases.items() if lease.expires < now]
        for instance_id in over:
            log.warning("%s has not renewed its lease for %g s", instance_id, self.lease_s)
            self.leave(instance_id)
        return bool(over)

    async def keep_saved(self) -> None:
        """Write every change to the store, at once or as soon as it can be; until cancelled."""
        while True:
            await self._owing.wait()
            self._owing.clear()
            for key, value in list(self._unsaved.items()):
                try:
                    await (self._store.delete(key) if value is None else self._store.put(key, value))
                except Unavailable as error:
                    log.warning("the registry cannot be stored: %s", error)
                    await asyncio.sleep(error.retry_after_s)
                    self._owing.set()
                    break
                if self._unsaved.get(key) == value:
                    del self._unsaved[key]

    def _owe(self, key: str, value: bytes | None) -> None:
        self._unsaved[key] = value
        self._owing.set()

    def _from_now(self) -> float:
        return asyncio.get_running_loop().time() + self.lease_s
