"""The registry without Consul: an instance holds a lease that it has to renew.

What holds is what stands in memory: an instance joins and leaves at once. It is stored as well, so that a manager that
returns knows it, with one full lease to renew itself; while the store cannot be written, what is to be written waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from catenary.errors import CatenaryError
from catenary.messages import Instance
from catenary.store import Store
from manager.registry import INSTANCES, SERVICES, Registry, in_order, instance_in, nobody
from manager.standing import Standing

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Lease:
    instance: Instance
    expires: float
    """On the loop's clock, in seconds."""


class LeaseRegistry(Registry):
    """For one manager alone. `renew`, `leave` and the end of a lease take effect at once, `run` stores them."""

    def __init__(self, store: Store, standing: Standing, lease_s: float) -> None:
        self.lease_s = lease_s
        self.changed: Callable[[], object] = nobody
        self._store = store
        self._standing = standing
        self._leases: dict[str, Lease] = {}
        self._services: set[str] = set()
        self._unsaved: dict[str, bytes | None] = {}
        """Keys to be put, or with None to be deleted."""
        self._owing = asyncio.Event()

    async def load(self) -> None:
        instances, services = await self._store.list(INSTANCES), await self._store.list(SERVICES)
        for entry in instances:
            if entry.key in self._unsaved:
                continue
            try:
                instance = instance_in(entry)
            except CatenaryError as error:
                log.error("%s", error)
                continue
            self._leases[instance.id] = Lease(instance, self._from_now())
        self._services |= {entry.key.removeprefix(SERVICES) for entry in services}

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._expire(), name="leases")
            tasks.create_task(self._standing.keep("instances", self._save), name="saving")

    def instances(self, service: str | None = None) -> list[Instance]:
        return in_order({id_: lease.instance for id_, lease in self._leases.items()}, service)

    def services(self) -> frozenset[str]:
        return frozenset(self._services)

    async def renew(self, instance: Instance) -> None:
        lease = self._leases.get(instance.id)
        self._leases[instance.id] = Lease(instance, self._from_now())
        if lease and lease.instance == instance:
            return
        for other in [i for i in self.instances() if i.address == instance.address and i.id != instance.id]:
            self._drop(other.id)
        if instance.service not in self._services:
            self._services.add(instance.service)
            self._owe_service(instance.service)
        self._owe_instance(instance)
        if lease and _place(lease.instance) == _place(instance):
            return
        log.info("%s serves at %s", instance.id, instance.address)
        self.changed()

    async def leave(self, instance_id: str) -> bool:
        if instance_id not in self._leases:
            return False
        self._drop(instance_id)
        self.changed()
        return True

    def write_anew(self) -> None:
        for service in self._services:
            self._owe_service(service)
        for lease in self._leases.values():
            self._owe_instance(lease.instance)

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(self.lease_s / 10)
            now = asyncio.get_running_loop().time()
            over = [i for i, lease in self._leases.items() if lease.expires < now]
            for instance_id in over:
                log.warning("%s has not renewed its lease for %g s", instance_id, self.lease_s)
                self._drop(instance_id)
            if over:
                self.changed()

    def _drop(self, instance_id: str) -> None:
        del self._leases[instance_id]
        self._owe(f"{INSTANCES}{instance_id}", None)
        log.info("%s has left", instance_id)

    async def _save(self) -> None:
        """Write every change to the store, at once or as soon as it can be."""
        while True:
            for key, value in list(self._unsaved.items()):
                await (self._store.delete(key) if value is None else self._store.put(key, value))
                self._standing.well("instances")
                if key in self._unsaved and self._unsaved[key] == value:
                    del self._unsaved[key]
            if not self._unsaved:
                self._owing.clear()
                await self._owing.wait()

    def _owe_service(self, service: str) -> None:
        self._owe(f"{SERVICES}{service}", b"")

    def _owe_instance(self, instance: Instance) -> None:
        self._owe(f"{INSTANCES}{instance.id}", instance.model_dump_json().encode())

    def _owe(self, key: str, value: bytes | None) -> None:
        self._unsaved[key] = value
        self._owing.set()

    def _from_now(self) -> float:
        return asyncio.get_running_loop().time() + self.lease_s


def _place(instance: Instance) -> tuple[str, str, str | None]:
    return instance.service, instance.address, instance.metrics
