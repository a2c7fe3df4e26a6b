"""`python -m catenary`: the command line."""

from __future__ import annotations

from catenary.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
