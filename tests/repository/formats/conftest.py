from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from model_files import files_in

from repository.formats import Files


@pytest.fixture
def files_of() -> Callable[[Path], Files]:
    return files_in
