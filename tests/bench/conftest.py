"""wrk, which the benchmarks need: the one on PATH, or Debian's, unpacked."""

from __future__ import annotations

import os
import shutil

import fetched
import pytest
from servers import or_skip

WRK_SUITE = "bookworm"
"""Its wrk runs where glibc is 2.36 or newer and OpenSSL is 3; LuaJIT is fetched with it."""


@pytest.fixture
def wrk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `wrk` on PATH; skips where it cannot be had."""
    if shutil.which("wrk"):
        return
    package, luajit = (or_skip(lambda n=name: fetched.package(WRK_SUITE, n)) for name in ("wrk", "libluajit-5.1-2"))
    [library] = luajit.glob("usr/lib/*/libluajit-5.1.so.2")
    monkeypatch.setenv("PATH", str(package / "usr/bin"), prepend=os.pathsep)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(library.parent), prepend=os.pathsep)
