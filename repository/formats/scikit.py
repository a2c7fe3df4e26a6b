"""Models of the scikit runtime: `metadata.json` and `model.pkl` (pickle or joblib) or `model.skops`."""

from __future__ import annotations

import zipfile

from repository.formats.declared import METADATA, declared_signature
from repository.formats.format import Broken, Files, Incomplete, Signature

PICKLE = "model.pkl"
SKOPS = "model.skops"

_PICKLE_BEGINS = b"\x80"
_PICKLE_ENDS = b"."
# What joblib compresses with: zlib, gzip, bz2, xz, lzma, lz4. Their ends tell nothing without unpacking.
_COMPRESSED = (b"\x78", b"\x1f\x8b", b"BZ", b"\xfd7zXZ", b"\x5d\x00", b"\x04\x22\x4d\x18")


class Scikit:
    runtime = "scikit"

    def belongs(self, path: str) -> bool:
        return path in (METADATA, PICKLE, SKOPS)

    def signature(self, files: Files) -> Signature:
        signature = declared_signature(files)
        if PICKLE not in files.paths and SKOPS not in files.paths:
            raise Incomplete(f"{PICKLE} (or {SKOPS}) is missing")
        if PICKLE in files.paths:
            _check_pickle(files)
        if SKOPS in files.paths:
            _check_skops(files)
        return signature


def _check_pickle(files: Files) -> None:
    first, last = files.ends(PICKLE, 8)
    if not first:
        raise Incomplete(f"{PICKLE} is empty")
    if first.startswith(_PICKLE_BEGINS):
        if not last.endswith(_PICKLE_ENDS):
            raise Incomplete(f"{PICKLE} is cut short: it has no end")
    elif not first.startswith(_COMPRESSED):
        raise Broken(f"{PICKLE} is neither a pickle (protocol 2 or later) nor one that joblib compressed")


def _check_skops(files: Files) -> None:
    with files.open(SKOPS) as file:
        if zipfile.is_zipfile(file):
            return
    first, _ = files.ends(SKOPS, 2)
    if b"PK".startswith(first):
        raise Incomplete(f"{SKOPS} is cut short: it has no end")
    raise Broken(f"{SKOPS} is not the ZIP archive that skops writes")
