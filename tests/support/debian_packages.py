"""Debian packages of any suite, unpacked into a folder: without root, and with nothing installed.

The mirror is the one that the machine's apt is set up with, and apt checks the suite's signature with the machine's
keyring. Refuses every machine that has no apt, or whose mirrors do not carry the suite.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PATIENCE_S = 300


class NoPackage(Exception):
    """A package cannot be had on this machine; the message says why, in words that fit behind a colon."""


def unpack_package(suite: str, package: str, folder: Path) -> None:
    """Unpack `package` of Debian's `suite` (main), for this machine's architecture, into `folder`, which is made.

    Raises NoPackage.
    """
    with _apt_of(suite) as apt:
        apt.run("download", package)
        [archive] = apt.folder.glob("*.deb")
        _run(["dpkg-deb", "--extract", archive, folder], apt.folder)


def mirror_of(suite: str) -> str:
    """The address of the archive that carries Debian's `suite`. Raises NoPackage."""
    with _apt_of(suite) as apt:
        return apt.mirror


@contextmanager
def _apt_of(suite: str) -> Iterator[_PrivateApt]:
    """apt with the lists of `suite`, from the first of the machine's mirrors that carries it."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise NoPackage(f"there is no {tool} on this machine")
    refused = []
    for mirror in _mirrors():
        with tempfile.TemporaryDirectory(prefix="catenary-apt-") as folder:
            apt = _PrivateApt(Path(folder), mirror, suite)
            try:
                apt.run("update")
            except NoPackage as reason:
                refused.append(str(reason))
                continue
            yield apt
            return
    raise NoPackage("; ".join(refused) or "apt is set up with no mirror")


def _mirrors() -> list[str]:
    """The addresses of the archives that the machine's apt is set up with, in its order."""
    with tempfile.TemporaryDirectory(prefix="catenary-apt-") as empty:
        # With no lists yet, an update would fetch every index, and says from where.
        command = ["apt-get", "update", "--print-uris", "-o", f"Dir::State::Lists={empty}"]
        printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return list(dict.fromkeys(re.findall(r"^'(.+)/dists/[^']+/InRelease'", printed, re.MULTILINE)))


class _PrivateApt:
    """apt with state, cache and source of its own; its network settings are the machine's."""

    def __init__(self, folder: Path, mirror: str, suite: str) -> None:
        self.folder = folder
        self.mirror = mirror
        trust = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
        (folder / "sources.list").write_text(f"deb {trust}{mirror} {suite} main\n")
        (folder / "status").touch()
        (folder / "lists").mkdir()
        options = {
            "Dir::Etc::SourceList": folder / "sources.list",
            "Dir::Etc::SourceParts": os.devnull,
            "Dir::Etc::Preferences": os.devnull,
            "Dir::Etc::PreferencesParts": os.devnull,
            "Dir::State": folder,
            "Dir::State::Lists": folder / "lists",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "Acquire::Languages": "none",
            "Acquire::Retries": 2,
            # As root, apt would download as a user who may not write into these folders.
            "APT::Sandbox::User": "root",
        }
        self._options = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]

    def run(self, *words: str) -> None:
        _run(["apt-get", "-q", *self._options, *words], self.folder)


def _run(command: list[str | Path], folder: Path) -> None:
    """Raises NoPackage with the program's own words."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired as error:
        raise NoPackage(f"{command[0]} took longer than {PATIENCE_S} s") from error
    if done.returncode:
        said = [line.removeprefix("E: ").rstrip(".") for line in done.stderr.splitlines() if not line.startswith("W:")]
        raise NoPackage("; ".join(said) or f"{command[0]} ended with status {done.returncode}")
