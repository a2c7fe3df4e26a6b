from __future__ import annotations

import gc
import sys

import pytest

from catenary.errors import ModelBroken
from runtimes.custom.importer import import_folder


def write(folder, **files: str):
    """A model's folder; `a__b` is the module a/b."""
    for name, code in files.items():
        file = folder.joinpath(*name.split("__")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)
    return folder


def reason(folder) -> str:
    with pytest.raises(ModelBroken) as caught:
        import_folder(folder, "m")
    assert caught.value.model == "m"
    return caught.value.reason


def test_two_versions_and_their_siblings_live_side_by_side(tmp_path):
    code = "from .part import VALUE\nfrom .sub.deep import DEEP\n"
    one = write(tmp_path / "1", model=code, part="VALUE = 1", sub__deep="from ..part import VALUE as DEEP")
    two = write(tmp_path / "2", model=code, part="VALUE = 2", sub__deep="DEEP = 22")
    first, second = import_folder(one, "my-model.v1"), import_folder(two, "my-model.v1")
    assert (first.VALUE, first.DEEP, second.VALUE, second.DEEP) == (1, 1, 2, 22)


def test_the_folder_is_named_after_itself_by_default(tmp_path):
    with pytest.raises(ModelBroken, match=r"model 'empty' cannot be loaded: model\.py is missing"):
        import_folder(write(tmp_path / "empty", other=""))


def test_nothing_is_written_into_the_folder_and_nothing_put_on_the_path(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    write(tmp_path, model="from .sub import deep", sub____init__="", sub__deep="")
    path, files = list(sys.path), sorted(tmp_path.rglob("*"))
    import_folder(tmp_path)
    assert (sys.path, sorted(tmp_path.rglob("*"))) == (path, files)


def test_a_sibling_is_not_importable_by_its_bare_name(tmp_path):
    write(tmp_path, model="import part", part="")
    assert reason(tmp_path) == "it imports part, which is not installed"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import no_such_package.module", "it imports no_such_package, which is not installed"),
        ("from .missing import x", "it imports .missing, which its folder does not have"),
        ("from json import nothing", "model.py, line 1 failed: ImportError: cannot import name 'nothing' from 'json'"),
        ("x = 1\ny = x / 0", "model.py, line 2 failed: ZeroDivisionError: division by zero"),
        ("from . import part", "part.py, line 1 failed: KeyError: 'k'"),
        ("x = (", "model.py, line 1: '(' was never closed"),
        ("raise SystemExit(1)", "model.py, line 1 failed: SystemExit: 1"),
    ],
)
def test_a_failed_import_says_why_and_leaves_no_module(tmp_path, code, expected):
    write(tmp_path, model=code, part="{}['k']")
    before = set(sys.modules)
    assert reason(tmp_path).startswith(expected)
    gc.collect()
    assert {name for name in set(sys.modules) - before if name.startswith("catenary_model")} == set()
