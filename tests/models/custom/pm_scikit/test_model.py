from __future__ import annotations

import pytest

from catenary.errors import InvalidInput

ROW = {"Title1": "a phone", "ItemSpecifics1": "'Brand': ' x'", "Title2": "a pump", "ItemSpecifics2": "'Brand': ' y'"}


def test_rows_keep_all_their_columns_and_are_not_changed(pm_scikit):
    row = {"id": 7, **ROW}
    [answer] = pm_scikit.predict([row])
    assert "features" not in row
    assert list(answer) == ["id", *ROW, "features"]
    assert {**answer, "features": None} == {**row, "features": None}
    assert len(answer["features"]) == 31


@pytest.mark.parametrize("column", ["ItemSpecifics1", "ItemSpecifics2"])
def test_null_specifics_are_no_specifics(pm_scikit, column):
    assert (
        pm_scikit.predict([{**ROW, column: None}])[0]["features"]
        == pm_scikit.predict([{**ROW, column: ""}])[0]["features"]
    )


def test_empty_titles_are_taken(pm_scikit):
    assert pm_scikit.predict([{**ROW, "Title1": "", "Title2": ""}])[0]["features"][:2] == [0, 0]


@pytest.mark.parametrize("column", list(ROW))
@pytest.mark.parametrize(
    ("value", "kind"), [(4, "a number"), (True, "a boolean"), (["a"], "a list"), ({}, "an object")]
)
def test_what_is_no_text_is_refused_by_row_and_column(pm_scikit, column, value, kind):
    with pytest.raises(InvalidInput, match=f"{column}.* row 1 .*{kind}") as raised:
        pm_scikit.predict([ROW, {**ROW, column: value}])
    assert (raised.value.row, raised.value.column) == (1, column)


@pytest.mark.parametrize("column", ["Title1", "Title2"])
def test_a_null_title_is_refused(pm_scikit, column):
    with pytest.raises(InvalidInput, match="null") as raised:
        pm_scikit.predict([{**ROW, column: None}])
    assert (raised.value.row, raised.value.column) == (0, column)


@pytest.mark.parametrize("column", list(ROW))
def test_a_missing_column_is_refused_by_name(pm_scikit, column):
    with pytest.raises(InvalidInput, match=f"no column '{column}'") as raised:
        pm_scikit.predict([ROW, ROW, {name: value for name, value in ROW.items() if name != column}])
    assert (raised.value.row, raised.value.column) == (2, column)


def test_no_rows_give_no_rows(pm_scikit):
    assert pm_scikit.predict([]) == []


def test_the_request_of_the_folder_gets_its_response(pm_scikit, read):
    assert pm_scikit.predict(read("custom/pm_scikit/request.json")) == read("custom/pm_scikit/response.json")
