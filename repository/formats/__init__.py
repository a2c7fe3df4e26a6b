"""The formats of models, one module a runtime's type. A new one is a module and a place in the tuple below."""

from __future__ import annotations

from repository.formats.custom import Custom
from repository.formats.format import Broken, Files, Format, Incomplete, Signature, Unusable
from repository.formats.scikit import Scikit
from repository.formats.spark import Spark

__all__ = ["FORMATS", "Broken", "Files", "Format", "Incomplete", "Signature", "Unusable", "format_of"]

FORMATS: dict[str, Format] = {kind.runtime: kind for kind in (Custom(), Scikit(), Spark())}
"""By the runtime's type, which is the name of its folder."""


class _Unknown:
    """What lies in the folder of a runtime that nobody knows: no model, and the reason says so."""

    def __init__(self, runtime: str) -> None:
        self.runtime = runtime

    def belongs(self, path: str) -> bool:  # noqa: ARG002 (the same whatever the path)
        return False

    def signature(self, files: Files) -> Signature:  # noqa: ARG002
        raise Broken(f"unknown runtime {self.runtime!r}; known: {', '.join(sorted(FORMATS))}")


def format_of(runtime: str) -> Format:
    """The format of the models in the folder `runtime`; for an unknown one a format of which every model is broken."""
    return FORMATS.get(runtime) or _Unknown(runtime)
