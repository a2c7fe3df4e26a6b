from __future__ import annotations

import logging

import orjson
import pytest

from catenary import logs


@pytest.fixture
def _restored():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logs.request_id.set("")


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_what_a_client_sent_makes_no_line_of_its_own(log_format, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("test", "info", log_format)
    logs.request_id.set("a\nforged")
    logging.getLogger("test").warning("%s", "b\r\nforged \x1b[2J \udcff \u2028 \u00fc")
    (line,) = capsys.readouterr().err.splitlines()
    message = orjson.loads(line)["message"] if log_format == "json" else line
    assert r"b\r\nforged \x1b[2J \udcff \u2028 ü" in message
    assert (orjson.loads(line)["request_id"] if log_format == "json" else line).endswith(r"a\nforged")


@pytest.mark.usefixtures("_restored")
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_an_exception_that_quotes_a_client_makes_no_line_of_its_own(log_format, capsys) -> None:
    logs.configure("test", "info", log_format)
    try:
        raise ValueError("a\n2026-01-01T00:00:00.000Z INFO    forged: \x1b[2J \udcff")
    except ValueError:
        logging.getLogger("test").exception("failed")
    said = capsys.readouterr().err
    if log_format == "json":
        said = orjson.loads(said)["exception"]
    assert r"forged: \x1b[2J \udcff" in said
    assert not any(line.startswith("2026-01-01") for line in said.splitlines()) or log_format == "json"
