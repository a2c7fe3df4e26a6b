"""The files of a folder, as a format gets them."""

from __future__ import annotations

from pathlib import Path

from repository.formats import Files
from repository.found import Stamp


def files_in(folder: Path) -> Files:
    home = folder.resolve()
    paths = [path for path in home.rglob("*") if path.is_file()]
    return Files(home, {str(path.relative_to(home)): Stamp.of(path.stat()) for path in paths})
