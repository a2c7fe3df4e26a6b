"""Models of the spark runtime: the folder that `PipelineModel.save` wrote, or the one file compiled from it.

Read without Spark and without parquet: the columns stand in the JSON of the stages, and a parquet file begins and ends
with the same four bytes. The layout is that of Spark's `ml/util/ReadWrite.scala` and `ml/Pipeline.scala`, 2.0 to 4.3.
Of a compiled model (`runtimes/spark_local/compiled.py`) the columns stand in the file itself. What an SQLTransformer
takes and makes stands in its SQL, which only the engine reads: it is passed over here.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import PurePosixPath

from catenary.names import COMPILED_FILE, COMPILED_STAGES
from repository.formats.format import DOCUMENT_BYTES, Broken, Files, Incomplete, Signature, json_object

_ZIP_MAGIC = b"PK\x03\x04"
_DAMAGED = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error),
    *(ValueError, NotImplementedError, RuntimeError, OverflowError, struct.error),
)

_MAGIC = b"PAR1"
_PARQUET_BYTES = 12
"""No parquet file is shorter: the magic at both ends and a length between."""

_INPUTS = ("featuresCol", "userCol", "itemCol", "itemsCol", "offsetCol")
_OUTPUTS = (
    *("rawPredictionCol", "probabilityCol", "linkPredictionCol", "predictionCol"),
    *("varianceCol", "quantilesCol", "topicDistributionCol", "leafCol"),
)
"""In the order in which Spark adds the columns. Those of weights, ratings and the like are for training only."""
_WITHOUT_OUTPUT = ("VectorSizeHint",)
_PASSES_OVER = ("StringIndexerModel",)
"""The stages that are skipped where a row lacks their input."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """A stage by its columns; those named `""` are switched off and left out. `label`: only training needs it."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: tuple[str, ...] = ()
    passes_over: bool = False

    def sources(self, wanted: Set[str]) -> tuple[str, ...]:
        """The inputs that a row has to hold if these columns are wanted."""
        if not self.passes_over:
            return self.inputs
        return tuple(source for source, made in zip(self.inputs, self.outputs, strict=False) if made in wanted)


class Spark:
    runtime = "spark"

    def belongs(self, path: str) -> bool:
        # Spark writes folders only: a file at the top was put there by somebody else. `_SUCCESS` is an empty mark.
        return path == COMPILED_FILE or ("/" in path and PurePosixPath(path).name != "_SUCCESS")

    def signature(self, files: Files) -> Signature:
        if COMPILED_FILE in files.paths:
            return _compiled_signature(files)
        stages = list(_stages(files, ""))
        for path in files.paths:
            if path.endswith(".parquet"):
                _check_parquet(files, path)
        return _signature(stages)


def _signature(stages: list[_Stage]) -> Signature:
    """Inputs are what stages take and none before them makes, outputs what they make and none after them takes.

    A label and what it is made from are neither, unless scoring needs them as well.
    """
    labels = {column for stage in stages for column in stage.label}
    for_labels = labels | {
        column for stage in stages if not labels.isdisjoint(stage.outputs) for column in stage.sources(labels)
    }
    needed: set[str] = set()
    for stage in reversed(stages):
        sources = stage.sources(needed)
        needed = needed.difference(stage.outputs).union(sources)
    taken: dict[str, None] = {}
    made: set[str] = set()
    unused: dict[str, None] = {}
    for stage in stages:
        taken |= dict.fromkeys(column for column in stage.inputs if column not in made)
        made.update(stage.outputs)
        for column in stage.inputs:
            unused.pop(column, None)
        unused |= dict.fromkeys(stage.outputs)
    return Signature(
        tuple(column for column in taken if column in needed or column not in for_labels),
        tuple(column for column in unused if column not in labels),
    )


def _stages(files: Files, folder: str) -> Iterator[_Stage]:
    """The stages of the one saved in `folder` ("" or ending with a slash), those inside it taken apart."""
    where = folder or "the model's folder"
    metadata = _metadata(files, folder)
    params = _object(metadata, "defaultParamMap", where) | _object(metadata, "paramMap", where)
    class_name = metadata.get("class")
    if not isinstance(class_name, str):
        raise Broken(f"{where}: its metadata names no class")
    simple_name = class_name.rpartition(".")[2]
    if simple_name == "PipelineModel":
        uids = params.get("stageUids")
        if not isinstance(uids, list) or not all(isinstance(uid, str) for uid in uids):
            raise Broken(f"{where}: its metadata has no list of stageUids")
        width = len(str(len(uids)))
        for position, uid in enumerate(uids):
            yield from _stages(files, f"{folder}stages/{position:0{width}d}_{uid}/")
        return
    if simple_name in ("CrossValidatorModel", "TrainValidationSplitModel"):
        yield from _stages(files, f"{folder}bestModel/")
        return
    for needed in _fitted_folders(simple_name):
        if not any(path.startswith(folder + needed) and path.endswith(".parquet") for path in files.paths):
            raise Incomplete(f"{folder}{needed} holds no parquet file")
    if simple_name == "RFormulaModel":
        yield from _formula(files, folder, params)
        return
    yield _stage(simple_name, f"{metadata.get('uid')}__output", params, where)


def _stage(simple_name: str, unnamed: str, params: dict[str, object], where: str) -> _Stage:
    """A stage that is no container. `unnamed`: what its output is called where nobody named it."""
    several, one = "inputCols" in params, "inputCol" in params
    if (several or one) and simple_name not in _WITHOUT_OUTPUT:
        params = {"outputCol": unnamed} | params
    # outputCol has a default, even where there are outputCols
    taken, made = "inputCols" if several else "inputCol", "outputCols" if "outputCols" in params else "outputCol"
    return _Stage(
        _columns(params, (taken, *_INPUTS), where),
        _columns(params, (made, *_OUTPUTS), where),
        _columns(params, ("labelCol",), where),
        simple_name in _PASSES_OVER,
    )


def _formula(files: Files, folder: str, params: dict[str, object]) -> Iterator[_Stage]:
    """The stages of an RFormulaModel: those of its pipeline, and the label as a number under its own name."""
    yield from _stages(files, f"{folder}pipelineModel/")
    label = _columns(params, ("labelCol",), folder or "the model's folder")
    source = str(params.get("formula", "")).partition("~")[0].strip()
    taken = (source,) if source else ()
    yield _Stage(taken, label[: len(taken)], label, passes_over=True)


def _fitted_folders(simple_name: str) -> tuple[str, ...]:
    """Where a stage of this class keeps what it learned; "" is anywhere, for models that hold other models."""
    if simple_name.startswith(("RandomForest", "GBT")):
        return "data/", "treesMetadata/"
    return ("",) if simple_name.endswith("Model") else ()


def _compiled_signature(files: Files) -> Signature:
    first, _ = files.ends(COMPILED_FILE, len(_ZIP_MAGIC))
    if not first.startswith(_ZIP_MAGIC[: len(first)]):
        raise Broken(f"{COMPILED_FILE} is not a compiled model")
    with files.open(COMPILED_FILE) as file:
        try:
            entries = zipfile.ZipFile(file)
        except _DAMAGED as error:
            # A zip ends with the directory of its entries
            raise Incomplete(f"{COMPILED_FILE} is cut short") from error
        with entries:
            described = json_object(_entry(entries, COMPILED_STAGES), f"{COMPILED_STAGES} in {COMPILED_FILE}")
    return Signature(*(_columns(described, (field,), COMPILED_FILE) for field in ("inputs", "outputs")))


def _entry(entries: zipfile.ZipFile, name: str) -> bytes:
    try:
        if entries.getinfo(name).file_size > DOCUMENT_BYTES:
            raise Broken(f"{name} in {COMPILED_FILE} is larger than {DOCUMENT_BYTES} bytes")
        return entries.read(name)
    except KeyError as error:
        raise Broken(f"{COMPILED_FILE} has no {name}: it is not a compiled model") from error
    except _DAMAGED as error:
        raise Broken(f"{COMPILED_FILE} is damaged: {name} cannot be read") from error


def _metadata(files: Files, folder: str) -> dict[str, object]:
    # Spark reads the first line of all the parts together, and may have written empty ones.
    for path in files.paths:
        if path.startswith(f"{folder}metadata/part-") and (content := files.read(path).strip()):
            return json_object(content.partition(b"\n")[0], path)
    raise Incomplete(f"{folder}metadata/part-* is missing")


def _object(metadata: dict[str, object], field: str, where: str) -> dict[str, object]:
    value = metadata.get(field, {})
    if not isinstance(value, dict):
        raise Broken(f"{where}: {field} in its metadata is not an object")
    return value


def _columns(params: dict[str, object], fields: tuple[str, ...], where: str) -> tuple[str, ...]:
    found: list[str] = []
    for field in fields:
        value = params.get(field, [])
        for column in value if isinstance(value, list) else [value]:
            if not isinstance(column, str):
                raise Broken(f"{where}: {field} names no column")
            if column:
                found.append(column)
    return tuple(found)


def _check_parquet(files: Files, path: str) -> None:
    first, last = files.ends(path, _PARQUET_BYTES)
    if not first.startswith(_MAGIC[: len(first)]):
        raise Broken(f"{path} is not a parquet file")
    if len(last) < _PARQUET_BYTES or not last.endswith(_MAGIC):
        raise Incomplete(f"{path} is cut short")
