"""A compiled model answers as the one that it was made from, and needs no pyarrow."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catenary.errors import ModelBroken
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
