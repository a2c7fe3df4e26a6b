"""Spans on their way out of the process: a bounded queue and a thread for each collector.

Whatever the collector does, nobody waits for it: spans that cannot be sent, or for which there is no room, are dropped,
and the log says so once when it begins and once when it is over.
"""

from __future__ import annotations

import http.client
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from catenary import names

log = logging.getLogger(__name__)

WAITING_SPANS = 2_000
BATCH_SPANS = 200
PAUSE_S = 0.5
"""How long a batch gathers, unless it is full before."""
TIMEOUT_S = 1.0
"""For a connection, and for each answer."""
QUIET_S = 10.0
"""So long nothing may be lost until that counts as over: a collector that takes every other batch is one event."""
SAID_BYTES = 200


@dataclass(frozen=True, slots=True)
class Collector:
    """Who takes spans by HTTP: where, and in what form."""

    url: str
    path: str
    """Where spans are posted, if the URL has no path of its own."""
    encode: Callable[[Sequence[ReadableSpan]], bytes]
    """Writes them as the JSON that it takes."""

    def take(self, spans: Sequence[ReadableSpan]) -> str:
        """Post `spans`; why it did not take them, or nothing."""
        parts = urlsplit(self.url)
        # http.client asks no proxy, which the machine's environment may name for other things.
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_S)
        try:
            path, body = parts.path.rstrip("/") or self.path, self.encode(spans)
            connection.request("POST", path, body, {"content-type": names.JSON_TYPE})
            answer = connection.getresponse()
            said = answer.read(SAID_BYTES).decode(errors="replace")
        except (OSError, http.client.HTTPException, TypeError, ValueError) as error:
            # The last two: what a span holds cannot be written.
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        return "" if 200 <= answer.status < 300 else f"it answers {answer.status}: {said}".rstrip(": ")


class Shipping(SpanProcessor):
    """Takes spans from one thread; never blocks and never raises."""

    def __init__(self, collector: Collector, *, waiting_spans: int = WAITING_SPANS, quiet_s: float = QUIET_S) -> None:
        self._collector = collector
        self._quiet_s = quiet_s
        self._waiting: queue.Queue[ReadableSpan] = queue.Queue(waiting_spans)
        # Each written by one thread only: whoever ends spans, and the one that sends them.
        self._overflown = 0
        self._refused = 0
        self._told = 0
        self._stopping = False
        self._due = threading.Event()
        self._ended = threading.Event()
        self._trouble_s: float | None = None
        """When something was lost last; None: all is well."""
        threading.Thread(target=self._run, name=f"spans to {collector.url}", daemon=True).start()

    def on_end(self, span: ReadableSpan) -> None:
        try:
            self._waiting.put_nowait(span)
        except queue.Full:
            self._overflown += 1
        if self._waiting.qsize() >= BATCH_SPANS:
            self._due.set()

    @property
    def dropped(self) -> int:
        """How many spans the collector did not get, so far."""
        return self._overflown + self._refused

    def stop(self) -> None:
        """Send what waits, and end; returns at once."""
        self._stopping = True
        self._due.set()

    def wait(self, timeout_s: float) -> bool:
        """Whether all has been sent, or dropped, within `timeout_s` after `stop`."""
        return self._ended.wait(timeout_s)

    def _run(self) -> None:
        while not self._stopping:
            self._due.wait(PAUSE_S)
            self._due.clear()
            while self._waiting.qsize() >= BATCH_SPANS and not self._stopping:
                self._send()
            self._send()
        while self._send():
            pass
        self._ended.set()

    def _send(self) -> bool:
        """Whether there was a batch to send and it was taken."""
        batch: list[ReadableSpan] = []
        while len(batch) < BATCH_SPANS and not self._waiting.empty():
            batch.append(self._waiting.get_nowait())
        if not batch:
            return False
        reason = self._collector.take(batch)
        if reason:
            self._refused += len(batch)
        self._tell(reason or "they come faster than it takes them")
        return not reason

    def _tell(self, reason: str) -> None:
        now_s, dropped = time.monotonic(), self.dropped
        if dropped > self._told:
            if self._trouble_s is None:
                log.warning("spans are dropped, they cannot be sent to %s: %s", self._collector.url, reason)
            self._trouble_s, self._told = now_s, dropped
        elif self._trouble_s is not None and now_s - self._trouble_s >= self._quiet_s:
            self._trouble_s = None
            log.info("spans are sent to %s again; %d have been dropped so far", self._collector.url, dropped)
