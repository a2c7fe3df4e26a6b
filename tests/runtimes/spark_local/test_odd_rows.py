"""Every stage, given rows that hold anything: an answer that is JSON or a refusal that names row and column."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from spark_parity import INF, NAN, same
from spark_saves import SAVES, named, unpacked

from catenary.errors import InvalidInput
from runtimes.spark_local import PipelineModel, load
from runtimes.spark_local.errors import Rejected

HUGE = 10**400

SCALARS: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 3, 2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, HUGE),
    *(-HUGE, 0.0, -0.0, 0.5, 1.0, 2.5, -1.0, 1e308, -1e308, 5e-324, NAN, INF, -INF),
    *("", " ", "a", "NaN", "Infinity", "1", "1.0", "null", "\ud800", "a\ud800 b", "\x00", "é\u0130ß", "😀 a"),
    *("b'bytes'", "x" * 100_000),
]
# None near to the largest double: whether a sum of those overflows is a matter of its order
NUMBERS = [0.0, -0.0, 1.0, 1, -1.0, 2.5, 1e150, 5e-324, NAN, INF, -INF, HUGE, True, None, "a", "NaN", [1.0], {}]
VECTORS: list[Any] = [[number] * size for number in NUMBERS for size in (1, 4, 5)]
LISTS: list[Any] = [
    *([], [[]], [None, "a"], ["a", "a"], ["\ud800"], ["x" * 1000] * 99),
    *([1, "a"], [1, 2.5], [1, True], [1.0, 1], [2**63]),
]


def sparse(size: Any, indices: Any, values: Any, **rest: Any) -> dict[str, Any]:
    return {"size": size, "indices": indices, "values": values, **rest}


OBJECTS: list[Any] = [
    *({}, {"size": 4}, {"a": [{"b": {}}]}, sparse(None, None, None), sparse(4, [], []), sparse(4, [], [], type=0)),
    *(sparse(size, [], []) for size in (0, -1, 4.0, True, 2**31 - 1, 2**31, HUGE)),
    *(sparse(4, [index], [2.0]) for index in (0, 4, -1, 1.0, True, None, HUGE)),
    *(sparse(4, [1], [value]) for value in (2, HUGE, NAN, INF, -1.0, None, "NaN", True, [1.0])),
    *(sparse(4, indices, [1.0, 2.0]) for indices in ([2, 1], [1, 1], [1], [1, 2, 3])),
    *(sparse(2**31 - 1, [2**31 - 2], [1.0]), sparse(5, [0, 4], [INF, -1.0])),
]
ANYTHING = [*SCALARS, *VECTORS, *LISTS, *OBJECTS]

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("path", SAVES, ids=named)
def test_any_value_is_answered_or_refused_and_both_ways_alike(path: Path, tmp_path: Path) -> None:
    save = unpacked(path, tmp_path)
    model = load(save.model)
    fine = save.rows[0]
    for column in sorted({name for stage in model._stages for name in stage.inputs} & fine.keys()):
        for value in ANYTHING:
            check(model, fine | {column: value}, fine, f"{column} = {value!r:.100}")


def outcome(model: PipelineModel, row: dict[str, Any]) -> list[dict[str, object]] | InvalidInput:
    try:
        return model.transform([row])
    except InvalidInput as error:
        return error


def check(model: PipelineModel, row: dict[str, Any], fine: dict[str, Any], what: str) -> None:
    answer = outcome(model, row)
    if isinstance(answer, InvalidInput):
        assert answer.row == 0, what
        assert answer.column, what
        assert len(str(answer)) < 3000, what
        for by_column in (partial(model._by_column, [row]), partial(model._by_column, [row] * 2)):
            with pytest.raises(Rejected):
                by_column()
        with pytest.raises(InvalidInput) as refused:
            model.transform([fine] * 9 + [row])
        assert refused.value.row == 9, what
        return
    json.dumps(answer)
    assert same(model._by_column([row]), answer, 1e-9), what
    assert same(model._by_column([row] * 2), answer * 2, 1e-9), what
    assert same(model._by_column([fine, row]), model.transform([fine]) + answer, 1e-9), what
