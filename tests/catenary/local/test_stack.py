from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from catenary.errors import SetupError
from catenary.local.stack import RunningPart, Stack, StackFile


def a_stack(run_dir: Path, pid: int = 1) -> Stack:
    part = RunningPart("manager", pid=2, restarts=0, url="http://m", log="/log")
    places = ("http://m", "http://g", "http://r", "unix:/x", "/models", "/logs", "/targets.json", str(run_dir))
    return Stack(pid, "ready", *places, (part,))


def test_a_record_is_read_as_it_was_written_while_its_launcher_lives(tmp_path: Path):
    file, reader = StackFile(tmp_path / "state"), StackFile(tmp_path / "state")
    with file.held():
        assert reader.read() is None
        file.write(a_stack(tmp_path))
        assert reader.read() == a_stack(tmp_path)
    assert reader.read() is None
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["lock"]


def test_only_one_launcher_holds_a_state_folder(tmp_path: Path):
    with StackFile(tmp_path).held():
        StackFile(tmp_path).write(a_stack(tmp_path, pid=4711))
        with pytest.raises(SetupError, match=r"up already: process 4711, manager http://m, gateway http://g"):
            StackFile(tmp_path).held().__enter__()
        with pytest.raises(SetupError, match="up already"):
            StackFile(tmp_path).require_none()
    StackFile(tmp_path).require_none()


def test_a_second_launcher_says_so_even_before_the_first_has_written_a_record(tmp_path: Path):
    with StackFile(tmp_path).held(), pytest.raises(SetupError, match="starting already"):
        StackFile(tmp_path).held().__enter__()


def test_what_a_killed_launcher_left_is_cleaned_by_the_next(tmp_path: Path):
    run_dir = tmp_path / "catenary-abc"
    run_dir.mkdir()
    (run_dir / "xds.sock").touch()
    code = """
import os, signal, sys
from pathlib import Path
from catenary.local.stack import StackFile
with StackFile(Path(sys.argv[1])).held():
    Path(sys.argv[1], "stack.json").write_text(sys.argv[2])
    os.kill(os.getpid(), signal.SIGKILL)
"""
    record = json.dumps(a_stack(run_dir).as_json())
    command = [sys.executable, "-c", code, str(tmp_path / "state"), record]
    assert subprocess.run(command, check=False).returncode == -9
    file = StackFile(tmp_path / "state")
    assert file.read() is None
    assert run_dir.exists()
    with file.held():
        assert not run_dir.exists()


@pytest.mark.parametrize("record", ["", "{", "[]", '{"pid": 1}', '{"parts": [1]}', "null"])
def test_a_record_that_cannot_be_read_is_no_record(tmp_path: Path, record: str):
    (tmp_path / "stack.json").write_text(record)
    with StackFile(tmp_path).held():
        assert not (tmp_path / "stack.json").exists()


def test_a_folder_that_is_no_run_folder_is_left_alone(tmp_path: Path):
    precious = tmp_path / "precious"
    precious.mkdir()
    link = tmp_path / "catenary-link"
    link.symlink_to(precious)
    for place in (precious, link):
        (tmp_path / "stack.json").write_text(json.dumps(a_stack(place).as_json()))
        with StackFile(tmp_path).held():
            pass
        assert precious.is_dir()


def test_a_state_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="CATENARY_STATE_DIR names another folder"):
        StackFile(tmp_path / "file" / "state").held().__enter__()


def test_only_this_user_can_enter_the_state_folder(tmp_path: Path):
    with StackFile(tmp_path / "a" / "state").held():
        assert (tmp_path / "a" / "state").stat().st_mode & 0o077 == 0
