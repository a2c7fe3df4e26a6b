"""The records of parts' logs: read whole, by time, from the end, and as they are written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catenary.local.log_files import new_log
from catenary.local.log_records import LATE_S, PartLog, merged

Read = Callable[..., PartLog]


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Read]:
    """Opens the log of a part in which the lines given have been written."""
    opened: list[PartLog] = []

    def open_log(*written: str, part: str = "a", records: int | None = None) -> PartLog:
        file = new_log(tmp_path, part)
        file.write_text("".join(f"{line}\n" for line in written))
        opened.append(PartLog(part, file, records))
        return opened[-1]

    yield open_log
    for log in opened:
        log.close()


def line(second: float, text: str = "", **context: str) -> str:
    """As `catenary.logs` writes it for people."""
    told = "".join(f" {name}={value}" for name, value in context.items())
    return f"2026-01-02T03:04:{second:06.3f}Z INFO    a: {text}{told}"


def texts(*logs: PartLog) -> list[str]:
    return [record.text for record in merged(logs)]


def test_the_parts_are_merged_by_time_in_whatever_form_they_write_it(read: Read):
    envoy = "2026-01-02T04:04:03.000+01:00 warning a/envoy: [main] x"
    machine = json.dumps({"level": "info", "time": "2026-01-02T03:04:02.000Z", "message": "x"})
    logs = (read(line(1), line(4), part="a"), read(machine, envoy, part="b"))
    assert texts(*logs) == [line(1), machine, envoy, line(4)]


def test_lines_that_stand_late_in_their_file_are_put_where_they_belong(read: Read):
    written = [line(1), line(3), line(3 - 0.9 * LATE_S), line(5)]
    assert texts(read(*written)) == sorted(written)


def test_a_traceback_stays_with_its_line(read: Read):
    failed = [line(1, "failed"), "Traceback (most recent call last):", "", "ValueError: {no time}"]
    assert texts(read(*failed, line(2), part="a"), read(line(1.5), part="b")) == ["\n".join(failed), line(1.5), line(2)]


@pytest.mark.parametrize("first", ["no time", "{", "[]", "{}", '{"time": 1}', '{"time": "never"}', "9999-99-99T0", ""])
def test_what_has_no_time_has_that_of_the_record_before_it_or_is_the_first(read: Read, first: str):
    assert texts(read(first, line(1), part="a"), read(line(0.5), part="b")) == [first, line(0.5), line(1)]


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6, 100])
@pytest.mark.parametrize("end", ["", "not yet who"])
def test_the_last_records_are_found_from_the_end(read: Read, tmp_path: Path, count: int, end: str):
    written = [line(second, "x" * second * 30_000) for second in range(5)]
    read(*written).close()
    file = tmp_path / "logs" / "a.log"
    file.write_text(file.read_text() + end)
    log = PartLog("a", file, count)
    # What has no end yet is not shown, and is none of the last.
    assert texts(log) == written[5 - min(count, 5) :]
    log.close()


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_traceback_that_is_long_is_one_of_the_last_records_and_keeps_its_time(read: Read, count: int):
    failed = "\n".join([line(2, "failed"), *(f"    frame {number} {'x' * 5_000}" for number in range(40))])
    written = [line(1), failed, line(3)]
    assert texts(read(*written, records=count)) == written[-count:]
    assert texts(read(line(0), part="b"), read(failed, part="a", records=1)) == [line(0), failed]


def test_a_line_is_read_once_and_when_it_is_whole(read: Read, tmp_path: Path):
    log = read(line(1))
    assert texts(log) == [line(1)]
    with (tmp_path / "logs" / "a.log").open("a") as file:
        for piece, shown in [(line(2)[:9], []), (line(2)[9:], []), ("\nraised\n", [f"{line(2)}\nraised"]), ("", [])]:
            file.write(piece)
            file.flush()
            assert texts(log) == shown


def test_lines_that_follow_a_record_later_are_of_its_time_and_of_its_request(read: Read, tmp_path: Path):
    log = read(line(1, request_id="r"))
    texts(log)
    with (tmp_path / "logs" / "a.log").open("a") as file:
        file.write("raised\n")
    (record,) = log.read()
    assert record.text == "raised"
    assert record.is_about("r")
    assert record.time_s > 0


def test_a_log_that_is_begun_anew_is_read_to_its_end_and_then_the_new_one(read: Read, tmp_path: Path):
    log = read(line(1))
    texts(log)
    old = tmp_path / "logs" / "a.log"
    with old.open("a") as file:
        file.write(line(2) + "\n")
    new_log(tmp_path, "a").write_text(line(3) + "\n")
    assert texts(log) == [line(2), line(3)]
    with old.open("a") as file:
        file.write(line(4) + "\n")
    assert texts(log) == [line(4)]


def test_a_log_that_is_cut_is_read_on_from_its_beginning(read: Read, tmp_path: Path):
    log = read(line(1), line(2))
    texts(log)
    (tmp_path / "logs" / "a.log").write_text(line(3) + "\n")
    assert texts(log) == [line(3)]
    assert texts(log) == []


@pytest.mark.parametrize(
    "written",
    [
        line(1, "x", request_id="r", trace_id="t"),
        line(1, "x", model="m", trace_id="t", request_id="r"),
        '{"time": "2026-01-02T03:04:01.000Z", "request_id": "r", "trace_id": "t"}',
    ],
)
def test_a_record_is_about_the_request_of_its_ids_and_no_other(read: Read, written: str):
    (record,) = read(written).read()
    assert record.is_about("r")
    assert record.is_about("t")
    assert not record.is_about("")
    assert not record.is_about(".")
    assert not record.is_about("x")


def test_an_id_that_begins_like_another_is_another(read: Read):
    (record,) = read(line(1, request_id="r-2")).read()
    assert not record.is_about("r")
    assert record.is_about("r-2")


def test_bytes_that_are_no_text_are_shown_as_such(tmp_path: Path):
    file = new_log(tmp_path, "a")
    file.write_bytes(line(1).encode() + b"\xff\r\n")
    log = PartLog("a", file)
    assert texts(log) == [line(1) + "\N{REPLACEMENT CHARACTER}"]
    log.close()
