"""The stack of docker-compose.yml, up for a whole run, from images that `./build.sh` has made.

Not part of `make test`: `make test-containers` runs these, where there is an engine.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from containers import Stack

FIGURES = pytest.StashKey[list[str]]()
LOGS = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The whole stack, healthy, from nothing."""
    stack = Stack()
    pytestconfig.stash[FIGURES] = stack.figures
    stack.down()
    try:
        stack.figure("`docker compose up -d --wait` from built images until all is healthy, s", round(stack.up(), 1))
        yield stack
    finally:
        try:
            if request.session.testsfailed:
                pytestconfig.stash[LOGS] = stack.compose("logs", "--no-color", "--tail", "200")
        finally:
            stack.down()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The figures, and what the containers have logged if a test has failed."""
    if logs := config.stash.get(LOGS, ""):
        terminalreporter.section("logs of the containers")
        terminalreporter.write_line(logs)
    for figure in config.stash.get(FIGURES, []):
        terminalreporter.write_line(figure)
