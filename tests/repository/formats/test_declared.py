from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_files import files_in

from repository.formats import Broken, Incomplete, Signature, Unusable
from repository.formats.declared import declared_signature


def read(content: bytes) -> Signature:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "metadata.json").write_bytes(content)
        return declared_signature(files_in(Path(folder)))


def test_the_columns_come_in_the_order_in_which_they_are_declared():
    content = b'{"model": "m", "inputs": ["b", "a"], "outputs": ["z", "y"], "note": "kept by its author"}'
    assert read(content) == Signature(("b", "a"), ("z", "y"))


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"outputs": []}, "inputs: this field is needed"),
        ({"inputs": []}, "outputs: this field is needed"),
        ({"inputs": "a", "outputs": []}, "inputs: a list of column names is needed"),
        ({"inputs": {"a": 1}, "outputs": []}, "inputs: a list of column names is needed"),
        ({"inputs": ["a"], "outputs": [3]}, "outputs[0]: the name of a column is needed"),
        ({"inputs": ["a", ""], "outputs": []}, "inputs[1]: the name of a column is needed"),
        ({"inputs": ["a", "b", "a"], "outputs": []}, "inputs[2]: 'a' stands there twice"),
        ({"model": 1, "inputs": [], "outputs": []}, "model: a text is needed"),
        ([], "an object is needed"),
        (None, "an object is needed"),
    ],
)
def test_what_is_wrong_is_broken_and_the_reason_names_the_field(document: object, reason: str):
    with pytest.raises(Broken) as fault:
        read(json.dumps(document).encode())
    assert fault.value.reason == f"metadata.json: {reason}"


def test_what_is_not_json_is_broken_and_the_reason_says_where():
    with pytest.raises(Broken, match=r"metadata.json is not JSON: .*line 1 column 12"):
        read(b'{"inputs": ]')


@pytest.mark.parametrize("content", [b"", b" \n"])
def test_an_empty_file_is_one_that_is_still_to_come(content: bytes):
    with pytest.raises(Incomplete, match=r"metadata\.json is empty"):
        read(content)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["model", "inputs", "outputs"]) | st.text(), inner),
    max_leaves=8,
)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_whatever_the_file_holds_is_a_signature_or_a_reason(content: bytes):
    with contextlib.suppress(Unusable):
        signature = read(content)
        document = json.loads(content)
        assert (list(signature.inputs), list(signature.outputs)) == (document["inputs"], document["outputs"])


@given(st.integers(0, 400))
def test_no_metadata_that_is_cut_short_is_read(length: int):
    content = json.dumps({"inputs": [f"c{i}" for i in range(40)], "outputs": ["prediction"]}).encode()
    if length < len(content):
        with pytest.raises(Unusable):
            read(content[:length])
