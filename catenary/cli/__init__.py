"""The command line, `catenary`.

Translates flags into calls of `catenary.local`, `catenary.sidecar` and the HTTP APIs, and what comes back into tables,
JSON and exit statuses; serves nothing itself. What a command needs is imported inside the command: every sidecar starts
through this package, and none should load what only a table needs.
"""

from __future__ import annotations

import sys


def main() -> int:
    """The program; returns its exit status, or raises SystemExit with it."""
    if sys.version_info < (3, 11):  # noqa: UP036 (an environment may be older than what it was made for)
        version = ".".join(str(part) for part in sys.version_info[:2])
        print(f"catenary: Python 3.11 or newer is needed, this is {version} ({sys.executable})", file=sys.stderr)  # noqa: T201
        return 2
    try:
        from catenary.cli.app import app

        app(prog_name="catenary")
    except KeyboardInterrupt:
        return 130
    return 0
