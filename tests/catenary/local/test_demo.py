from __future__ import annotations

import json

import pytest

from catenary.client import Answer
from catenary.local.demo import CHAIN, Demonstration, request_file


@pytest.mark.parametrize(
    ("labels", "right"), [(["no", "yes"], True), (["yes", "no"], False), (["no"], False), ([None, None], False)]
)
def test_only_the_labels_no_and_yes_are_right(labels: list[str | None], right: bool):
    rows = [{"predictionLabel": label} if label else {} for label in labels]
    answer = Answer("http://g", 200, {}, json.dumps(rows).encode())
    assert Demonstration([], answer).right is right


def test_the_request_is_two_pairs_of_products():
    columns = {"Title1", "ItemSpecifics1", "Title2", "ItemSpecifics2"}
    assert [set(row) for row in json.loads(request_file().read_text())] == [columns, columns]


def test_the_chain_is_the_one_of_the_readme():
    assert CHAIN == ("serving-customscikit/pm_scikit", "serving-localml-spark/pm_spark")
