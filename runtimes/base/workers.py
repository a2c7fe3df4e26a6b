"""The threads that predictions run on: so many at once, so many waiting, the rest shed."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from catenary.errors import Overloaded
from runtimes.base.deadline import Deadline

T = TypeVar("T")


class Workers:
    """Belongs to one event loop; `close` it there."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="predict")
        self._free = asyncio.Semaphore(threads)
        self.threads = threads
        self.most_waiting = waiting
        self.waiting = 0
        self.running = 0

    async def run(self, work: Callable[[], T], deadline: Deadline) -> T:
        """What `work` returns, run on a thread with this task's context.

        Raises Overloaded if too many wait, DeadlineExceeded when the time is over. Work that has not begun by then, or
        when the caller is cancelled, never runs; work under way goes on to its end and keeps its thread busy.
        """
        if self._free.locked() and self.waiting >= self.most_waiting:
            raise Overloaded(f"{self.waiting} predictions are waiting already")
        try:
            async with asyncio.timeout(deadline.left_s()) as limit:
                await self._thread()
                return await self._submit(work, deadline)
        except TimeoutError:
            if limit.expired():
                raise deadline.exceeded("the prediction") from None
            raise

    async def _thread(self) -> None:
        self.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.waiting -= 1

    def _submit(self, work: Callable[[], T], deadline: Deadline) -> asyncio.Future[T]:
        def begin() -> T:
            # A busy event loop may be late to notice that the time is over.
            if deadline.left_s() == 0:
                raise deadline.exceeded("the prediction")
            return work()

        running = asyncio.get_running_loop().run_in_executor(self._pool, contextvars.copy_context().run, begin)
        self.running += 1
        running.add_done_callback(self._ended)
        # Shielded, so that `_ended` tells when the thread is free, not when the caller stopped waiting.
        return asyncio.shield(running)

    def _ended(self, running: asyncio.Future[T]) -> None:
        self.running -= 1
        self._free.release()
        if not running.cancelled():
            running.exception()  # Mark it as seen: the caller may be gone.

    def close(self) -> None:
        """Take no more work; what is under way goes on to its end."""
        self._pool.shutdown(wait=False, cancel_futures=True)
