"""The custom runtime: a folder whose `model.py` has `load(path) -> object with predict(rows) -> rows`."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from catenary.errors import ModelBroken
from catenary.messages import Metadata
from runtimes.base.model import ColumnSchema, Row
from runtimes.custom.importer import MODULE_FILE, failure, forget, import_folder

__all__ = ["CustomModel", "CustomRuntime", "import_folder"]


class CustomModel:
    """What a folder's `load` returned, with the columns that its metadata names."""

    schema: ClassVar[Mapping[str, ColumnSchema]] = {}
    drops_rows = False

    def __init__(self, metadata: Metadata, predict: Callable[[list[Row]], list[Row]]) -> None:
        self.inputs = metadata.inputs
        self.outputs = metadata.outputs
        self.predict = predict


class CustomRuntime:
    type = "custom"

    def code_in(self, folder: Path) -> str:  # noqa: ARG002
        return MODULE_FILE

    def load(self, folder: Path, metadata: Metadata) -> CustomModel:
        module = import_folder(folder, metadata.name)
        package = module.__name__.rpartition(".")[0]
        try:
            load = getattr(module, "load", None)
            if not callable(load):
                raise ModelBroken(metadata.name, f"{MODULE_FILE} has no function load(path)")
            predict = getattr(_called(load, folder, metadata.name), "predict", None)
            if not callable(predict):
                raise ModelBroken(metadata.name, f"what load(path) in {MODULE_FILE} returns has no predict(rows)")
        except ModelBroken:
            forget(package)
            raise
        model = CustomModel(metadata, predict)
        # Modules stay importable for as long as the model may import more of them.
        weakref.finalize(model, forget, package).atexit = False
        return model


def _called(load: Callable[[Path], object], folder: Path, name: str) -> object:
    try:
        return load(folder)
    except ModelBroken:
        raise
    except Exception as error:
        raise ModelBroken(name, f"load(path) in {failure(error, folder)}") from error
