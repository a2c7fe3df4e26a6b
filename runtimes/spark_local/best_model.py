"""A tuned model: the best model found, which is all that scoring needs of it."""

from __future__ import annotations

from typing import Self

from .container import Container
from .registry import load_stage
from .saved import Saved


class BestModel(Container):
    """Its one member is the best model."""

    @classmethod
    def load(cls, saved: Saved) -> Self:
        return cls((load_stage(saved.child("bestModel")),))
