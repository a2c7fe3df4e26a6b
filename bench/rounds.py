"""Rounds: in each, every case is measured once, so that whatever else the machine does meets all of them alike.

Owns the load (wrk), what a process has used, and what becomes of the figures: medians with their spread, as Markdown
tables and as JSON. A fault in an answer ends the run: figures of wrong answers are worth nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROWS = b'[{"x":1.5,"name":"a row of some length, as rows are"}]'
POST = Path(__file__).with_name("post.lua")
PATIENCE_S = 60
TICKS = os.sysconf("SC_CLK_TCK")
MB = 1e6

Case = tuple[str | int, ...]
Measure = Callable[[], Awaitable[Mapping[str, float]]]


class Fault(Exception):
    """What was measured did not work."""


@dataclass(frozen=True)
class Load:
    """What wrk did in `seconds`; the times are of single requests."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def per_s(self) -> float:
        return self.requests / self.seconds


async def load(url: str, connections: int, seconds: int, body: Path, per_s: float = 0) -> Load:
    """Post `body` over so many connections, each with one request under way; at most `per_s` of them, if that is given.

    Raises Fault unless every answer was of status 2xx or 3xx.
    """
    threads = min(2, connections)
    child = await asyncio.create_subprocess_exec(
        *("wrk", f"-c{connections}", f"-t{threads}", f"-d{seconds}s", f"--timeout={PATIENCE_S}s"),
        *("-s", str(POST), url, "--", str(body), str(per_s / threads)),
        stdout=asyncio.subprocess.PIPE,
    )
    said = (await child.communicate())[0].decode()
    if child.returncode:
        raise Fault(f"wrk ended with status {child.returncode}: {said}")
    figures = json.loads(said.strip().rpartition("\n")[2])
    if figures.pop("faults") or not figures["requests"]:
        raise Fault(f"not every request to {url} was answered well: {said}")
    return Load(**figures)


@dataclass(frozen=True)
class Variant:
    """A way to do the same work. One request is one call of each of `urls`; `processes`: the pid of each that works."""

    name: str
    urls: Sequence[str]
    processes: Mapping[str, int]

    async def measure(self, connections: int, seconds: int, body: Path) -> dict[str, float]:
        """Requests a second, time of a request, and the CPU time that each process took for it."""
        before = {name: cpu_s(pid) for name, pid in self.processes.items()}
        share = connections // len(self.urls)
        if share:
            loads = await asyncio.gather(*(load(url, share, seconds, body) for url in self.urls))
            lasted_s = max(load.seconds for load in loads)
        else:
            # A single connection asks them in turn.
            loads = [await load(url, 1, max(1, seconds // len(self.urls)), body) for url in self.urls]
            lasted_s = sum(load.seconds for load in loads)
        requests = sum(load.requests for load in loads) / len(self.urls)
        figures = {"requests/s": requests / lasted_s}
        if len(loads) == 1:
            figures |= {"p50, ms": loads[0].p50_ms, "p99, ms": loads[0].p99_ms}
        used = {name: cpu_s(pid) - before[name] for name, pid in self.processes.items()}
        return figures | {f"{name} CPU, µs": seconds / requests * 1e6 for name, seconds in used.items()}


class Figures:
    """Of each case, what each round measured."""

    def __init__(self, title: str, *columns: str) -> None:
        """`columns` name the parts of a case."""
        self.title = title
        self.remarks: list[str] = []
        """Lines under the table."""
        self._columns = columns
        self._measured: dict[Case, dict[str, list[float]]] = {}

    def add(self, case: Case, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            self._measured.setdefault(case, {}).setdefault(name, []).append(value)

    async def measure(self, rounds: int, cases: Mapping[Case, Measure]) -> None:
        for number in range(rounds):
            print(f"{self.title}: round {number + 1} of {rounds}", file=sys.stderr)
            for case, measure in cases.items():
                self.add(case, await measure())

    def values(self, case: Case, name: str) -> list[float]:
        return self._measured[case][name]

    def ratio(self, name: str, case: Case, other: Case) -> str:
        """What `case` had of `name` to one of `other` in the same round, with its spread."""
        pairs = zip(self.values(case, name), self.values(other, name), strict=True)
        return with_spread([ours / theirs for ours, theirs in pairs])

    def markdown(self) -> str:
        names = list(dict.fromkeys(name for figures in self._measured.values() for name in figures))
        lines = [
            "| " + " | ".join([*self._columns, *names]) + " |",
            "|" + "---|" * len(self._columns) + "---:|" * len(names),
        ]
        for case, figures in self._measured.items():
            cells = [with_spread(figures[name]) if name in figures else "" for name in names]
            lines.append("| " + " | ".join([*map(str, case), *cells]) + " |")
        return "\n".join([f"**{self.title}**", "", *lines, "", *(f"- {remark}" for remark in self.remarks), ""])

    def as_json(self) -> dict[str, object]:
        cases = [
            {"case": dict(zip(self._columns, case, strict=True)), "figures": figures}
            for case, figures in self._measured.items()
        ]
        return {"title": self.title, "cases": cases, "remarks": self.remarks}


def with_spread(values: Sequence[float]) -> str:
    """The median, and the least and the greatest."""
    middle, low, high = (_three_digits(value) for value in (statistics.median(values), min(values), max(values)))
    return middle if low == high else f"{middle} ({low}–{high})"


def cpu_s(pid: int) -> float:
    """CPU seconds, of user and system, that a process has used; the kernel counts in hundredths."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int, *, peak: bool = False) -> float:
    """Resident memory now, or the most since `forget_peak`."""
    key = "VmHWM:" if peak else "VmRSS:"
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith(key)) * 1024 / MB


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def parser(doc: str, *, rounds: int = 7, seconds: int = 3) -> argparse.ArgumentParser:
    """What every script takes; `doc` is its docstring."""
    options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=rounds, help="default: %(default)s")
    options.add_argument("--seconds", type=int, default=seconds, help="of each measurement; default: %(default)s")
    options.add_argument("--json", type=Path, metavar="FILE", help="a file for all figures")
    return options


def run(
    options: argparse.Namespace,
    measure: Callable[[argparse.Namespace], Awaitable[list[Figures]]],
    *,
    needs_wrk: bool = True,
) -> None:
    """Measure, print the tables, write the JSON."""
    if needs_wrk and not shutil.which("wrk"):
        sys.exit("this needs wrk on PATH (Debian, Ubuntu: apt install wrk)")

    async def measured() -> list[Figures]:
        return await measure(options)

    busy = os.getloadavg()
    try:
        tables = asyncio.run(measured())
    except Fault as fault:
        sys.exit(f"the run has ended: {fault}")
    print("\n".join(table.markdown() for table in tables))
    if options.json:
        document = {
            "machine": {"cores": os.cpu_count(), "platform": platform.platform(), "load_before": busy},
            "options": {name: value for name, value in vars(options).items() if name != "json"},
            "tables": [table.as_json() for table in tables],
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _three_digits(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
