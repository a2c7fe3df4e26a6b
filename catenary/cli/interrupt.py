"""Ctrl-C for a command that goes on until then: its end, not an error."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def interruptible() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets inside the block. A second one raises KeyboardInterrupt: the event may go unseen.

    KeyboardInterrupt comes wherever Python is just then, and is lost where nothing can be raised, as in a finalizer.
    """
    pressed = threading.Event()

    def on_signal(*_: object) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
