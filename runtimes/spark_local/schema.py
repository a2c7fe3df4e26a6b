"""The columns of a pipeline, from its stages: which it takes and makes, which a row has to bring and which it may not.

It binds the stages to one another, so that each knows the columns made before it; rows are not its business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import Unreadable
from .fields import ANY, Field
from .stage import Stage


@dataclass(frozen=True)
class Schema:
    """`inputs` and `outputs`: as the model's metadata name them, with what is known of each.

    `required`: the columns without which a row cannot be scored; `refused`: those that the model makes, which no row
    may bring.
    """

    inputs: dict[str, Field]
    outputs: dict[str, Field]
    required: tuple[str, ...]
    refused: frozenset[str]


def bound(steps: Sequence[Stage]) -> tuple[tuple[Stage, ...], Schema]:
    """The stages, each bound to the columns made before it. Raises Unreadable where they do not fit one another."""
    known: dict[str, Field] = {}
    stages: list[Stage] = []
    for step in steps:
        stage = step.bind(known)
        _check_inputs(stage, known)
        stages.append(stage)
        known |= dict.fromkeys(stage.outputs, ANY) | dict(stage.makes())
        if stage.selects:
            left = stage.select(tuple(known))
            known = {name: field for name, field in known.items() if name in left}
    refused, required, asked = _new_columns(stages), _required(stages), _asked(stages)
    inputs, outputs = _signature(stages, required)
    return tuple(stages), Schema(
        inputs={name: asked.get(name, ANY) for name in inputs},
        outputs={name: known[name] for name in outputs if name in known},
        required=required,
        refused=frozenset(refused),
    )


def _check_inputs(stage: Stage, known: Mapping[str, Field]) -> None:
    made = {name.lower(): name for name in known}
    for name in stage.inputs:
        if name not in known and (other := made.get(name.lower())):
            raise Unreadable(f"{type(stage).__name__} takes {name!r}, which a stage before it spells {other!r}")
    for name, asked in stage.takes().items():
        if not (found := known.get(name, ANY)).fits(asked):
            wanted = asked.type if found.type != asked.type else f"{asked.type} of {asked.size} numbers"
            have = found.type if found.type != asked.type else f"one of {found.size}"
            raise Unreadable(f"{type(stage).__name__} takes {name!r} as {wanted}, but the stage before it makes {have}")


def _new_columns(steps: Sequence[Stage]) -> tuple[str, ...]:
    """The columns that no row may bring. As Spark does, refuses most stages that make what is there already."""
    there: dict[str, None] = {}
    new: dict[str, None] = {}
    selecting: list[Stage] = []
    for stage in steps:
        there |= dict.fromkeys(stage.inputs)
        if stage.selects:
            there = dict.fromkeys(stage.select((*there, *(name for name in stage.outputs if name not in there))))
            selecting.append(stage)
            continue
        for name in () if stage.replaces else stage.outputs:
            if name in there:
                raise Unreadable(f"{type(stage).__name__} makes the column {name!r}, which is there already")
            if all(before.select((name,)) for before in selecting):
                new[name] = None
        there |= dict.fromkeys(stage.outputs)
    return tuple(new)


def _required(steps: Sequence[Stage]) -> tuple[str, ...]:
    """The columns without which a row cannot be scored: those that lead to more than a column nobody asks for.

    A stage that passes over an absent column, such as the indexer of the label, needs it only if a later stage needs
    what the stage makes of it.
    """
    needed: dict[str, None] = {}
    for stage in reversed(steps):
        if stage.selects:
            left = set(stage.select((*needed, *(name for name in stage.outputs if name not in needed))))
            if lost := next((name for name in needed if name not in left), None):
                raise Unreadable(f"{type(stage).__name__} drops the column {lost!r}, which a stage after it needs")
        sources = stage.sources([name for name in stage.outputs if name in needed])
        for name in stage.outputs:
            needed.pop(name, None)
        needed |= dict.fromkeys(sources)
    return tuple(needed)


def _asked(steps: Sequence[Stage]) -> dict[str, Field]:
    """What the first stage that says anything of a column asks of it."""
    asked: dict[str, Field] = {}
    made: set[str] = set()
    for stage in steps:
        for name, field in stage.takes().items():
            if name not in made and asked.get(name, ANY) == ANY:
                asked[name] = field
        made.update(stage.outputs)
    return asked


def _signature(steps: Sequence[Stage], required: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The model's inputs and outputs, as its metadata name them.

    Inputs are what stages take and none before them makes, outputs what they make and none after them takes; a label
    column and what it is made from are neither, unless scoring needs them as well.
    """
    labels = {stage.label for stage in steps}
    for_labels = labels | {
        source
        for stage in steps
        for source in stage.sources([name for name in stage.outputs if name in labels])
        if not labels.isdisjoint(stage.outputs)
    }
    inputs: dict[str, None] = {}
    made: set[str] = set()
    unused: dict[str, None] = {}
    for stage in steps:
        inputs |= dict.fromkeys(name for name in stage.inputs if name not in made)
        for name in stage.inputs:
            unused.pop(name, None)
        made.update(stage.outputs)
        unused |= dict.fromkeys(stage.outputs)
    wanted = tuple(name for name in inputs if name in required or name not in for_labels)
    return wanted, tuple(name for name in unused if name not in labels)
