"""What `call` sends, and refuses to send; a call that is answered needs a stack and is tested with the launcher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catenary.address import free_port

GATEWAY = ("--gateway", f"http://127.0.0.1:{free_port()}")


@pytest.mark.parametrize("data", ["", "nonsense", "{", "@/nonexistent/rows.json"])
def test_data_that_is_not_json_is_wrong_usage(run: Any, data: str):
    result = run("call", "p", "-d", data, *GATEWAY)
    assert result.exit_code == 2
    assert "--data" in result.stderr


def test_a_forgotten_at_sign_is_pointed_out(run: Any, tmp_path: Path):
    (tmp_path / "rows.json").write_text("[]")
    assert "@FILE names a file" in " ".join(
        run("call", "p", "-d", str(tmp_path / "rows.json"), *GATEWAY).stderr.split()
    )


@pytest.mark.parametrize("how", ["literal", "file", "stdin"])
def test_data_comes_from_the_command_line_a_file_or_standard_input(run: Any, tmp_path: Path, how: str):
    (tmp_path / "rows.json").write_text("[]")
    data = {"literal": "[]", "file": f"@{tmp_path / 'rows.json'}", "stdin": "-"}[how]
    # It was read and found right: what is missing is only the gateway.
    assert "no stack answers" in run("call", "p", "-d", data, *GATEWAY, stdin="[]").stderr


def test_data_is_needed(run: Any):
    assert run("call", "p", *GATEWAY).exit_code == 2
