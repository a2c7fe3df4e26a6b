"""What is made of Consul's answers: evidence changes the view, its absence leaves it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catenary.errors import Unavailable
from catenary.messages import Instance
from catenary.store import Entry
from manager.registry import INSTANCES, instance_in
from manager.registry.findings import (
    CHECK_NAME,
    NODE_MAINTENANCE,
    SERVICE_MAINTENANCE,
    Finding,
    Findings,
    findings,
    subject_of,
)
from manager.registry.view import View

WELL, ILL, UNTOLD = Finding(True), Finding(False, "connection refused"), Finding(None)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def entry(id_: str, revision: int, address: str = "", **fields: Any) -> Entry:
    body = {"id": id_, "service": "s", "address": address or address_of(id_), **fields}
    return Entry(INSTANCES + id_, orjson.dumps(body), revision)


def address_of(id_: str) -> str:
    return f"127.0.0.1:{ord(id_[0])}"


def of(**found: Finding) -> Findings:
    """What is found of instances where `entry` has them."""
    return {(id_, f"TCP {address_of(id_)}"): finding for id_, finding in found.items()}


def view_of(*entries: Entry, clock: Clock | None = None, **found: Finding) -> View:
    view = View(clock or Clock())
    view.take_list(max(e.revision for e in entries), entries)
    view.take_findings(of(**found))
    view.refresh()
    return view


def serving(view: View) -> list[str]:
    view.refresh()
    return sorted(view.serving)


def test_who_is_new_serves_when_its_check_passes_and_not_before() -> None:
    view = view_of(entry("a", 1), entry("b", 2), entry("c", 3), a=UNTOLD, b=ILL)
    assert serving(view) == []
    view.take_findings(of(a=WELL, b=ILL, c=WELL))
    assert serving(view) == ["a", "c"]


def test_who_serves_goes_on_until_a_check_that_has_run_fails() -> None:
    view = view_of(entry("a", 1), entry("b", 2), entry("c", 3), a=WELL, b=WELL, c=WELL)
    view.take_findings(of(a=UNTOLD, c=ILL))
    assert serving(view) == ["a", "b"]
    # That it is told of no longer makes nobody well.
    view.take_findings(of())
    assert serving(view) == ["a", "b"]
    assert view.known["c"].fault == "connection refused"


def test_a_manager_that_begins_takes_for_well_what_nothing_else_is_said_of() -> None:
    view = view_of(entry("a", 1), entry("b", 2), entry("c", 3), a=UNTOLD, b=ILL)
    view.trust()
    assert serving(view) == ["a", "c"]


def test_silence_is_counted_from_when_it_began_and_not_while_consul_is_away() -> None:
    clock = Clock()
    view = view_of(entry("a", 1), entry("b", 2), clock=clock, a=WELL, b=WELL)
    assert view.silent() == []
    clock.now = 10
    view.take_findings(of(b=WELL))
    clock.now = 14
    view.take_findings(of(b=UNTOLD))
    assert [k.instance.id for k in view.silent(3)] == ["a"]
    view.excuse_silence()
    assert view.silent(3) == []
    clock.now = 18
    assert [k.instance.id for k in view.silent(3)] == ["a", "b"]


def test_who_has_left_is_not_brought_back_by_a_list_that_is_older_but_by_itself() -> None:
    view = view_of(entry("a", 5), a=WELL)
    view.drop(view.known["a"], "has left")
    view.take_list(5, [entry("a", 5)])
    assert serving(view) == []
    assert view.owed == {"a"}
    view.take_list(9, [entry("a", 9)])
    assert serving(view) == ["a"]
    assert (view.left, view.owed) == ({}, set())


def test_what_this_manager_writes_voids_an_earlier_leaving_and_not_a_later_one() -> None:
    view = view_of(entry("a", 5), a=WELL)
    view.drop(view.known["a"], "has left")
    left = view.left["a"]
    view.wrote("a", 9, left)
    assert (view.left, view.owed) == ({}, set())


@pytest.mark.parametrize("seen", [5, 12], ids=["under the former revision", "under the new one"])
def test_who_leaves_before_its_manager_hears_that_it_has_written_has_left(seen: int) -> None:
    view = view_of(entry("a", 5), a=WELL)
    view.hide("a", seen)
    view.wrote("a", 12, None)
    view.learn(instance_in(entry("a", 12)), 12)
    assert serving(view) == []
    assert (view.left, view.owed) == ({"a": 12}, {"a"})


def test_who_leaves_while_it_is_written_anew_leaves_what_has_been_written() -> None:
    view = view_of(entry("a", 5), a=WELL)
    view.wrote("a", 9)
    view.drop(view.known["a"], "has left")
    view.take_list(9, [entry("a", 9)])
    assert serving(view) == []
    assert view.left == {"a": 9}


def test_what_another_manager_has_written_since_is_not_overwritten() -> None:
    view = view_of(entry("a", 9), a=WELL)
    view.wrote("a", 7)
    assert view.overtaken("a", 7)
    assert not view.overtaken("a", 9)
    assert view.known["a"].revision == 9


def test_what_is_found_at_a_former_address_says_nothing_of_an_instance_that_has_moved() -> None:
    view = view_of(entry("a", 1), a=WELL)
    view.take_list(2, [entry("a", 2, "127.0.0.1:7")])
    view.take_findings(of(a=ILL))
    assert serving(view) == ["a"]
    assert view.silent()
    view.take_findings({("a", "TCP 127.0.0.1:7"): ILL})
    assert serving(view) == []


@pytest.mark.parametrize(
    ("address", "health_path", "target"),
    [
        ("127.0.0.1:80", None, "TCP 127.0.0.1:80"),
        ("127.0.0.1:80", "/health", "GET http://127.0.0.1:80/health"),
        ("::1:80", "/health", "GET http://[::1]:80/health"),
        ("::1:80", None, "TCP [::1]:80"),
    ],
)
def test_what_is_checked_of_an_instance(address: str, health_path: str | None, target: str) -> None:
    assert subject_of(Instance(id="a", service="s", address=address, health_path=health_path)) == ("a", target)


def test_a_list_from_before_a_write_of_this_manager_is_not_taken() -> None:
    view = view_of(entry("a", 5), a=WELL, b=WELL)
    view.learn(view.known["a"].instance.model_copy(update={"id": "b", "address": address_of("b")}), 8)
    view.wrote("b", 8)
    view.wrote("c", 6)
    view.take_list(7, [])
    assert serving(view) == ["a", "b"]
    view.take_list(9, [entry("b", 8)])
    assert serving(view) == ["b"]


def test_of_a_consul_that_has_lost_its_data_everything_stands_until_it_is_told_anew() -> None:
    view = view_of(entry("a", 500), entry("b", 501), entry("c", 502), a=WELL, b=WELL, c=ILL)
    view.take_list(20, [entry("b", 18)], lost=True)
    view.take_findings(of(b=WELL))
    assert serving(view) == ["a", "b"]
    assert [view.known[i].revision for i in "ab"] == [0, 18]
    view.take_list(25, [entry("b", 18), entry("a", 24)])
    assert serving(view) == ["a", "b"]
    view.take_list(26, [entry("a", 24)])
    assert serving(view) == ["a"]


def test_a_record_that_cannot_be_read_keeps_no_other_from_serving() -> None:
    view = view_of(entry("a", 1, of_a_later_version=1), entry("b", 2), a=WELL, b=WELL)
    assert serving(view) == ["b"]


@pytest.mark.parametrize(
    "record",
    [
        entry("a", 1, of_a_later_version=1, and_of_another=2),
        Entry(INSTANCES + "a", b"{", 1),
        Entry(INSTANCES + "a", entry("b", 1).value, 1),
    ],
    ids=["unknown fields", "no JSON", "another's id"],
)
def test_a_record_that_cannot_be_read_is_told_of_once_and_on_one_line(
    record: Entry, caplog: pytest.LogCaptureFixture
) -> None:
    view = View(Clock())
    for index in range(1, 4):
        view.take_list(index, [record])
        assert view.known == {}
    (told,) = caplog.messages
    assert record.key in told
    assert "\n" not in told
    view.take_list(5, [entry("a", 5)])
    assert list(view.known) == ["a"]


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["127.0.0.1:1", "127.0.0.1:2"]), st.booleans()), max_size=20
    )
)
def test_no_address_ever_serves_twice_and_the_last_to_come_has_it(steps: list[tuple[str, str, bool]]) -> None:
    view = View(Clock())
    addresses = ("127.0.0.1:1", "127.0.0.1:2")
    view.take_findings({(id_, f"TCP {address}"): WELL for id_ in "abc" for address in addresses})
    there: dict[str, tuple[Entry, str]] = {}
    for revision, (id_, address, present) in enumerate(steps, 1):
        there.pop(id_, None)
        if present:
            there = {i: (e, a) for i, (e, a) in there.items() if a != address}
            there[id_] = entry(id_, revision, address), address
        view.take_list(revision, [e for e, _ in there.values()])
        assert serving(view) == sorted(there)


def check(id_: str, status: str, output: str = "", node: str = "n", name: str = CHECK_NAME) -> dict[str, str]:
    check_id = "serfHealth" if not id_ else f"catenary:{id_}"
    return {
        "Node": node,
        "CheckID": check_id,
        "Name": name,
        "ServiceID": id_,
        "Status": status,
        "Output": output,
        "Notes": f"TCP {address_of(id_)}" if id_ else "",
    }


ALIVE = check("", "passing", "Agent alive and reachable", name="Serf Health Status")


@pytest.mark.parametrize(
    ("checks", "found"),
    [
        ([], {}),
        ([check("a", "passing")], {"a": WELL}),
        ([check("a", "warning", "429")], {"a": WELL}),
        ([check("a", "critical")], {"a": UNTOLD}),
        ([check("a", "critical", "connection refused\n")], {"a": ILL}),
        ([check("a", "passing"), check("", "critical", node="m"), check("b", "passing", node="m")], {"a": WELL}),
        ([check("a", "critical", "connection refused"), check("a", "passing")], {"a": WELL}),
        ([check("a", "critical"), check("a", "critical", "connection refused")], {"a": ILL}),
        ([check("x", "passing", name="another's check")], {}),
        (
            [check("a", "passing"), check("a", "critical", name=SERVICE_MAINTENANCE), check("b", "passing")],
            {"a": Finding(False, "it is in maintenance"), "b": WELL},
        ),
        (
            [check("a", "passing"), check("n", "critical", name=NODE_MAINTENANCE)],
            {"a": Finding(False, "it is in maintenance")},
        ),
    ],
)
def test_what_checks_say(checks: list[dict[str, str]], found: dict[str, Finding]) -> None:
    assert findings([*checks, ALIVE]) == of(**found)


def test_a_consul_that_shows_no_agent_hides_them() -> None:
    with pytest.raises(Unavailable, match="node:read"):
        findings([])
