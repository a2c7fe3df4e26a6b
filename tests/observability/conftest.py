"""One local stack for all of these tests: it is up for as long as they run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from local_stack import LocalStack
from watched_stack import start_shaky

from catenary import data


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A local stack that is up, with one broken model and one foreign server."""
    folder = tmp_path_factory.mktemp("stack")
    models = folder / "models"
    shutil.copytree(data.models_dir(), models)
    (models / "scikit" / "broken").mkdir()
    (models / "scikit" / "broken" / "metadata.json").write_text("{")
    stack = LocalStack(folder)
    try:
        up = stack.run("up", "--detach", "--models", str(models))
        assert up.returncode == 0, up.stderr
        start_shaky(stack)
        yield stack
    finally:
        stack.clean_up()
