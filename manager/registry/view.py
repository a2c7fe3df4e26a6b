"""What a manager makes of Consul's answers: which instances there are, and which of them may take requests.

Evidence changes the view, its absence leaves it: a check that has run decides; while none has, or Consul does not say
anything of an instance, what was last known stands. Knows no network; times are seconds on the clock that it is given.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catenary.errors import CatenaryError
from catenary.messages import Instance
from catenary.store import Entry
from manager.registry import INSTANCES, instance_in
from manager.registry.findings import Findings, subject_of

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Known:
    """An instance as it stands in Consul; `revision` 0: Consul has lost it."""

    instance: Instance
    revision: int
    serving: bool = False
    fault: str = ""
    """Why its check does not pass."""
    silent_since: float | None = None
    """Since when Consul says nothing of how it is; None: it does."""
    registered: float = float("-inf")
    """When this manager registered it at its agent."""


class View:
    """Used from one loop. After its other methods, `refresh` draws the conclusions."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.known: dict[str, Known] = {}
        self.serving: dict[str, Instance] = {}
        self.findings: Findings = {}
        self.written = 0
        """The revision of this manager's last write; a list that is older is not taken."""
        self.left: dict[str, int] = {}
        """The revisions of those that have left, for as long as lists may hold them."""
        self.owed: set[str] = set()
        """Those of `left` that are still to be removed from Consul."""
        self._unreadable: dict[str, Entry] = {}
        """By key, what has been told to be so."""
        self._clock = clock

    def take_list(self, index: int, entries: Sequence[Entry], *, lost: bool = False) -> None:
        """Take in what stands in Consul's KV. `lost`: what does not stand there has not been deleted."""
        if lost:
            self.left.clear()
            self.owed.clear()
        elif index < self.written:
            return  # A newer one follows at once.
        there = {entry.key.removeprefix(INSTANCES) for entry in entries}
        for id_, known in list(self.known.items()):
            if lost:
                known.revision = 0
                self._judge(known)
            if id_ not in there and (known.revision or not known.serving):
                log.info("%s has left", id_)
                del self.known[id_]
        for id_ in self.left.keys() - there - self.owed:
            del self.left[id_]
        for entry in entries:
            known_before = self.known.get(entry.key.removeprefix(INSTANCES))
            if known_before is None or known_before.revision != entry.revision:
                self._read(entry)

    def take_findings(self, found: Findings) -> None:
        self.findings = found
        for known in self.known.values():
            self._judge(known)

    def learn(self, instance: Instance, revision: int) -> None:
        """Take in an instance that stands in Consul's KV."""
        if revision <= self.left.get(instance.id, 0):
            return
        self.left.pop(instance.id, None)
        self.owed.discard(instance.id)
        known = self.known.setdefault(instance.id, Known(instance, revision))
        known.instance, known.revision = instance, revision
        self._judge(known)

    def wrote(self, instance_id: str, revision: int, left: int | None = None) -> None:
        """This manager has written an instance. `left`: what `self.left` said of it before; if it says something else
        now, the instance has left meanwhile."""
        self.written = max(self.written, revision)
        if self.left.get(instance_id) != left:
            self.hide(instance_id, revision)
            return
        self.left.pop(instance_id, None)
        self.owed.discard(instance_id)
        if known := self.known.get(instance_id):
            known.revision = max(known.revision, revision)

    def overtaken(self, instance_id: str, revision: int) -> bool:
        """Whether what was written under `revision` has been written anew since."""
        known = self.known.get(instance_id)
        return known is not None and known.revision > revision

    def drop(self, known: Known, why: str) -> None:
        log.info("%s %s", known.instance.id, why)
        self.hide(known.instance.id, known.revision)

    def hide(self, instance_id: str, revision: int) -> None:
        """Forget what stands under `revision`, let no list bring it back; that it be removed from Consul is owed."""
        self.known.pop(instance_id, None)
        self.left[instance_id] = revision
        self.owed.add(instance_id)

    def trust(self) -> None:
        """Take for well what nothing else is said of: how a manager begins."""
        for known in self.known.values():
            known.serving = known.serving or not known.fault

    def excuse_silence(self) -> None:
        """Consul is away: its silence counts from now on."""
        for known in self.silent():
            known.silent_since = self._clock()

    def silent(self, longer_than_s: float = -1.0) -> list[Known]:
        """Those of which Consul has said nothing for so long."""
        now = self._clock()
        return [k for k in self.known.values() if k.silent_since is not None and now - k.silent_since > longer_than_s]

    def refresh(self) -> bool:
        """Work out who serves; whether a service's endpoints have changed."""
        holders: dict[str, Known] = {}
        for known in self.known.values():
            holder = holders.setdefault(known.instance.address, known)
            if holder.revision < known.revision:
                holders[known.instance.address] = known
        for known in list(self.known.values()):
            if holders[known.instance.address] is not known:
                self.drop(known, "has left: its address belongs to another now")
        before = self.serving
        self.serving = {id_: known.instance for id_, known in self.known.items() if known.serving}
        for id_ in self.serving.keys() - before.keys():
            log.info("%s serves at %s", id_, self.serving[id_].address)
        return _places(self.serving) != _places(before)

    def _judge(self, known: Known) -> None:
        finding = self.findings.get(subject_of(known.instance))
        if finding is None or finding.passing is None:
            if known.silent_since is None:
                known.silent_since = self._clock()
            return
        if known.serving and not finding.passing:
            log.warning("%s takes no requests: Consul's check fails: %s", known.instance.id, finding.fault)
        known.silent_since = None
        known.serving, known.fault = finding.passing, finding.fault

    def _read(self, entry: Entry) -> None:
        if self._unreadable.get(entry.key) == entry:
            return
        try:
            self.learn(instance_in(entry), entry.revision)
        except CatenaryError as error:
            self._unreadable[entry.key] = entry
            log.error("%s", error)


def _places(serving: dict[str, Instance]) -> set[tuple[str, str, str | None]]:
    return {(instance.service, instance.address, instance.metrics) for instance in serving.values()}
