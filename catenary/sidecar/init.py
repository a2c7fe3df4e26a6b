"""What the first process of a container owes the others: to pass signals on, and to collect those nobody waits for.

The supervisor itself runs as its child, so that no two wait for the same process.
"""

from __future__ import annotations

import contextlib
import os
import signal

_PASSED_ON = (signal.SIGTERM, signal.SIGINT)


def become_init_if_first() -> None:
    """Return at once, unless this is process 1: then return in a child alone, and end with its exit status."""
    if os.getpid() != 1:
        return
    # Process 1 ignores what it does not handle: a signal that comes in between waits.
    signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
    child = os.fork()
    if child:
        for number in _PASSED_ON:
            signal.signal(number, lambda received, _frame: _pass_on(child, received))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    if child:
        _collect_until_ended(child)


def _collect_until_ended(child: int) -> None:
    while True:
        ended, status = os.wait()
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def _pass_on(child: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, number)
