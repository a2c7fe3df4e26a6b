"""Every error has a status and a document of the one shape."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import orjson
import pytest

from catenary import errors
from catenary.problem import STATUS, TITLES, headers_for, problem, status_of

CHAIN = Path(__file__).resolve().parents[2] / "envoy" / "chain.lua"
ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.CatenaryError)]


def test_every_error_has_a_status() -> None:
    assert set(STATUS) == set(ALL)


@pytest.mark.parametrize("kind", ALL)
def test_the_callers_fault_is_a_4xx_and_ours_a_5xx(kind: type[errors.CatenaryError]) -> None:
    shed = kind is errors.Overloaded  # by convention a 4xx: the caller has to slow down
    assert STATUS[kind] // 100 == (4 if issubclass(kind, errors.RequestError) or shed else 5)


def test_every_error_stands_in_the_tree_that_opens_the_module() -> None:
    assert errors.__doc__
    for kind in ALL:
        assert f"{kind.__name__} " in errors.__doc__ or f"{kind.__name__}\n" in errors.__doc__


def test_every_status_has_a_title() -> None:
    assert {int(status) for status in STATUS.values()} <= TITLES.keys()


def test_the_chain_filter_uses_the_titles_that_python_uses() -> None:
    table = re.search(r"local TITLES = \{(.*?)\}", CHAIN.read_text(), re.DOTALL)
    assert table
    titles = {int(status): title for status, title in re.findall(r'\[(\d+)\] = "([^"]*)"', table[1])}
    only_the_manager_answers = {412: "Precondition Failed"}
    assert titles | only_the_manager_answers == TITLES


def test_a_document_names_what_is_wrong() -> None:
    error = errors.InvalidInput("row 3 lacks 'x'", row=3, column="x")
    document = problem(error, request_id="r", trace_id=None)
    assert document == {
        "type": "urn:catenary:invalid-input",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "row 3 lacks 'x'",
        "error": "row 3 lacks 'x'",
        "row": 3,
        "column": "x",
        "request_id": "r",
    }
    assert orjson.loads(orjson.dumps(document)) == document


def test_row_zero_is_a_row() -> None:
    assert problem(errors.InvalidInput("x", row=0))["row"] == 0


def test_what_a_client_has_to_do_stands_in_the_headers() -> None:
    assert headers_for(errors.Unavailable("x", retry_after_s=3)) == {"retry-after": "3"}
    assert headers_for(errors.MethodNotAllowed("PUT", ["POST", "GET"])) == {"allow": "GET, POST"}
    assert headers_for(errors.CatenaryError("x")) == {}


def test_near_names_are_told() -> None:
    error = errors.NotFound("model", "iriss", ["iris", "wine"])
    assert str(error) == "there is no model 'iriss'; did you mean 'iris'?"
    assert status_of(error) == 404
    assert problem(error)["near"] == ["iris"]
