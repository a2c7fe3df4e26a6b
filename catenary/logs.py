"""Logging of every process: the standard library's, configured once in `main`, one line an event.

Request id, trace id and model travel in ContextVars and stand on every line that is written while they are set.
"""

from __future__ import annotations

import logging
import re
import sys
import textwrap
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

import orjson

LogFormat = Literal["text", "json"]

request_id: ContextVar[str] = ContextVar("request_id", default="")
trace_id: ContextVar[str] = ContextVar("trace_id", default="")
model: ContextVar[str] = ContextVar("model", default="")

_UNPRINTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_CONTEXT = {"request_id": request_id, "trace_id": trace_id, "model": model}


def configure(process: str, level: str, log_format: LogFormat) -> None:
    """Send all logging of this process, called `process` on its lines, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter(process) if log_format == "json" else _TextFormatter(process))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


def _context() -> dict[str, str]:
    return {name: _one_line(value) for name, variable in _CONTEXT.items() if (value := variable.get())}


def _one_line(text: str) -> str:
    """`text` with its control characters and what is no UTF-8 escaped: what a client sent makes no line of its own."""
    return _UNPRINTED.sub(lambda found: ascii(found[0])[1:-1], text)


def _legible(text: str) -> str:
    """Several lines, each as `_one_line` gives it."""
    return "\n".join(map(_one_line, text.split("\n")))


def _indented(traceback: str) -> str:
    """`traceback` so that none of its lines looks like one of the log's: an exception may quote what a client sent."""
    return textwrap.indent(_legible(traceback), "    ", lambda _: True)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _JsonFormatter(logging.Formatter):
    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, str] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": _one_line(record.getMessage()),
        } | _context()
        if record.exc_info:
            line["exception"] = _legible(self.formatException(record.exc_info))
        return orjson.dumps(line).decode()


class _TextFormatter(logging.Formatter):
    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        context = "".join(f" {name}={value}" for name, value in _context().items())
        line = f"{_time(record)} {record.levelname:<7} {self._process}: {_one_line(record.getMessage())}{context}"
        return f"{line}\n{_indented(self.formatException(record.exc_info))}" if record.exc_info else line
