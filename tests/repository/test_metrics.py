"""What the repository shows of its folders and its API."""

from __future__ import annotations

from figures import Figures


async def test_folders_are_counted_by_runtime_and_state(models, repository) -> None:
    models.scikit("a")
    models.scikit("b")
    models.custom("c", b"def load(path: ...\n")
    models.write("scikit/half", {"model.pkl": b"1"})
    models.write("perl/x", {"model.pl": b"1;"})
    for name, state in {"a": "ready", "b": "ready", "c": "broken", "half": "incomplete", "x": "broken"}.items():
        await repository.until(name, state)
    page = await Figures.scraped(repository.session, "http://repository")
    shown = page.of("catenary_repository_models", "runtime", "state")
    assert {series: number for series, number in shown.items() if number} == {
        ("scikit", "ready"): 2,
        ("scikit", "incomplete"): 1,
        ("custom", "broken"): 1,
        ("other", "broken"): 1,
    }
    assert shown["spark", "ready"] == 0
    assert page("catenary_build_info", process="repository") == 1


async def test_those_who_follow_the_index_do_not_spoil_its_times(models, repository) -> None:
    await repository.json("/index")
    await repository.json("/index?wait=1")
    page = await Figures.scraped(repository.session, "http://repository")
    assert page("catenary_http_requests_total", method="GET", route="/index", code="200") == 2
    assert page("catenary_http_request_duration_seconds_count", method="GET", route="/index") == 1
