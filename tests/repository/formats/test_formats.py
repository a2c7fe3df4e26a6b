from __future__ import annotations

import pkgutil
from pathlib import Path

import pytest

from catenary import names
from repository import formats
from repository.formats import FORMATS, Broken, Files, Incomplete, format_of
from repository.found import Stamp

NONE = Stamp(0, 0, 0, 0)


def test_every_runtime_that_has_a_service_has_a_format_and_none_else_has():
    assert FORMATS.keys() == names.SERVICE_OF_TYPE.keys()


def test_every_module_of_a_format_is_in_the_tuple():
    modules = {module.name for module in pkgutil.iter_modules(formats.__path__)} - {"format", "declared"}
    assert {type(form).__module__.rpartition(".")[2] for form in FORMATS.values()} == modules


def test_models_of_an_unknown_runtime_are_broken_and_the_reason_lists_the_known(tmp_path: Path):
    with pytest.raises(Broken, match="unknown runtime 'sickit'; known: custom, scikit, spark"):
        format_of("sickit").signature(Files(tmp_path, {}))


def test_a_file_that_was_not_listed_is_not_opened(tmp_path: Path):
    (tmp_path / "there").write_bytes(b"secret")
    with pytest.raises(Incomplete, match="there is missing"):
        Files(tmp_path, {"other": NONE}).read("there")


def test_a_file_that_went_after_it_was_listed_is_missing_and_no_crash(tmp_path: Path):
    files = Files(tmp_path, {"gone": NONE})
    for read in (files.read, files.digest, lambda path: files.ends(path, 4)):
        with pytest.raises(Incomplete, match="gone cannot be read: No such file"):
            read("gone")


def test_a_text_that_is_too_large_to_be_one_is_broken(files_of, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("repository.formats.format.DOCUMENT_BYTES", 10)
    (tmp_path / "metadata.json").write_bytes(b"x" * 11)
    with pytest.raises(Broken, match=r"metadata\.json is larger than 10 bytes"):
        files_of(tmp_path).read("metadata.json")
