"""`metadata.json`, where the person who made a model declares its columns: `{"model", "inputs", "outputs"}`.

The model's name is its folder's, so that a copied folder is a model of its own; `model` is for the reader.
"""

from __future__ import annotations

from repository.formats.format import Broken, Files, Signature, json_object

METADATA = "metadata.json"


def declared_signature(files: Files) -> Signature:
    """The columns that `metadata.json` names. Raises Incomplete and Broken, which names the field that is wrong."""
    document = json_object(files.read(METADATA), METADATA)
    if not isinstance(document.get("model", ""), str):
        raise Broken(f"{METADATA}: model: a text is needed")
    return Signature(_columns(document, "inputs"), _columns(document, "outputs"))


def _columns(document: dict[str, object], field: str) -> tuple[str, ...]:
    if field not in document:
        raise Broken(f"{METADATA}: {field}: this field is needed")
    value = document[field]
    if not isinstance(value, list):
        raise Broken(f"{METADATA}: {field}: a list of column names is needed")
    columns: dict[str, None] = {}
    for position, column in enumerate(value):
        if not isinstance(column, str) or not column:
            raise Broken(f"{METADATA}: {field}[{position}]: the name of a column is needed")
        if column in columns:
            raise Broken(f"{METADATA}: {field}[{position}]: {column!r} stands there twice")
        columns[column] = None
    return tuple(columns)
