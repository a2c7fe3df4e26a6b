"""What a runtime has to be: the two interfaces that the base asks of a model and of whatever loads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NotRequired, Protocol, TypedDict

from catenary.messages import Metadata

Row = dict[str, Any]
"""One row of data: a plain JSON value (or a NumPy one, in answers) under each column's name."""


class ColumnSchema(TypedDict):
    """A column of a model. `size`: how many numbers each of its vectors holds, if that is known."""

    type: str
    size: NotRequired[int]


class Model(Protocol):
    """A loaded version of a model. Several threads may call `predict` at once."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that every row must have; the base checks them before `predict`."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The columns that `predict` adds."""

    @property
    def schema(self) -> Mapping[str, ColumnSchema]:
        """What is known of the columns, by name; empty where nothing is."""

    @property
    def drops_rows(self) -> bool:
        """Whether an answer may leave rows out, as Spark does where `handleInvalid` is `skip`."""

    def predict(self, rows: list[Row]) -> list[Row]:
        """A row for each of `rows`, in their order: its columns and the model's own beside them.

        `rows` is never empty and belongs to the caller's request alone. Blocks; called off the event loop.
        Raises InvalidInput, naming row and column, for what the caller has to change. Any other exception is the
        model's fault.
        """


class Runtime(Protocol):
    """Loads models of one type. Blocking; called by one thread at a time, off the event loop."""

    @property
    def type(self) -> str:
        """The word for it in metadata, and its folder under `models/`."""

    def code_in(self, folder: Path) -> str | None:
        """What in `folder` runs code of its own when it is loaded ("the pickle model.pkl"); None: it is only data."""

    def load(self, folder: Path, metadata: Metadata) -> Model:
        """The model in `folder`. ModelBroken says, for the person who made it, why it cannot be served."""
