"""pm_scikit: adds `features`, 31 numbers that say how alike two items are, beside their titles and specifics.

Owns what a row must look like; the numbers themselves are those of `features.py`.
"""

from __future__ import annotations

from pathlib import Path

from catenary.errors import InvalidInput
from catenary.values import json_type

from .features import Item, pair_features, read_item
from .tokens import Tokenizer

STOP_WORDS_FILE = "stop_words.txt"


class PairModel:
    """Computes the features of item pairs; holds no state, so threads may share it."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def predict(self, rows: list[dict[str, object]]) -> list[dict[str, object]]:
        """The rows with `features`, 31 floats each; InvalidInput names the first row and column that cannot be read."""
        return [
            {**row, "features": pair_features(self._item(row, at, "1"), self._item(row, at, "2"))}
            for at, row in enumerate(rows)
        ]

    def _item(self, row: dict[str, object], at: int, which: str) -> Item:
        title = _text(row, at, f"Title{which}")
        specifics = _text(row, at, f"ItemSpecifics{which}", nullable=True)
        return read_item(title, specifics, self._tokenizer)


def load(path: Path) -> PairModel:
    """The model whose folder is `path`."""
    return PairModel(Tokenizer((path / STOP_WORDS_FILE).read_text(encoding="utf-8").split()))


def _text(row: dict[str, object], at: int, column: str, *, nullable: bool = False) -> str:
    """The text in `column`; where it may be null, null is the empty text."""
    if column not in row:
        raise InvalidInput(f"row {at} has no column {column!r}", row=at, column=column)
    value = row[column]
    if value is None and nullable:
        return ""
    if not isinstance(value, str):
        expected = "a string or null" if nullable else "a string"
        raise InvalidInput(
            f"column {column!r} of row {at} must be {expected}, not {json_type(value)}", row=at, column=column
        )
    return value
