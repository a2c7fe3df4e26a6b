"""Stages in which other stages stand: a pipeline, a formula, a tuned model. They are run by their steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .stage import Stage


@dataclass(frozen=True)
class Container(Stage):
    """`members`: in the order in which they are run, other containers among them."""

    members: tuple[Stage, ...]
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    def steps(self) -> tuple[Stage, ...]:
        return tuple(step for member in self.members for step in member.steps())

    def apply(self, *values: Any) -> tuple[Any, ...]:
        raise NotImplementedError("a container is run by its steps")
