"""The main of every Python process: settings, logging, the loop, and one sentence where the machine is not right."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

from catenary import logs
from catenary.errors import SetupError
from catenary.settings import S, read_settings


def run_process(name: str, kind: type[S], serve: Callable[[S], Coroutine[Any, Any, None]]) -> int:
    """Run `serve` with the settings of `kind` until it ends; `name` stands on the log's lines.

    Returns the exit status: 0, or 2 where SetupError says what has to be put right first.
    """
    try:
        settings = read_settings(kind)
        logs.configure(name, settings.log_level, settings.log_format)
        uvloop.run(serve(settings))
    except SetupError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2
    return 0
