"""The records in the logs of a stack's parts, by time: a line with a time, and those after it that have none, such as a
traceback's.

Reads both forms of `catenary.logs`. What a foreign program writes without a time has that of the record before it.
Decides nothing about which parts there are or how a record is shown.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import orjson

LATE_S = 2.0
"""An Envoy writes the lines of requests in batches: so much later a line may stand in the file than its time says."""

_BLOCK_BYTES = 1 << 16
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:?\d\d)(?= )")


@dataclass(frozen=True, slots=True)
class Record:
    """`time_s`: seconds since the epoch, 0 if nothing before it had a time; `head`: the line that had the time."""

    time_s: float
    part: str
    head: str
    text: str

    def is_about(self, request: str) -> bool:
        """Whether it was written for the request that has `request` as its id or as its trace's."""
        if document := _document(self.head):
            return request in (document.get("request_id"), document.get("trace_id"))
        return re.search(rf" (?:request|trace)_id={re.escape(request)}(?: |$)", self.head) is not None


class PartLog:
    """The log of one part, read from its beginning, or from its last `records`, to whatever its end is by then.

    A file that has been begun anew is read to its end, and then the new one; one that has been cut, from its beginning.
    For one thread.
    """

    def __init__(self, part: str, file: Path, records: int | None = None) -> None:
        self._part = part
        self._path = file
        self._time_s = 0.0
        self._head = ""
        self._file = file.open("rb")
        if records is not None:
            _seek_last(self._file, records)

    def read(self) -> Iterator[Record]:
        """What has been written since it was last read, but for a line that has no end yet."""
        text: list[str] = []
        for line in self._lines():
            time_s = _time_s(line)
            if time_s is None:
                text.append(line)
                continue
            if text:
                yield self._record(text)
            self._time_s, self._head, text = time_s, line, [line]
        if text:
            yield self._record(text)

    def close(self) -> None:
        self._file.close()

    def _record(self, lines: list[str]) -> Record:
        return Record(self._time_s, self._part, self._head, "\n".join(lines))

    def _lines(self) -> Iterator[str]:
        anew = self._is_begun_anew()
        yield from _whole_lines(self._file)
        if anew:
            self._file.close()
            self._file = self._path.open("rb")
            yield from _whole_lines(self._file)

    def _is_begun_anew(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            there = self._path.stat()
            # One that is shorter than what was read of it has been cut.
            return not os.path.samestat(there, os.fstat(self._file.fileno())) or there.st_size < self._file.tell()
        return False


def merged(logs: Iterable[PartLog]) -> Iterator[Record]:
    """All that the logs have to say now, by time."""
    return heapq.merge(*(_in_order(log.read()) for log in logs), key=lambda record: record.time_s)


def _in_order(records: Iterable[Record]) -> Iterator[Record]:
    held: list[tuple[float, int, Record]] = []
    for position, record in enumerate(records):
        heapq.heappush(held, (record.time_s, position, record))
        while held[0][0] < record.time_s - LATE_S:
            yield heapq.heappop(held)[2]
    while held:
        yield heapq.heappop(held)[2]


def _whole_lines(file: BinaryIO) -> Iterator[str]:
    for line in file:
        if not line.endswith(b"\n"):
            file.seek(-len(line), os.SEEK_CUR)
            return
        yield line[:-1].decode(errors="replace").rstrip("\r")


def _seek_last(file: BinaryIO, records: int) -> None:
    """To where the last `records` records begin, each with all its lines."""
    if not records:
        file.seek(0, os.SEEK_END)
        return
    begins = (begin for begin, line in _from_the_end(file) if _time_s(line.decode(errors="replace")) is not None)
    file.seek(next(itertools.islice(begins, records - 1, None), 0))


def _from_the_end(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each line, the last first, and where it begins."""
    position, rest = file.seek(0, os.SEEK_END), b""
    while position > 0:
        begin = max(0, position - _BLOCK_BYTES)
        file.seek(begin)
        block = file.read(position - begin) + rest
        # Where the first of these lines begins, the block before knows.
        rest, *lines = block.split(b"\n")
        end = begin + len(block)
        for line in reversed(lines):
            yield end - len(line), line
            end -= len(line) + 1
        position = begin
    yield 0, rest


def _time_s(line: str) -> float | None:
    if document := _document(line):
        written = document.get("time")
    else:
        found = _TIME.match(line)
        written = found[0] if found else None
    if isinstance(written, str):
        with contextlib.suppress(ValueError, OverflowError):
            return datetime.fromisoformat(written).timestamp()
    return None


def _document(line: str) -> dict[str, object] | None:
    if line.startswith("{"):
        with contextlib.suppress(orjson.JSONDecodeError):
            document = orjson.loads(line)
            return document if isinstance(document, dict) else None
    return None
