"""How far a request got in a runtime, and when: the one place where that is measured, for traces and for metrics.

A reading of the clock at each end of a stage is all that it costs.
"""

from __future__ import annotations

import time
from types import TracebackType

from runtimes.base.caller import Caller


class Stage:
    """A part of a request's way, from now on; `with` it, or `end` it from any thread. Times are `time.monotonic_ns`."""

    __slots__ = ("began_ns", "ended_ns", "error", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.error = ""
        """What it failed with, as a sentence."""
        self.ended_ns: int | None = None
        """None: it is under way."""
        self.began_ns = time.monotonic_ns()

    def end(self) -> None:
        self.ended_ns = time.monotonic_ns()

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        if error is not None:
            self.error = str(error)


class Progress:
    """A request of `caller` to `model`.

    Its stages, in their order: `load` if it had to wait for the model, `queue` for a thread, `decode`, `predict`,
    `serialise`.

    Whoever reads it while a thread is still at work for a caller that is gone finds stages under way.
    """

    __slots__ = ("began_at_ns", "began_ns", "caller", "model", "rows", "stages", "version")

    def __init__(self, model: str, caller: Caller) -> None:
        self.model = model
        self.caller = caller
        self.version = ""
        """Empty: no version was there to answer."""
        self.rows: int | None = None
        """None: they have not been read."""
        self.stages: list[Stage] = []
        self.began_at_ns = time.time_ns()
        """Since 1970."""
        self.began_ns = time.monotonic_ns()

    def stage(self, name: str) -> Stage:
        """The stage `name`, which begins now."""
        stage = Stage(name)
        self.stages.append(stage)
        return stage
