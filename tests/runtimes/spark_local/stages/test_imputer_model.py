"""ImputerModel: what is found at load, and a null whose column has no type."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load


def imputer(saver: Any, **surrogates: Any) -> Any:
    folder = saver.stage("", "feature.ImputerModel", {"inputCols": ["x"], "outputCols": ["y"], "missingValue": -1.0})
    saver.data(folder, {name: pa.array([value]) for name, value in surrogates.items()})
    return folder


def test_a_null_becomes_the_surrogate_and_a_whole_number_its_whole_part(saver: Any) -> None:
    model = load(imputer(saver, x=2.75))
    rows = [{"x": value} for value in (None, -1, -1.0, 7, 7.5)]
    for asked in (rows, rows * 5):
        made = [row["y"] for row in model.transform(asked)[:5]]
        assert list(map(repr, made)) == ["2.75", "2", "2.75", "7", "7.5"]


def test_what_no_whole_number_holds_is_refused(saver: Any) -> None:
    with pytest.raises(InvalidInput, match="the column 'x' would become 1e\\+300"):
        load(imputer(saver, x=1e300)).transform([{"x": -1}])


@pytest.mark.parametrize(
    ("surrogates", "message"), [({"other": 1.0}, "no column 'x'"), ({"x": "1"}, "surrogates are .* not doubles")]
)
def test_surrogates_that_are_none_are_found_at_load(saver: Any, surrogates: Any, message: str) -> None:
    with pytest.raises(ModelBroken, match=message):
        load(imputer(saver, **surrogates))
