"""The registry with Consul: its KV says what instances there are, its checks which of them may take requests.

Two blocking queries, whatever the number of services, keep the view; an instance that renews itself unchanged costs no
call. No endpoint is dropped because Consul is away, has been started anew and has not run its checks yet, or has lost
its data; an instance is removed when Consul, though it answers, says nothing of it for longer than any registration
takes, and it does not renew itself either.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from weakref import WeakValueDictionary

from catenary.errors import PreconditionFailed, Unavailable
from catenary.messages import Instance
from catenary.store import Entry
from catenary.store.consul import ConsulStore
from catenary.store.consul_client import ConsulClient
from manager.history import history_of
from manager.registry import INSTANCES, SERVICES, Registry, in_order, nobody
from manager.registry.agent import AgentServices, CheckTimes
from manager.registry.findings import FILTER, Findings, findings, subject_of
from manager.registry.view import View
from manager.standing import Standing

log = logging.getLogger(__name__)

SWEEP_S = 0.5
RECONCILE_S = 10.0
SHOWN_AFTER_S = 1.0
"""What has been registered at the agent stands in Consul's answers after that at the latest."""


class ConsulRegistry(Registry):
    """Several managers may run on one Consul, over the same agent or over agents of their own."""

    def __init__(
        self, consul: ConsulClient, store: ConsulStore, standing: Standing, times: CheckTimes, lease_s: float
    ) -> None:
        self.lease_s = lease_s
        self.changed: Callable[[], object] = nobody
        self.silence_s = lease_s + times.interval_s + times.timeout_s
        """How long Consul may say nothing of an instance: until it has renewed itself, or its check has run."""
        self._consul = consul
        self._store = store
        self._standing = standing
        self._agent = AgentServices(consul, times)
        self._view = View(self._now)
        self._services: set[str] = set()
        self._stored_services: set[str] = set()
        self._history = ""
        self._owing = asyncio.Event()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """By instance: what is done for one is done in turn; nobody waits for another's."""

    async def load(self) -> None:
        async with contextlib.aclosing(self._store.follow(INSTANCES)) as lists:
            self._history = await history_of(self._store)
            self._view.take_list(*await anext(lists))
        async with contextlib.aclosing(self._follow_findings()) as found:
            self._view.take_findings(await anext(found))
        self._stored_services = {entry.key.removeprefix(SERVICES) for entry in await self._store.list(SERVICES)}
        self._services |= self._stored_services
        self._view.trust()
        self._refresh()

    async def run(self) -> None:
        keep = self._standing.keep
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keep("instances", self._keep_list), name="instances")
            tasks.create_task(keep("health", self._keep_findings), name="health")
            tasks.create_task(keep("leaving", self._pay), name="leaving")
            tasks.create_task(keep("agent", self._reconcile), name="agent")
            tasks.create_task(self._sweep(), name="sweep")

    def instances(self, service: str | None = None) -> list[Instance]:
        return in_order(self._view.serving, service)

    def services(self) -> frozenset[str]:
        return frozenset(self._services)

    def faults(self, service: str) -> Mapping[str, str]:
        of_service = ((i, k) for i, k in self._view.known.items() if k.instance.service == service)
        return {id_: known.fault for id_, known in of_service if known.fault}

    async def renew(self, instance: Instance) -> None:
        known = self._view.known.get(instance.id)
        if known and known.silent_since is not None and subject_of(known.instance) == subject_of(instance):
            # Where Consul says nothing, that it renews itself is a sign of life.
            known.silent_since = self._now()
        if self._standing.fails("instances", "health"):
            # It has to turn to a manager that reaches Consul: the others would take it for silent.
            raise Unavailable(f"nothing can be told to Consul: {'; '.join(self._standing.faults)}")
        if known and known.revision and known.instance == instance:
            shown = subject_of(instance) in self._view.findings or self._now() < known.registered + SHOWN_AFTER_S
            if shown:
                return
        async with self._turn(instance.id):
            await self._enter(instance)

    async def leave(self, instance_id: str) -> bool:
        if known := self._view.known.get(instance_id):
            self._view.drop(known, "has left")
        elif instance_id in self._view.left:
            return False
        else:
            # It may be coming just now, here or through another manager.
            async with self._turn(instance_id):
                entry = await self._store.get(INSTANCES + instance_id)
            if entry is None:
                return False
            self._view.hide(instance_id, entry.revision)
        self._refresh()
        return True

    def write_anew(self) -> None:
        """Nothing has to be done: `run` sees the loss by itself, and instances register themselves again."""

    async def _enter(self, instance: Instance) -> None:
        """Tell Consul what has changed: first its KV, for what stands at an agent without it may be removed there.

        Meanwhile the instance may leave, or say something else through another manager: that stands.
        """
        known = self._view.known.get(instance.id)
        told = known is not None and _said(known.instance) == _said(instance)
        written = 0
        if known is None or not known.revision or known.instance != instance:
            written = await self._write(instance)
        registered = not told or subject_of(instance) not in self._view.findings
        if registered:
            try:
                await self._agent.register(instance, passing=not (known and known.fault))
            except Unavailable:
                if known is None:
                    # What no agent checks must not be taken for well.
                    self._view.hide(instance.id, written)
                    self._refresh()
                raise
        if written and not self._view.overtaken(instance.id, written):
            self._view.learn(instance, written)
        if registered and (known := self._view.known.get(instance.id)):
            known.registered = self._now()
        self._refresh()

    async def _write(self, instance: Instance) -> int:
        """Enter it in Consul's KV; the revision."""
        if instance.service not in self._stored_services:
            await self._store.put(SERVICES + instance.service, b"")
            self._stored_services.add(instance.service)
        left = self._view.left.get(instance.id)
        entry = await self._store.put(INSTANCES + instance.id, instance.model_dump_json().encode())
        self._view.wrote(instance.id, entry.revision, left)
        return entry.revision

    def _refresh(self) -> None:
        changed = self._view.refresh()
        self._services |= {known.instance.service for known in self._view.known.values()}
        if self._view.owed:
            self._owing.set()
        if changed:
            self.changed()

    async def _keep_list(self) -> None:
        while True:
            # The first list is read after everything that was written until now.
            self._view.written = before = 0
            async with contextlib.aclosing(self._store.follow(INSTANCES)) as lists:
                async for index, entries in lists:
                    if index < before:
                        break  # Consul counts anew, as after a snapshot was restored.
                    before = index
                    await self._take_list(index, entries)
                    self._standing.well("instances")

    async def _take_list(self, index: int, entries: Sequence[Entry]) -> None:
        # Asked every time: where others have mended a loss already, nothing is missing.
        history = await history_of(self._store)
        if lost := history != self._history:
            log.warning("Consul has lost its data: instances stand until they have registered themselves again")
            self._stored_services.clear()
            entries = await self._store.list(INSTANCES)
        self._view.take_list(index, entries, lost=lost)
        self._history = history
        self._refresh()

    async def _keep_findings(self) -> None:
        async for found in self._follow_findings():
            self._view.take_findings(found)
            self._refresh()
            self._standing.well("health")

    async def _follow_findings(self) -> AsyncGenerator[Findings, None]:
        query = functools.partial(self._consul.health.state, "any", filter_expr=FILTER)
        async for _, checks in self._consul.follow(query):
            yield findings(checks)

    async def _sweep(self) -> None:
        """Remove those of which Consul says nothing any more. While it is away, its silence means nothing."""
        while True:
            await asyncio.sleep(SWEEP_S)
            if self._standing.fails("instances", "health"):
                self._view.excuse_silence()
            for known in self._view.silent(self.silence_s):
                self._view.drop(known, f"is gone: Consul has said nothing of it for {self.silence_s:g} s")
            self._refresh()

    async def _pay(self) -> None:
        """Remove from Consul those that have left, as soon as it can be."""
        while True:
            fault = None
            for id_ in sorted(self._view.owed):
                try:
                    async with self._turn(id_):
                        await self._deregister(id_)
                except Unavailable as error:
                    # Consul may refuse one and take the others.
                    fault = error
            if fault:
                raise fault
            self._standing.well("leaving")
            if not self._view.owed:
                self._owing.clear()
                await self._owing.wait()

    async def _deregister(self, instance_id: str) -> None:
        if instance_id not in self._view.owed:
            return
        try:
            await self._store.delete(INSTANCES + instance_id, expect=self._view.left[instance_id])
        except PreconditionFailed as lost:
            if lost.revision is not None:
                self._view.owed.discard(instance_id)
                return  # It has come back, through another manager.
        await self._agent.deregister(instance_id)
        self._view.owed.discard(instance_id)

    async def _reconcile(self) -> None:
        """Remove from this manager's agent those that have left through another manager, which cannot do it.

        Only what is found so twice: a registration may be under way.
        """
        strays: set[str] = set()
        while True:
            there = await self._agent.ids()
            lacking = there - {entry.key.removeprefix(INSTANCES) for entry in await self._store.list(INSTANCES)}
            for instance_id in lacking & strays:
                log.info("%s is removed from Consul's agent: it has left", instance_id)
                await self._agent.deregister(instance_id)
            strays = lacking
            self._standing.well("agent")
            await asyncio.sleep(RECONCILE_S)

    def _turn(self, instance_id: str) -> asyncio.Lock:
        return self._turns.setdefault(instance_id, asyncio.Lock())

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _said(instance: Instance) -> tuple[str, str, str | None]:
    """What else than its address the agent is told of it."""
    return instance.service, instance.version, instance.metrics
