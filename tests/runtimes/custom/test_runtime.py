from __future__ import annotations

import gc
import sys

import pytest

from catenary.errors import ModelBroken
from catenary.messages import Metadata
from runtimes.custom.runtime import CustomRuntime

METADATA = Metadata(name="m", runtime="custom", inputs=("x",), outputs=("y",), version="1", files=())

MODEL = """
class Model:
    def __init__(self, path):
        self.add = int((path / "add.txt").read_text())

    def predict(self, rows):
        from .later import total
        return [row | {"y": total(row["x"], self.add)} for row in rows]

def load(path):
    return Model(path)
"""


def load(folder, code: str):
    (folder / "model.py").write_text(code)
    return CustomRuntime().load(folder, METADATA)


def model_modules() -> list[str]:
    return [name for name in sys.modules if name.startswith("catenary_model")]


def test_a_model_reads_its_folder_and_imports_from_it_when_it_likes(tmp_path):
    (tmp_path / "add.txt").write_text("2")
    (tmp_path / "later.py").write_text("def total(a, b):\n    return a + b\n")
    model = load(tmp_path, MODEL)
    assert (model.inputs, model.outputs) == (("x",), ("y",))
    assert model.predict([{"x": 1}, {"x": 5}]) == [{"x": 1, "y": 3}, {"x": 5, "y": 7}]


def test_the_modules_go_with_the_model(tmp_path):
    gc.collect()
    before = model_modules()
    (tmp_path / "add.txt").write_text("2")
    model = load(tmp_path, MODEL)
    assert len(model_modules()) == len(before) + 2
    del model
    gc.collect()
    assert model_modules() == before


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "model.py has no function load(path)"),
        ("load = 3", "model.py has no function load(path)"),
        ("def load(path):\n    return {}", "what load(path) in model.py returns has no predict(rows)"),
        ("def load(path):\n    return open(path / 'gone')", "load(path) in model.py, line 2 failed: FileNotFoundError"),
        ("import absent_package", "it imports absent_package, which is not installed"),
    ],
)
def test_what_is_not_a_model_says_what_it_lacks(tmp_path, code, reason):
    gc.collect()
    before = model_modules()
    with pytest.raises(ModelBroken) as caught:
        load(tmp_path, code)
    assert reason in caught.value.reason
    assert model_modules() == before
