"""Ctrl-C for a command that goes on until then: its end, not an error."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def interruptible() -> Iterator[threading.Event]:
    """A block that Ctrl-C ends; what loops in it looks at the event as well.

    KeyboardInterrupt comes wherever Python is just then, and is lost where nothing can be raised, as in a finalizer.
    """
    pressed = threading.Event()

    def on_signal(*_: object) -> None:
        pressed.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
