"""Ways in which the folder of a saved Spark model may be damaged, all of them for one folder, listed.

Where something is `lost`, or can be told to be wrong, the model is to be refused or, where that is not read, its
answers are as before. Other damage makes another model of it, which may be a fine one: it is refused, it answers, or it
finds fault with rows that the whole model took.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from damaged_tables import changes

_HUGE = 10**400
_OF_ANOTHER_TYPE: list[Any] = ["text", "", None, True, [], [None], {}, [[]], {"type": 1}, "\ud800", [1, "a"]]
_NUMBERS: list[Any] = [-1, 0, 1, 2, 7, 2**31 - 1, 2**31, -(2**63), 2**64, _HUGE, 0.5, -0.5, 1e308, -1e308, 5e-324, 1e-9]
_NOT_FINITE: list[Any] = ["NaN", "Inf", "-Inf", float("nan"), float("inf")]


@dataclass(frozen=True)
class Damage:
    """`file`, below the model's folder, is given over to `change`, which writes, replaces or removes it."""

    file: Path
    name: str
    lost: bool
    change: Callable[[Path], None]

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"

    @contextmanager
    def done_to(self, folder: Path) -> Iterator[None]:
        """While it lasts, `folder` is damaged."""
        target, kept = folder / self.file, folder.with_name(f"{folder.name}.kept")
        target.rename(kept)
        (shutil.copytree if kept.is_dir() else shutil.copyfile)(kept, target)
        try:
            self.change(target)
            yield
        finally:
            _remove(target)
            kept.rename(target)


def damages(folder: Path) -> Iterator[Damage]:
    """All of them, of all files and folders in `folder`, always in the same order."""
    for path in sorted(folder.rglob("*")):
        if path.name.startswith((".", "_")):
            continue
        name = path.relative_to(folder)
        if path.is_dir():
            yield from _of_folder(name, path)
            continue
        yield from _of_file(name, path)
        if path.parent.name == "metadata":
            yield from _of_metadata(name, path)
        elif path.suffix == ".parquet":
            for what, lost, made in changes(pq.read_table(path, partitioning=None)):
                yield Damage(name, what, lost, partial(_rewritten, made))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# --- files and folders


def _of_folder(name: Path, path: Path) -> Iterator[Damage]:
    yield Damage(name, "gone", True, _remove)
    yield Damage(name, "a file", True, _as_file)
    yield Damage(name, "empty", True, _as_folder)
    yield Damage(name, "a link to itself", True, _link_to_itself)
    if path.parent.name == "stages":
        yield Damage(name.parent, f"{name.name} numbered otherwise", True, partial(_renumbered, stage=name.name))
        yield Damage(name.parent, f"{name.name} twice", True, partial(_twice, stage=name.name))


def _of_file(name: Path, path: Path) -> Iterator[Damage]:
    content = path.read_bytes()
    # One part file of several may have been one without rows, which Spark leaves out
    yield Damage(name, "gone", len(list(path.parent.glob("part-*"))) == 1, _remove)
    yield Damage(name, "a folder", True, _as_folder)
    yield Damage(name, "a link to itself", True, _link_to_itself)
    drawn = random.Random(str(name))
    for n_bytes in sorted({0, 1, len(content) // 2, len(content) - 8, drawn.randrange(len(content))}):
        if 0 <= n_bytes < len(content.rstrip()):
            yield _with_bytes(name, f"its first {n_bytes} bytes", True, content[:n_bytes])
    for _ in range(4):
        at = drawn.randrange(len(content))
        changed = bytes([drawn.randrange(256)])
        lost = path.suffix == ".parquet"  # which has checksums
        yield _with_bytes(name, f"byte {at} is {changed!r}", lost, content[:at] + changed + content[at + 1 :])
    yield _with_bytes(name, "zeros", True, bytes(len(content)))


def _with_bytes(name: Path, what: str, lost: bool, content: bytes) -> Damage:
    return Damage(name, what, lost, partial(_written, content))


def _written(content: bytes, target: Path) -> None:
    target.write_bytes(content)


def _rewritten(made: Callable[[], Any], target: Path) -> None:
    pq.write_table(made(), target, write_page_checksum=True)


def _as_file(target: Path) -> None:
    _remove(target)
    target.write_bytes(b"\x00\x01")


def _as_folder(target: Path) -> None:
    _remove(target)
    target.mkdir()


def _link_to_itself(target: Path) -> None:
    _remove(target)
    target.symlink_to(target)


def _renumbered(stages: Path, stage: str) -> None:
    number, _, uid = stage.partition("_")
    (stages / stage).rename(stages / f"9{number}_{uid}")


def _twice(stages: Path, stage: str) -> None:
    shutil.copytree(stages / stage, stages / f"99_{stage.partition('_')[2]}")


# --- metadata


def _of_metadata(name: Path, path: Path) -> Iterator[Damage]:
    whole = json.loads(path.read_text())
    text = json.dumps(whole)

    def of(what: str, lost: bool, metadata: Any) -> Damage:
        return _with_bytes(name, what, lost, json.dumps(metadata).encode())

    for wrong in ("", "[]", "null", "1", "{}", text[:-1], text + "}", "[" * 100_000, '{"a":' * 100_000, "NaN"):
        yield _with_bytes(name, f"{wrong[:10]!r}", True, wrong.encode())
    yield _with_bytes(name, "in UTF-16", True, text.encode("utf-16"))
    yield _with_bytes(name, "in two lines", True, text.replace(", ", ",\n", 1).encode())
    yield _with_bytes(name, "its class twice", True, f'{{"class": "x", {text[1:-1]}, "class": 1}}'.encode())
    yield _with_bytes(name, "digits without end", True, f'{{"timestamp": {"9" * 10_000}, {text[1:]}'.encode())
    for key, value in whole.items():
        if key in ("paramMap", "defaultParamMap"):
            for param, set_to in value.items():
                yield of(f"{key}.{param} gone", False, whole | {key: {k: v for k, v in value.items() if k != param}})
                for what, lost, other in _others(set_to):
                    yield of(f"{key}.{param} = {what}", lost, whole | {key: value | {param: other}})
            for wrong in ([], None, "x", 1):
                yield of(f"{key} = {wrong}", wrong not in ([], None), whole | {key: wrong})
            continue
        needed = key not in ("timestamp", "sparkVersion", "uid")
        yield of(f"{key} gone", needed, {k: v for k, v in whole.items() if k != key})
        for what, lost, other in _others(value):
            yield of(f"{key} = {what}", lost or key == "class", whole | {key: other})


def _others(value: Any) -> Iterator[tuple[str, bool, Any]]:
    """Other values for one of the metadata: what, whether it can be told to be wrong, and the value."""
    for other in _OF_ANOTHER_TYPE:
        yield repr(other), type(other) is not type(value), other
    if isinstance(value, str):
        for other in (f"{value}x", value.upper(), "a" * 10_000, "'", "\x00", "NaN"):
            yield repr(other)[:20], False, other
    for other in (*_NUMBERS, *_NOT_FINITE):
        yield repr(other)[:20], isinstance(value, bool | list | dict), other
    if isinstance(value, list):
        for what, other in (("shorter", value[:-1]), ("longer", value + value[-1:]), ("doubled", value * 2)):
            yield what, False, other
        if value:
            yield "a thousand times", False, value[:1] * 1000
            for what, _, other in _others(value[0]):
                yield f"first {what}", False, [other, *value[1:]]
    if isinstance(value, dict):
        for key in value:
            yield f"without {key}", False, {k: v for k, v in value.items() if k != key}
            for what, _, other in _others(value[key]):
                yield f"{key} {what}", False, value | {key: other}
