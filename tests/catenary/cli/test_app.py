"""What holds for every command: help, exit statuses, where output goes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from catenary import __version__
from catenary.address import free_port
from catenary.cli.app import Commands, app


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command's words and what typer made of it."""

    def below(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
        if hasattr(command, "commands"):
            for name, child in command.commands.items():
                yield from below((*words, name), child)
        else:
            yield words, command

    yield from below((), typer.main.get_command(app))


COMMANDS = dict(commands())
EXAMPLES_NEEDED = [
    *(("up",), ("logs",), ("demo",), ("call",), ("trace",), ("top",), ("sidecar",)),
    *(("pipeline", "create"), ("model", "compile")),
]
URL = f"http://127.0.0.1:{free_port()}"


def test_the_commands_are_those_that_are_documented():
    pipeline = [("pipeline", verb) for verb in ("create", "list", "show", "delete")]
    assert {*COMMANDS} == {
        *(("up",), ("down",), ("status",), ("logs",), ("demo",), ("call",), ("trace",), ("top",), ("sidecar",)),
        *(("model", "list"), ("model", "compile"), *pipeline),
    }


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_command_explains_itself_and_each_option(run: Any, words: tuple[str, ...]):
    result: Result = run(*words, "--help")
    assert result.exit_code == 0
    assert f"Usage: catenary {' '.join(words)}" in result.stdout
    assert all(parameter.help for parameter in COMMANDS[words].params if parameter.name != "help")
    assert ("Examples" in result.stdout) == (words in EXAMPLES_NEEDED)


@pytest.mark.parametrize("words", [words for words in COMMANDS if words != ("sidecar",)], ids=" ".join)
def test_each_command_that_prints_can_print_json(words: tuple[str, ...]):
    assert "--json" in {flag for parameter in COMMANDS[words].params for flag in parameter.opts}


def test_the_exit_statuses_are_documented(run: Any):
    assert "Exit status: 0 done; 1 the request failed" in " ".join(run("--help").stdout.split())


def test_the_version_is_the_packages(run: Any):
    assert run("--version").stdout == f"catenary {__version__}\n"


@pytest.mark.parametrize(
    "words", [(), ("pipeline",), ("nonsense",), ("up", "--nonsense"), ("up", "--manager-port", "0")]
)
def test_wrong_usage_is_2(run: Any, words: tuple[str, ...]):
    assert run(*words).exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("pipeline", "list", "--manager", URL),
        ("pipeline", "show", "p", "--manager", URL),
        ("pipeline", "delete", "p", "--manager", URL),
        ("pipeline", "create", "p", "a/b", "--manager", URL),
        ("model", "list", "--manager", URL),
        ("call", "p", "-d", "[]", "--gateway", URL),
        ("trace", "abc", "--manager", URL),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("json_flag", [(), ("--json",)])
def test_without_a_stack_the_sentence_says_how_to_start_one(
    run: Any, words: tuple[str, ...], json_flag: tuple[str, ...]
):
    result = run(*words, *json_flag)
    assert result.exit_code == 2
    assert result.stderr == f"catenary: no stack answers at {URL}: start it with `catenary up`\n"
    assert result.stdout == ""


def test_settings_that_are_wrong_are_2_and_named(run: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CATENARY_GATEWAY_PORT", "many")
    result = run("status")
    assert result.exit_code == 2
    assert "CATENARY_GATEWAY_PORT" in result.stderr


def test_a_reader_that_goes_away_is_no_traceback():
    # `head` closes the pipe before anything is written.
    command = f"{sys.executable} -c 'import time; time.sleep(0.3)' | {sys.executable} -m catenary --help | head -c 0"
    result = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr


def test_what_the_terminal_cannot_write_is_replaced():
    other = typer.Typer(cls=Commands)

    @other.callback()
    def group() -> None: ...

    @other.command()
    def say() -> None:
        typer.echo("a \N{SNOWMAN}")

    assert CliRunner(charset="latin-1").invoke(other, ["say"]).stdout_bytes == b"a ?\n"


def test_an_error_that_nobody_raised_on_purpose_is_not_hidden():
    other = typer.Typer(cls=Commands)

    @other.callback()
    def group() -> None: ...

    @other.command()
    def fail() -> None:
        raise ZeroDivisionError

    assert isinstance(CliRunner().invoke(other, ["fail"]).exception, ZeroDivisionError)


@pytest.mark.parametrize("command", ["up", "demo"])
def test_without_its_extra_a_stack_is_refused_in_one_sentence(run: Any, monkeypatch: pytest.MonkeyPatch, command: str):
    monkeypatch.setitem(sys.modules, "grpc", None)
    result = run(command)
    assert result.exit_code == 2
    assert result.stderr == "catenary: grpcio not installed: a local stack needs the extra `catenary[local]`\n"
