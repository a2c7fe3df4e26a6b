"""Every error has a status of gRPC's, and a message that survives its way through a header."""

from __future__ import annotations

import re
from pathlib import Path

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catenary import errors, problem
from catenary.grpc_status import MESSAGE_HEADER, STATUS, GrpcStatus, headers_for, is_grpc, status_in

CHAIN = Path(__file__).resolve().parents[2] / "envoy" / "chain.lua"


def test_every_error_has_a_status() -> None:
    assert set(STATUS) == set(problem.STATUS)


def test_the_codes_are_grpcs() -> None:
    codes = {code.name: code.value[0] for code in grpc.StatusCode}
    assert {status.name: codes[status.name] for status in GrpcStatus} == {s.name: int(s) for s in GrpcStatus}


def test_the_chain_filter_uses_the_codes_that_python_uses() -> None:
    table = re.search(r"local GRPC_STATUSES = \{(.*?)\}", CHAIN.read_text())
    assert table
    used = {(int(status), int(code)) for status, code in re.findall(r"\[(\d+)\] = (\d+)", table[1])}
    no_error_is_502 = {(502, int(GrpcStatus.UNAVAILABLE))}
    assert used - no_error_is_502 <= {(int(problem.STATUS[kind]), int(code)) for kind, code in STATUS.items()}
    assert len(used) == 6


@given(st.text())
def test_a_message_is_the_same_after_a_round_trip(message: str) -> None:
    headers = headers_for(errors.MalformedRequest(message))
    assert re.fullmatch(r"[ -~]*", headers[MESSAGE_HEADER])
    assert status_in(headers) == (GrpcStatus.INVALID_ARGUMENT, message)


def test_what_is_readable_stays_as_it_is() -> None:
    headers = headers_for(errors.NotFound("pipeline", "a", ["b"]))
    assert headers[MESSAGE_HEADER] == "there is no pipeline 'a'"


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [("application/grpc", True), ("application/grpc+proto", True), ("application/grpc-web", False), ("", False)],
)
def test_which_types_are_grpcs(content_type: str, expected: bool) -> None:
    assert is_grpc(content_type) is expected
