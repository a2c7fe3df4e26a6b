"""The repository's process: settings, logging, the watch and the HTTP server, from start to stop."""

from __future__ import annotations

import logging
import sys

import uvloop

from catenary import logs
from catenary.address import parse_address
from catenary.errors import SetupError
from catenary.http import listening, stop_event
from catenary.settings import read_settings
from repository.api import application
from repository.index import Index
from repository.settings import RepositorySettings
from repository.watch import watching

log = logging.getLogger(__name__)


def main() -> int:
    """Run until TERM or INT; the exit status: 2 where this machine or its settings stand in the way."""
    try:
        settings = read_settings(RepositorySettings)
        logs.configure("repository", settings.log_level, settings.log_format)
        # It counts events, at a level at which the watch says what they mean.
        logging.getLogger("watchfiles").setLevel(logging.WARNING)
        uvloop.run(run(settings))
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def run(settings: RepositorySettings) -> None:
    """Serve the folder of models until the process is told to stop. Raises SetupError."""
    root = settings.model_directory.resolve()
    if not root.is_dir():
        raise SetupError(f"CATENARY_MODEL_DIRECTORY: {root} is not a folder: make it, or name another")
    stop = stop_event()
    index = Index()
    async with watching(root, index), listening(application(index, root), parse_address(settings.listen)):
        log.info("the models are those of %s", root)
        await stop.wait()
        index.close()
