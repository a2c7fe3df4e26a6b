from __future__ import annotations

import os
import signal
import sys

import pytest

from catenary.cli.interrupt import interruptible


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


class Interrupting:
    def __del__(self) -> None:
        interrupt()


def test_an_interrupt_ends_the_block_and_no_more():
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as pressed:
        interrupt()
        pytest.fail("the block went on")
    assert pressed.is_set()
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_that_cannot_be_raised_is_seen_all_the_same(monkeypatch: pytest.MonkeyPatch):
    lost = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: lost.append(unraisable.exc_type))
    with interruptible() as pressed:
        Interrupting()
        assert lost == [KeyboardInterrupt]
        assert pressed.is_set()
