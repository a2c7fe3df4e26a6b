"""What every fitted stage is: columns in, columns out, one arithmetic in two forms.

`apply` takes one row's values and is the meaning of the stage. `apply_columns` may do the same for many rows in NumPy
and has to give the same numbers, within the bound that the stage's docstring states; it declines whatever it is not
made for, and the rows go through `apply`. A stage is immutable once bound, so threads may share it, and it changes no
value that it is given.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .columns import Column
from .fields import Field
from .saved import Saved


class Stage(ABC):
    """A fitted stage of a pipeline."""

    saved_as: ClassVar[tuple[str, ...]]
    """The class names under which Spark saves it."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None = None
    """The label column, which training needs and scoring does not."""
    drops_rows: bool = False
    selects: bool = False
    """Whether columns may be gone after it: then `select` says which are left."""

    replaces: ClassVar[bool] = False
    """Whether its outputs may have the names of columns that are there, and then take their places."""

    @classmethod
    @abstractmethod
    def load(cls, saved: Saved) -> Stage:
        """The stage in a folder. Raises Unreadable for whatever could not be served."""

    @abstractmethod
    def apply(self, *values: Any) -> tuple[Any, ...] | None:
        """One value for each of `outputs` from one row's values of `inputs`; None drops the row. Raises Rejected."""

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:  # noqa: ARG002
        """The same for many rows at once, none of them dropped; None: not for these columns."""
        return None

    def steps(self) -> tuple[Stage, ...]:
        """Itself, or the stages that a container is made of."""
        return (self,)

    def bind(self, known: Mapping[str, Field]) -> Stage:  # noqa: ARG002
        """The stage once the columns made before it are known. Raises Unreadable where that does not fit."""
        return self

    def takes(self) -> Mapping[str, Field]:
        """What it asks of its inputs; those left out may be anything."""
        return {}

    def makes(self) -> Mapping[str, Field]:
        """What is known of its outputs, and of columns whose meaning it changes; those left out may be anything."""
        return {}

    def select(self, columns: Sequence[str]) -> Sequence[str]:
        """Which of `columns`, those before it and its outputs, are there after it, in Spark's order.

        Where it makes a column of a name that was there before, the old one is among those that are gone.
        """
        return columns

    def sources(self, outputs: Sequence[str]) -> tuple[str, ...]:  # noqa: ARG002
        """The inputs that a row has to hold if these of the stage's outputs are wanted."""
        return self.inputs
