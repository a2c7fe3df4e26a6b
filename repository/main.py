"""The repository's process: settings, logging, the watch and the HTTP server, from start to stop."""

from __future__ import annotations

import logging

from catenary.address import parse_address
from catenary.errors import SetupError
from catenary.http import listening, stop_event
from catenary.process import run_process
from repository.api import application
from repository.index import Index
from repository.settings import RepositorySettings
from repository.watch import watching

log = logging.getLogger(__name__)


def main() -> int:
    return run_process("repository", RepositorySettings, serve)


async def serve(settings: RepositorySettings) -> None:
    """Serve the folder of models until the process is told to stop. Raises SetupError."""
    root = settings.model_directory.resolve()
    if not root.is_dir():
        raise SetupError(f"CATENARY_MODEL_DIRECTORY: {root} is not a folder: make it, or name another")
    # It counts events, at a level at which the watch says what they mean.
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    stop = stop_event()
    index = Index()
    async with watching(root, index), listening(application(index, root), parse_address(settings.listen)):
        log.info("the models are those of %s", root)
        await stop.wait()
        index.close()
