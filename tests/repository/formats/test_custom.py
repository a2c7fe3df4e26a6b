from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_files import files_in

from repository.formats import Broken, Incomplete, Signature, Unusable
from repository.formats.custom import Custom

METADATA = b'{"inputs": ["a"], "outputs": ["b"]}'


def read(code: bytes | None) -> Signature:
    with tempfile.TemporaryDirectory() as folder:
        files = {"metadata.json": METADATA} | ({} if code is None else {"model.py": code})
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        return Custom().signature(files_in(Path(folder)))


def test_code_that_compiles_is_a_model():
    assert read(b"def load(path): ...\n") == Signature(("a",), ("b",))


def test_code_is_not_run(tmp_path: Path):
    assert read(f"open({str(tmp_path / 'ran')!r}, 'w')".encode())
    assert not (tmp_path / "ran").exists()


def test_code_that_does_not_compile_is_broken_and_the_reason_names_the_line():
    with pytest.raises(Broken, match=r"model\.py, line 2: "):
        read(b"import os\ndef load(path:\n")


@pytest.mark.parametrize("code", [None, b"", b"\n\n"])
def test_code_that_is_not_there_makes_the_folder_incomplete(code):
    with pytest.raises(Incomplete, match=r"model\.py is (missing|empty)"):
        read(code)


@pytest.mark.parametrize("code", [b"a\0b", b"(" * 1000, b"\xff\xfe", b"# coding: nonsense\n", b"-" * 100_000 + b"1"])
def test_code_that_the_parser_stumbles_over_is_broken(code):
    with pytest.raises(Broken, match=r"model\.py"):
        read(code)


@given(st.binary(max_size=60) | st.text(alphabet="()[]:=\"'\\\n\tdefx0 ", max_size=60).map(str.encode))
def test_whatever_the_code_is_the_answer_is_a_signature_or_a_reason(code: bytes):
    with contextlib.suppress(Unusable):
        assert read(code).inputs == ("a",)


def test_every_file_belongs_to_the_model_but_its_readme_and_examples():
    form = Custom()
    assert all(map(form.belongs, ("metadata.json", "model.py", "words.txt", "inner/README.md", "inner/request.json")))
    assert not any(map(form.belongs, ("README.md", "request.json", "response.json")))
