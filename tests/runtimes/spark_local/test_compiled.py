"""A compiled model answers as the one that it was made from, and needs no pyarrow."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import compile_model, load
from runtimes.spark_local.compiled import FILE, STAGES, Recorder, source
from runtimes.spark_local.folder import Folder

EXAMPLE = Path(__file__).parents[3] / "models/spark/pm_spark"
REQUEST = json.loads((EXAMPLE / "request.json").read_text())


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compiled")
    compile_model(EXAMPLE, folder)
    return folder


def test_it_answers_as_the_folder_does(compiled: Path) -> None:
    assert [path.name for path in compiled.iterdir()] == [FILE]
    assert load(compiled).transform(REQUEST) == load(EXAMPLE).transform(REQUEST)


def test_it_is_the_same_whenever_it_is_compiled(compiled: Path, tmp_path: Path) -> None:
    compile_model(compiled, tmp_path)
    assert (tmp_path / FILE).read_bytes() == (compiled / FILE).read_bytes()


def test_it_loads_without_pyarrow(compiled: Path) -> None:
    code = "import sys; from runtimes.spark_local import load; load(sys.argv[1]); print('pyarrow' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code, compiled], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_a_model_that_cannot_be_served_is_not_compiled(tmp_path: Path) -> None:
    with pytest.raises(ModelBroken, match="no saved Spark stage"):
        compile_model(tmp_path / "nothing", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_of_another_format_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / FILE, "w") as file:
        file.writestr(STAGES, json.dumps({"format": 99, "stages": {}}))
    with pytest.raises(ModelBroken, match="of the format 99, not 1: compile it anew"):
        load(tmp_path)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_refused(
    compiled: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray((compiled / FILE).read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    damaged = tmp_path_factory.mktemp("damaged")
    (damaged / FILE).write_bytes(content)
    try:
        model = load(damaged)
    except ModelBroken:
        return
    assert model.transform(REQUEST) == load(compiled).transform(REQUEST)


KINDS = st.deferred(lambda: LEAVES | st.builds(pa.list_, KINDS) | STRUCTS)
LEAVES = st.sampled_from([pa.int8(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.bool_(), pa.string()])
STRUCTS = st.lists(KINDS, min_size=1, max_size=3).map(
    lambda kinds: pa.struct([(f"f{i}", k) for i, k in enumerate(kinds)])
)


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    if pa.types.is_struct(kind):
        fields = {kind.field(i).name: values_of(kind.field(i).type) for i in range(kind.num_fields)}
        return st.none() | st.fixed_dictionaries(fields)
    if pa.types.is_list(kind):
        return st.none() | st.lists(values_of(kind.value_type), max_size=3)
    if pa.types.is_integer(kind):
        return st.none() | st.integers(-100, 100)
    if pa.types.is_floating(kind):
        return st.none() | st.floats(width=32, allow_nan=False)
    return st.none() | (st.booleans() if pa.types.is_boolean(kind) else st.text(max_size=4))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_every_column_survives_from_parquet_and_through_the_file(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    kind = data.draw(KINDS)
    rows = data.draw(st.lists(values_of(kind), max_size=6))
    folder = tmp_path_factory.mktemp("table")
    (folder / "data").mkdir()
    (folder / "metadata").mkdir()
    (folder / "metadata" / "part-00000").write_text("{}")
    for part, some in enumerate((rows[:2], rows[2:])):
        pq.write_table(pa.table({"column": pa.array(some, kind)}), folder / "data" / f"part-{part}.parquet")
    recorder = Recorder(Folder(folder))
    recorder.metadata()
    table = recorder.table("data")
    recorder.write(folder / FILE)
    order = data.draw(st.permutations(range(len(rows))))
    for read in (table, source(folder).table("data")):
        assert read.python() == [{"column": row} for row in rows]
        if rows:
            assert read.take(pa.array(order).to_numpy()).python() == [{"column": rows[at]} for at in order]


MEMBERS = {
    "doubles": np.array([0.5, 1.5]),
    "whole numbers": np.array([3, -1]),
    "huge numbers": np.array([2**62, -(2**62)]),
    "booleans": np.array([True, False]),
    "nothing": np.zeros(0),
    "a table": np.zeros((2, 2)),
    "a number": np.array(1.0),
    "texts": np.array(["a", "b"]),
    "times": np.array([0], "datetime64[s]"),
    "records": np.zeros(2, [("a", "f8")]),
}


@pytest.mark.parametrize("what", MEMBERS)
def test_a_member_of_another_kind_or_length_is_refused(compiled: Path, tmp_path: Path, what: str) -> None:
    expected = load(compiled).transform(REQUEST)
    for name in members(compiled):
        if name == STAGES:
            continue
        content = io.BytesIO()
        np.save(content, MEMBERS[what])
        rewrite(compiled, tmp_path, {name: content.getvalue()})
        try:
            model = load(tmp_path)
        except ModelBroken:
            continue
        assert model.transform(REQUEST) == expected, f"{name} is {what}"


def test_a_pickled_member_is_refused_unread(compiled: Path, tmp_path: Path) -> None:
    class Malicious:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "run",)

    content = io.BytesIO()
    np.save(content, np.array([Malicious()], object), allow_pickle=True)
    rewrite(compiled, tmp_path, {"0.npy": content.getvalue()})
    with pytest.raises(ModelBroken, match="is not a compiled model"):
        load(tmp_path)
    assert not (tmp_path / "run").exists()


def test_a_file_that_would_fill_the_memory_is_refused_unread(compiled: Path, tmp_path: Path) -> None:
    rewrite(compiled, tmp_path, {"bomb": bytes(350_000_000)})
    assert (tmp_path / FILE).stat().st_size < 2_000_000
    with pytest.raises(ModelBroken, match="unpack to much more"):
        load(tmp_path)


def test_members_gone_added_and_renamed_are_refused(compiled: Path, tmp_path: Path) -> None:
    names = list(members(compiled))
    for changed in (*({name: None} for name in names), {"x.npy": b""}, {names[1]: None, "x.npy": b""}):
        rewrite(compiled, tmp_path, changed)
        with pytest.raises(ModelBroken):
            load(tmp_path)


def test_what_is_told_of_stages_is_checked(compiled: Path, tmp_path: Path) -> None:
    described = json.loads(members(compiled)[STAGES])
    for way in ways_into(described):
        # Columns are for the repository, and what may be wrong in the metadata is the same in a folder
        if way[:1] in (("inputs",), ("outputs",)) or "metadata" in way[:-1]:
            continue
        for wrong in (None, [], -1):
            rewrite(compiled, tmp_path, {STAGES: json.dumps(replaced(described, way, wrong)).encode()})
            with contextlib.suppress(ModelBroken, InvalidInput):
                load(tmp_path).transform(REQUEST)


def members(folder: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(folder / FILE) as file:
        return {name: file.read(name) for name in file.namelist()}


def rewrite(folder: Path, to: Path, changed: Mapping[str, bytes | None]) -> None:
    """The file in `folder` with other members, in `to`; None: without this one."""
    with zipfile.ZipFile(to / FILE, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in (members(folder) | dict(changed)).items():
            if content is not None:
                file.writestr(name, content)


def ways_into(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield from ways_into(inner, (*way, key))


def replaced(value: Any, way: tuple[Any, ...], by: object) -> Any:
    return value | {way[0]: replaced(value[way[0]], way[1:], by)} if way else by
