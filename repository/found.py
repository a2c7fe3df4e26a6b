"""A file as it was found: its stamp, and the way to its bytes that leads nowhere else. Everything here blocks.

Between the look at a folder and the opening of a file in it, somebody may put a link, a pipe or another file in its
place: what is opened is the file that was found, inside the folder, or nothing.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one content of a file from another without reading it."""

    size_bytes: int
    mtime_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        return cls(status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)


class Changed(OSError):
    """What stands there is not what was found."""


def open_found(folder: Path, path: str, stamp: Stamp) -> BufferedReader:
    """The file that was found with `stamp` at `path` in the model's `folder`, a resolved path. Raises OSError.

    Trusted is the folder of all models, two levels above: below it no link is followed but those that stay in `folder`.
    """
    try:
        target = (folder / path).resolve()
    except RuntimeError as error:
        # How Path.resolve tells of links in a circle, up to Python 3.12.
        raise Changed(errno.ELOOP, os.strerror(errno.ELOOP)) from error
    if not target.is_relative_to(folder):
        raise Changed(errno.ELOOP, "it leads out of the model's folder")
    file = _open_beneath(folder.parents[1], target.relative_to(folder.parents[1]).parts)
    if Stamp.of(os.fstat(file)) != stamp:
        os.close(file)
        raise Changed(errno.EBUSY, "it is just changing")
    return os.fdopen(file, "rb")


def _open_beneath(folder: Path, parts: tuple[str, ...]) -> int:
    """Open the file at the end of `parts`, none of which may be a link; a pipe there keeps nobody waiting."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)
            place = inner
        return os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
    finally:
        os.close(place)
