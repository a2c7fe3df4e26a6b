"""Models that Spark saved, committed with rows and with what Spark 4.3 makes of them: `<version>/<name>.zip`, each of

    model/…         the folder as it was saved, without Hadoop's .crc files
    columns.txt     the names of the rows' columns and their types in Spark: `features vector, label double`
    rows.json       rows as the engine takes them
    expected.json   the rows that Spark 4.3 answers once it has loaded `model`, but for `NOT_BY_4_3`

JSON has NaN and Infinity as Python writes them.

A file is called after the class that its model is there for.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, Any]

FOLDER = Path(__file__).parents[1] / "runtimes" / "spark_local" / "saved"
SAVES = sorted(FOLDER.glob("*/*.zip"))
NOT_BY_4_3 = {"2.2/OneHotEncoder", "3.5/SQLTransformer"}
"""What is expected is not what Spark 4.3 answers: it does not load a transformer that took its size from the labels
before it, as there was until 2.4; and a division by zero, null in Spark 3, is an error in its SQL."""

_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Save:
    """A saved model: `model` is the folder that it was unpacked to, or is to be packed from."""

    model: Path
    columns: str
    rows: list[Row]
    expected: list[Row]


def named(path: Path) -> str:
    """What a save is called in the tests: `3.5/Tokenizer`."""
    return f"{path.parent.name}/{path.stem}"


def unpacked(path: Path, folder: Path) -> Save:
    """The save in the file `path`, its model below `folder`."""
    with zipfile.ZipFile(path) as file:
        file.extractall(folder, [name for name in file.namelist() if name.startswith("model/")])
        rows, expected = (json.loads(file.read(name)) for name in ("rows.json", "expected.json"))
        return Save(folder / "model", file.read("columns.txt").decode(), rows, expected)


def pack(save: Save, path: Path) -> None:
    """Write `save` to the file `path`; the same save gives the same bytes."""
    texts = {
        "columns.txt": save.columns,
        "rows.json": json.dumps(save.rows),
        "expected.json": json.dumps(save.expected),
    }
    contents = {name: text.encode() for name, text in texts.items()}
    for part in sorted(save.model.rglob("*")):
        if part.is_file() and part.suffix != ".crc":
            contents[f"model/{part.relative_to(save.model).as_posix()}"] = part.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in contents.items():
            file.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED)
