"""Which class reads which saved stage. It knows no stage: each registers itself under the names that Spark saves."""

from __future__ import annotations

from typing import TypeVar

from .saved import Saved
from .stage import Stage

_StageClass = TypeVar("_StageClass", bound=type[Stage])
_stages: dict[str, type[Stage]] = {}


def register(stage: _StageClass) -> _StageClass:
    """Adds a stage class, as its decorator. Raises ValueError if another one reads the same saved class."""
    for name in stage.saved_as:
        if name in _stages:
            raise ValueError(f"{name} is read by {_stages[name].__qualname__} already, not by {stage.__qualname__}")
        _stages[name] = stage
    return stage


def known() -> tuple[str, ...]:
    """The saved class names that can be served, in order."""
    return tuple(sorted(_stages))


def load_stage(saved: Saved) -> Stage:
    """The stage that `saved` holds. Raises Unreadable if no class reads it or if it is not as it should be."""
    stage = _stages.get(saved.class_name)
    if stage is None:
        why = "exists in Python only" if saved.has("language") else "is not a stage that can be served"
        names = sorted({name.rpartition(".")[2] for name in known()})
        raise saved.unreadable(f"{saved.class_name} {why}; known are {', '.join(names)}")
    return stage.load(saved)
