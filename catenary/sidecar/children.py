"""Child processes that never outlive this one, however it ends.

Each child leads a session of its own, so that a terminal's Ctrl-C reaches this process alone. Behind them stands a
reaper: a shell that reads a pipe whose other end only this process holds. When that ends because this process has, by
kill -9 too, the reaper kills what is left of each child's process group and removes the folder of their sockets.
This works wherever there is a shell, and reaches the workers that a child has started, which a parent-death signal
would not.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from catenary.errors import SetupError

# Reads "+ 123" when the group 123 begins and "- 123" when it has ended; keeps the groups as kill takes them: -123 -456.
REAPER = """
trap '' HUP INT TERM
alive=
while read -r sign group; do
    others=
    for other in $alive; do [ "$other" = "-$group" ] || others="$others $other"; done
    alive=$others
    [ "$sign" = - ] || alive="$alive -$group"
done
[ -z "$alive" ] || kill -s KILL -- $alive
[ -z "$1" ] || rm -rf -- "$1"
"""

# A child tells the reaper of itself, over the pipe that it gets as its standard input, before it becomes its command:
# there is no moment at which this process may die and the reaper does not know.
_CHILD = 'echo "+ $$" >&0; exec "$@" </dev/null'


class Child:
    """A process that `Children.start` started; not to be made otherwise."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
        self.name = name
        self.pid = process.pid
        self.ended = ended
        """Done when it has ended; the result is its exit status as a shell gives it: 128 + n after signal n."""
        self._process = process

    async def stop(self, grace_s: float) -> bool:
        """Send TERM and, where it has not ended after `grace_s`, KILL; returns whether TERM was enough."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        await asyncio.wait({self.ended}, timeout=grace_s)
        in_time = self.ended.done()
        if not in_time:
            _kill_group(self.pid)
            await asyncio.wait({self.ended})
        return in_time


class Children:
    """The children of this process, as an async context: on leaving it, what still runs is killed.

    `folder`, if given, is removed then.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._alive: dict[int, asyncio.Task[int]] = {}

    async def __aenter__(self) -> Self:
        read_end, self._lifeline = os.pipe()
        try:
            self._reaper = await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", REAPER, "reaper", str(self._folder or "")),
                stdin=read_end,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(read_end)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pid in self._alive:
            _kill_group(pid)
        os.close(self._lifeline)
        self._lifeline = -1
        await self._reaper.wait()
        await asyncio.gather(*self._alive.values())

    async def start(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        output: int | None = None,
    ) -> Child:
        """Start `command`; `output` is the file descriptor that takes what it writes, by default this process's own.

        Raises SetupError where it cannot be started.
        """
        if shutil.which(command[0], path=(os.environ if env is None else env).get("PATH")) is None:
            raise SetupError(f"{name} cannot be started: {command[0]!r} is not a program that can be run")
        process = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", _CHILD, "child", *command),
            env=env,
            stdin=self._lifeline,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        ended = asyncio.create_task(self._await_end(process), name=f"the end of {name}")
        self._alive[process.pid] = ended
        return Child(name, process, ended)

    async def _await_end(self, process: asyncio.subprocess.Process) -> int:
        status = await process.wait()
        _kill_group(process.pid)
        del self._alive[process.pid]
        # Fails once the pipe is closed, and where somebody has killed the reaper: then there is nobody to tell.
        with contextlib.suppress(OSError):
            os.write(self._lifeline, f"- {process.pid}\n".encode())
        return status if status >= 0 else 128 - status


def _kill_group(pid: int) -> None:
    """Kill the group that the process `pid` leads or led; a group without living members may be refused."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
