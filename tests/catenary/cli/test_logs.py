"""`catenary logs` over the files of a stack: which lines, of which parts, in which form, and until when."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from local_stack import LocalStack, Running

from catenary.local.log_files import new_log
from catenary.local.stack import StackFile


def line(second: int, text: str, **context: str) -> str:
    told = "".join(f" {name}={value}" for name, value in context.items())
    return f"2026-01-02T03:04:{second:02}.000Z INFO    {text}{told}"


GATEWAY = [line(1, "one", request_id="r1", trace_id="t1"), line(4, "four", request_id="r2")]
SCIKIT = [line(2, "two", request_id="r1", trace_id="t1") + "\nraised", line(3, "three")]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder of the fixture `run`, with what a stack wrote."""
    folder = tmp_path / "state"
    for part, written in [("gateway", GATEWAY), ("serving-scikit", SCIKIT)]:
        new_log(folder, part).write_text("an earlier run\n")
        new_log(folder, part).write_text("".join(f"{text}\n" for text in written))
    return folder


def test_all_parts_are_merged_by_time_and_each_line_says_whose_it_is(run: Any, state: Path):
    result = run("logs")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"gateway        | {GATEWAY[0]}",
        *(f"serving-scikit | {text}" for text in SCIKIT[0].splitlines()),
        f"serving-scikit | {SCIKIT[1]}",
        f"gateway        | {GATEWAY[1]}",
    ]


def test_the_lines_of_a_single_part_are_as_it_wrote_them(run: Any, state: Path):
    assert run("logs", "gateway").stdout.splitlines() == GATEWAY
    assert run("logs", "serving-scikit").stdout == "\n".join(SCIKIT) + "\n"


def test_the_last_lines_are_the_last_of_all_parts(run: Any, state: Path):
    assert [text.split("| ")[1] for text in run("logs", "-n", "2").stdout.splitlines()] == [SCIKIT[1], GATEWAY[1]]
    assert run("logs", "gateway", "--lines", "1").stdout.splitlines() == [GATEWAY[1]]
    assert run("logs", "-n", "0").stdout == ""


def test_a_traceback_at_the_end_of_a_log_is_not_lost_among_the_last_lines(run: Any, state: Path):
    write(state, "serving-scikit", "\n".join([line(9, "failed"), *(f"    frame {number}" for number in range(30))]))
    shown = run("logs", "-n", "2").stdout.splitlines()
    assert [text.split("| ")[1] for text in shown[:2]] == [GATEWAY[1], line(9, "failed")]
    assert len(shown) == 2 + 30


@pytest.mark.parametrize("wanted", ["r1", "t1"])
def test_a_request_is_shown_with_all_that_was_written_for_it(run: Any, state: Path, wanted: str):
    shown = [text.split("| ")[1] for text in run("logs", "--request", wanted).stdout.splitlines()]
    assert shown == [GATEWAY[0], *SCIKIT[0].splitlines()]
    # The last of those that were found, not what was found in the last.
    assert run("logs", "--request", wanted, "-n", "1", "gateway").stdout.splitlines() == [GATEWAY[0]]
    assert run("logs", "--request", wanted[0]).stdout == ""


def test_programs_get_an_object_a_record(run: Any, state: Path):
    first, second, *_ = map(json.loads, run("logs", "--json").stdout.splitlines())
    assert first == {"part": "gateway", "time_s": 1767323041.0, "text": GATEWAY[0]}
    assert second["text"] == SCIKIT[0]


def test_without_a_stack_following_ends_with_what_there_is(run: Any, state: Path):
    result = run("logs", "gateway", "-f")
    assert (result.exit_code, result.stdout.splitlines()) == (0, GATEWAY)


def test_where_no_stack_has_ever_run_a_sentence_says_so(run: Any, tmp_path: Path):
    result = run("logs")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"no stack has run yet (state folder {tmp_path}/state): `catenary up` starts one" in result.stderr


def test_a_part_that_is_unknown_is_refused_with_those_that_are_near(run: Any, state: Path):
    result = run("logs", "gateway", "serving-sickit")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no part 'serving-sickit'" in result.stderr
    assert "did you mean 'serving-scikit'?" in result.stderr


def test_a_log_that_cannot_be_read_is_a_sentence(run: Any, state: Path):
    file = state / "logs" / "gateway.log"
    file.unlink()
    file.mkdir()
    result = run("logs")
    assert result.exit_code == 2
    assert f"the log {file} cannot be read" in result.stderr


@pytest.mark.parametrize("no_color", ["", "1"])
def test_each_part_has_a_colour_on_a_terminal_unless_none_are_wanted(tmp_path: Path, state: Path, no_color: str):
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "catenary", "logs"]
    environment = LocalStack(tmp_path).environment | {"NO_COLOR": no_color}
    subprocess.run(command, env=environment, stdout=end, check=True)
    os.close(end)
    first, second, *_ = os.read(terminal, 1 << 16).decode().splitlines()
    os.close(terminal)
    prefixes = ("gateway        |", "serving-scikit |")
    if not no_color:
        prefixes = (f"\x1b[36m{prefixes[0]}\x1b[0m", f"\x1b[33m{prefixes[1]}\x1b[0m")
    assert (first, second) == (f"{prefixes[0]} {GATEWAY[0]}", f"{prefixes[1]} {SCIKIT[0].splitlines()[0]}")


@pytest.fixture
def follow(tmp_path: Path, state: Path) -> Iterator[Callable[..., Running]]:
    stack = LocalStack(tmp_path)
    yield lambda *words: stack.start("logs", "-f", *words)
    stack.clean_up()


def write(state: Path, part: str, text: str) -> None:
    with (state / "logs" / f"{part}.log").open("a") as file:
        file.write(text + "\n")


def test_what_is_written_later_is_shown_over_a_new_start_until_the_stacks_end(
    follow: Callable[..., Running], state: Path
):
    words = [line(5, "five", request_id="r3"), line(6, "six"), line(7, "seven", request_id="r3")]
    with StackFile(state).held():
        all_parts, of_r3 = follow(), follow("--request", "r3")
        all_parts.until_says("four")
        write(state, "gateway", words[0])
        write(state, "serving-scikit", words[1])
        for following in (all_parts, of_r3):
            following.until_says("five")
        new_log(state, "gateway")
        write(state, "gateway", words[2])
        for following in (all_parts, of_r3):
            following.until_says("seven")
            assert following.process.poll() is None
    assert (all_parts.ended(), of_r3.ended()) == (0, 0)
    assert all_parts.err.read_text() == ""
    assert sorted(text.split("| ")[1] for text in all_parts.out.read_text().splitlines()[-3:]) == words
    assert [text.split("| ")[1] for text in of_r3.out.read_text().splitlines()] == [words[0], words[2]]


def test_an_interrupt_ends_following_without_a_word(follow: Callable[..., Running], state: Path):
    with StackFile(state).held():
        following = follow("gateway")
        following.until_says("four")
        following.signal(signal.SIGINT)
        assert following.ended() == 0
    assert following.err.read_text() == ""
