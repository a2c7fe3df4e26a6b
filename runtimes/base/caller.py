"""Who asks a runtime: a step of a pipeline, or somebody else."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from catenary import names

# A chain has at most 64 steps.
_STEP = re.compile(r"[1-9][0-9]?")


class Caller(NamedTuple):
    """`pipeline` by its name and `step` by its position from 1 on; each is empty where that is not told."""

    pipeline: str = ""
    step: str = ""

    @staticmethod
    @lru_cache(maxsize=4_096)
    def from_headers(pipeline: str, step: str) -> Caller:
        """The caller that the headers `x-catenary-pipeline` and `x-catenary-step` name; what is no name is left out."""
        return Caller(pipeline if names.is_name(pipeline) else "", step if _STEP.fullmatch(step) else "")
