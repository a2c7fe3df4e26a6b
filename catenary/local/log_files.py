"""The log files of a stack: one a part, begun anew at each start, the one before kept beside it as `.1`."""

from __future__ import annotations

import re
from pathlib import Path

from catenary.errors import SetupError


def new_log(state_dir: Path, part: str) -> Path:
    """An empty log file for `part`; SetupError if it cannot be written."""
    file = logs_dir(state_dir) / f"{part}.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists():
            file.replace(file.with_suffix(".log.1"))
        file.touch()
    except OSError as error:
        raise SetupError(f"the log {file} cannot be written: {error.strerror}") from error
    return file


def logs_dir(state_dir: Path) -> Path:
    """The folder of all logs."""
    return state_dir / "logs"


def present_logs(state_dir: Path) -> dict[str, Path]:
    """Each part's log, of the stack that is up or was the last; none if no stack has ever run."""
    return {file.stem: file for file in sorted(logs_dir(state_dir).glob("*.log"))}


def tail(file: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])


def complaint(file: Path) -> str | None:
    """The last sentence of a log with which a program refused: what follows `program: ` at the beginning of a line."""
    sentences = re.findall(r"^[\w-]+: (.+)$", file.read_text(errors="replace"), re.MULTILINE)
    return sentences[-1] if sentences else None
