from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from repository.formats import Files


@pytest.fixture
def files_of() -> Callable[[Path], Files]:
    def files(folder: Path) -> Files:
        return Files(folder, [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()])

    return files
