from __future__ import annotations

from pathlib import Path

import pytest

from catenary.errors import SetupError
from catenary.local.log_files import complaint, new_log, tail


def test_a_new_log_is_empty_and_the_one_before_is_kept(tmp_path: Path):
    for text in ("first", "second", "third"):
        file = new_log(tmp_path, "gateway")
        assert file.read_text() == ""
        file.write_text(text)
    assert file.read_text() == "third"
    assert sorted(path.name for path in file.parent.iterdir()) == ["gateway.log", "gateway.log.1"]
    assert (file.parent / "gateway.log.1").read_text() == "second"


def test_a_log_that_cannot_be_written_is_a_sentence(tmp_path: Path):
    (tmp_path / "logs").touch()
    with pytest.raises(SetupError, match=r"the log .*/logs/gateway\.log cannot be written"):
        new_log(tmp_path, "gateway")


def test_the_tail_is_the_last_lines(tmp_path: Path):
    (tmp_path / "log").write_bytes(b"1\n2\n\xff\n")
    assert tail(tmp_path / "log", lines=2) == "2\n\N{REPLACEMENT CHARACTER}"


def test_the_sentence_with_which_a_program_refused_is_found_among_log_lines(tmp_path: Path):
    file = tmp_path / "part.log"
    file.write_text(
        "12:00:00 ERROR gateway: a line of the log\ngateway: no port: take one\n12:00:01 INFO sidecar: ends\n"
    )
    assert complaint(file) == "no port: take one"
    file.write_text("12:00:00 ERROR gateway: a line of the log\n")
    assert complaint(file) is None
