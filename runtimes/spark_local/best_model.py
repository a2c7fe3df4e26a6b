"""A tuned model: a container of the best model found, which is all that scoring needs of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from .registry import load_stage
from .saved import Saved
from .stage import Stage


@dataclass(frozen=True)
class BestModel(Stage):
    """A container: `steps` is what is run."""

    best: Stage
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @classmethod
    def load(cls, saved: Saved) -> Self:
        return cls(load_stage(saved.child("bestModel")))

    def steps(self) -> tuple[Stage, ...]:
        return self.best.steps()

    def apply(self, *values: Any) -> tuple[Any, ...]:
        raise NotImplementedError("a tuned model is run by its steps")
