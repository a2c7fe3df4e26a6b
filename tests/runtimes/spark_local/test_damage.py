"""Folders that are damaged, or are no saved Spark model that can be served: refused at load, never scored wrongly."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load

ROWS: list[dict[str, object]] = [
    {"answer": answer, "features": [x, y]} for answer in "ab" for x in (-2.0, 0.7, 3.0) for y in (-1.5, 0.0, 2.0)
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, saver_class: Any) -> Path:
    """A pipeline with every kind of file."""
    saver = saver_class(tmp_path_factory.mktemp("whole") / "model")
    trees = [saver.stump(n % 2, n / 10) for n in range(-10, 10)]
    folder: Path = saver.pipeline(
        lambda name: saver.indexer(name, inputCol="answer", outputCol="label"),
        lambda name: saver.scaler(name),
        lambda name: saver.forest(name, trees, featuresCol="scaled"),
        lambda name: saver.to_string(name, inputCol="prediction", outputCol="word", labels=["no", "yes"]),
    )
    return folder


def files_of(folder: Path, pattern: str = "*") -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob(pattern) if path.is_file())


@pytest.fixture(scope="module")
def copy(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another one of the same, to be damaged and mended."""
    return Path(shutil.copytree(whole, tmp_path_factory.mktemp("copy") / "model"))


@contextlib.contextmanager
def written(file: Path, content: bytes | bytearray) -> Iterator[None]:
    """`file` holds `content` for as long as the block lasts."""
    kept = file.read_bytes()
    file.write_bytes(content)
    try:
        yield
    finally:
        file.write_bytes(kept)


def check_refused_or_unharmed(damaged: Path, expected: list[dict[str, object]]) -> None:
    """A damaged folder is refused, unless the damage is where nothing is read and the answer is the same."""
    with contextlib.suppress(ModelBroken):
        assert load(damaged).transform(ROWS) == expected


@pytest.fixture(scope="module")
def expected(whole: Path) -> list[dict[str, object]]:
    return load(whole).transform(ROWS)


@given(data=st.data())
def test_a_truncated_file(copy: Path, expected: list[dict[str, object]], data: st.DataObject) -> None:
    file = copy / data.draw(st.sampled_from(files_of(copy)))
    content = file.read_bytes()
    with written(file, content[: data.draw(st.integers(0, len(content) - 1))]):
        check_refused_or_unharmed(copy, expected)


@given(data=st.data())
def test_changed_bytes_in_parquet(copy: Path, expected: list[dict[str, object]], data: st.DataObject) -> None:
    file = copy / data.draw(st.sampled_from(files_of(copy, "*.parquet")))
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with written(file, content):
        check_refused_or_unharmed(copy, expected)


@given(data=st.data())
def test_changed_bytes_in_metadata(copy: Path, data: st.DataObject) -> None:
    """JSON bears no checksum, so a changed digit may be read; but nothing other than our own errors comes of it."""
    file = copy / data.draw(st.sampled_from(files_of(copy, "part-00000")))
    content = bytearray(file.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with written(file, content), contextlib.suppress(ModelBroken, InvalidInput):
        load(copy).transform(ROWS)


def test_each_file_and_folder_is_missed(whole: Path, tmp_path: Path) -> None:
    for number, name in enumerate(
        [*files_of(whole), *(path.relative_to(whole) for path in whole.rglob("*") if path.is_dir())]
    ):
        damaged = tmp_path / str(number)
        shutil.copytree(whole, damaged)
        if (damaged / name).is_dir():
            shutil.rmtree(damaged / name)
        else:
            (damaged / name).unlink()
        with pytest.raises(ModelBroken):
            load(damaged)


def test_hadoops_own_files_are_ignored(whole: Path, tmp_path: Path) -> None:
    copy = tmp_path / "model"
    shutil.copytree(whole, copy)
    for file in files_of(whole):
        (copy / file.parent / f".{file.name}.crc").write_bytes(b"stale")
        (copy / file.parent / f"{file.name}.crc").write_bytes(b"stale")
        (copy / file.parent / "_SUCCESS").touch()
    assert load(copy).transform(ROWS) == load(whole).transform(ROWS)


def test_an_unknown_class_is_named_with_those_that_are_known(saver: Any) -> None:
    folder = saver.pipeline(lambda name: saver.stage(name, "feature.SQLMagic", {}))
    with pytest.raises(
        ModelBroken, match=r"0_stage0: org.apache.spark.ml.feature.SQLMagic is not a stage .* known are .*IndexToString"
    ):
        load(folder)


def test_a_stage_of_python_is_refused(saver: Any) -> None:
    folder = saver.stage("", "x", {"language": "Python"}, **{"class": "mymodule.Shouter"})
    with pytest.raises(ModelBroken, match=r"mymodule\.Shouter exists in Python only"):
        load(folder)


def test_a_model_of_the_old_mllib_is_refused(saver: Any) -> None:
    name = "org.apache.spark.mllib.tree.model.RandomForestModel"
    folder = saver.stage("", "x", {}, **{"class": name})
    with pytest.raises(ModelBroken, match="old RDD-based mllib"):
        load(folder)


def test_what_save_to_local_wrote_is_refused(saver: Any) -> None:
    folder = saver.scaler()
    shutil.rmtree(folder / "data")
    (folder / "data").write_bytes(b"\x00\x01")
    with pytest.raises(ModelBroken, match="saveToLocal"):
        load(folder)
    shutil.rmtree(folder / "metadata")
    (folder / "metadata").write_text("{}")
    with pytest.raises(ModelBroken, match="saveToLocal"):
        load(folder)


@pytest.mark.parametrize("uid", ["../../elsewhere", "a/b", ""])
def test_a_stage_is_looked_for_only_inside_the_folder(saver: Any, uid: str) -> None:
    with pytest.raises(ModelBroken):
        load(saver.stage("", "PipelineModel", {"stageUids": [uid]}))


@pytest.mark.parametrize(
    "metadata", ["", "[]", "null", "{", "[" * 100_000, '{"class": 1}', '{"class": "x", "uid": "y", "paramMap": 1}']
)
def test_metadata_that_is_none(saver: Any, metadata: str) -> None:
    folder = saver.scaler()
    (folder / "metadata" / "part-00000").write_text(metadata)
    with pytest.raises(ModelBroken):
        load(folder)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ModelBroken, match="no saved Spark stage"):
        load(tmp_path / "nothing")


@pytest.mark.parametrize(
    "std",
    [
        None,
        {"type": 2, "values": [1.0]},
        {"type": 1, "values": None},
        {"type": 0, "size": 2, "indices": [2], "values": [1.0]},
        {"type": 0, "size": 2, "indices": [1, 0], "values": [1.0, 2.0]},
        {"type": 0, "size": 2, "indices": [1, 1], "values": [1.0, 2.0]},
    ],
)
def test_a_stored_vector_that_is_none(saver: Any, std: Any) -> None:
    with pytest.raises(ModelBroken, match="std is not a vector"):
        load(scaler_with(saver, std))


def test_a_stored_vector_that_would_fill_the_memory(saver: Any) -> None:
    std = {"type": 0, "size": 2**31 - 1, "indices": [0], "values": [1.0]}
    with pytest.raises(ModelBroken, match=r"std has 2147483647 numbers, of which at most \d+ can be served"):
        load(scaler_with(saver, std))


def test_a_stage_inside_itself_is_refused(saver: Any) -> None:
    folder = saver.stage("", "PipelineModel", {"stageUids": ["itself"]})
    (folder / "stages").mkdir()
    (folder / "stages" / "0_itself").symlink_to(folder)
    with pytest.raises(ModelBroken, match=r"no saved Spark stage|nest too deep|Too many levels|too long"):
        load(folder)


@pytest.mark.parametrize("wrong", ["a" * 1_000_000, "\ud800"])
def test_a_refusal_can_be_read_and_written(saver: Any, wrong: str) -> None:
    with pytest.raises(ModelBroken, match=r"cannot be loaded: model: .*Word2VecModel$") as refused:
        load(saver.stage("", wrong, {}))
    assert len(str(refused.value).encode("utf-8")) < 5000


@pytest.mark.parametrize("threshold", [10**400, True, None, "text", [0.5]])
def test_a_number_that_is_none(saver: Any, threshold: Any) -> None:
    with pytest.raises(ModelBroken, match=r"threshold is .* not a number"):
        load(saver.stage("", "feature.Binarizer", {"inputCol": "a", "outputCol": "b", "threshold": threshold}))


def test_a_split_on_countless_categories_is_read_at_once(saver: Any) -> None:
    tree = saver.stump(0, 0.5)
    tree[0]["split"] = {"featureIndex": 0, "leftCategoriesOrThreshold": [1.0], "numCategories": 2**31 - 1}
    assert load(saver.forest(trees=[tree])).transform([{"features": [1.0, 0.0]}])[0]["prediction"] == 0.0


def scaler_with(saver: Any, std: Any) -> Any:
    folder = saver.scaler()
    shutil.rmtree(folder / "data")
    mean = {"type": 1, "values": [1.0, 1.0]}
    saver.data(folder, {name: pa.array([stored], saver.vector_type) for name, stored in (("std", std), ("mean", mean))})
    return folder
