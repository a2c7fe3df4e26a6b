"""Imports a model's folder as a package of its own, so that `model.py` may say `from .features import …`.

Puts nothing on `sys.path` and writes nothing into the folder. Each call makes a new package: two versions of one model,
or two models with modules of the same name, live side by side.
"""

from __future__ import annotations

import importlib
import itertools
import re
import sys
import traceback
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
)
from pathlib import Path
from types import ModuleType

from catenary.errors import ModelBroken

MODULE_FILE = "model.py"

_numbers = itertools.count(1)


def import_folder(path: Path, name: str | None = None) -> ModuleType:
    """The module `path/model.py`, as a submodule of a package made for this call.

    `name`: what the model is called in errors (default: the folder's name). ModelBroken tells a module that is not
    installed from a fault in the model's own code.
    """
    path = path.resolve()
    name = name or path.name
    if not (path / MODULE_FILE).is_file():
        raise ModelBroken(name, f"{MODULE_FILE} is missing")
    identifier = re.sub(r"\W", "_", name)
    package = ModuleType(f"catenary_model_{next(_numbers)}_{identifier}")
    package.__path__ = [str(path)]
    sys.modules[package.__name__] = package
    sys.path_importer_cache[str(path)] = _finder(str(path))
    try:
        return importlib.import_module(f"{package.__name__}.{Path(MODULE_FILE).stem}")
    except (Exception, SystemExit) as error:
        forget(package.__name__)
        raise ModelBroken(name, _why(error, package.__name__, path)) from error


def forget(package: str) -> None:
    """Drop the modules of `package`, once its model is no longer used."""
    for module in [m for m in sys.modules if m == package or m.startswith(f"{package}.")]:
        sys.modules.pop(module, None)


def _why(error: BaseException, package: str, path: Path) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        if error.name.startswith(f"{package}."):
            return f"it imports .{error.name.removeprefix(f'{package}.')}, which its folder does not have"
        return f"it imports {error.name}, which is not installed"
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}, line {error.lineno}: {error.msg}"
    return failure(error, path)


def failure(error: BaseException, path: Path) -> str:
    """`error` in a few words, with the innermost line of the model's own code in `path` that it came through."""
    own = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(path)]
    where = f"{Path(own[-1].filename).relative_to(path)}, line {own[-1].lineno}" if own else MODULE_FILE
    return f"{where} failed: {type(error).__name__}: {error}"


class _SourceLoader(SourceFileLoader):
    def set_data(self, path: str, data: object, *, _mode: int = 0o666) -> None:
        """Write no bytecode: the folder's files are the model's, and their checksums are known."""


class _Finder(FileFinder):
    def find_spec(self, fullname: str, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = super().find_spec(fullname, target)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            sys.path_importer_cache[folder] = _finder(folder)
        return spec


def _finder(folder: str) -> _Finder:
    return _Finder(folder, (ExtensionFileLoader, EXTENSION_SUFFIXES), (_SourceLoader, SOURCE_SUFFIXES))
