"""Models of the spark runtime: the folder that `PipelineModel.save` wrote.

Read without Spark and without parquet: the columns stand in the JSON of the stages, and a parquet file begins and ends
with the same four bytes. The layout is that of Spark's `ml/util/ReadWrite.scala` and `ml/Pipeline.scala`, 2.0 to 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import PurePosixPath

from repository.formats.format import Broken, Files, Incomplete, Signature, json_object

_MAGIC = b"PAR1"
_PARQUET_BYTES = 12
"""No parquet file is shorter: the magic at both ends and a length between."""

_INPUTS = ("inputCol", "inputCols", "featuresCol")
_OUTPUTS = ("outputCol", "outputCols", "rawPredictionCol", "probabilityCol", "predictionCol", "leafCol")
_LABEL = ("labelCol",)


@dataclass(frozen=True, slots=True)
class _Stage:
    """A stage by its columns; those named `""` are switched off and left out."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: tuple[str, ...]

    def sources(self, labels: Set[str]) -> tuple[set[str], set[str]]:
        """The inputs that make labels, and those that make anything else."""
        if len(self.inputs) == len(self.outputs):
            pairs = list(zip(self.inputs, self.outputs, strict=True))
            return {i for i, o in pairs if o in labels}, {i for i, o in pairs if o not in labels}
        if labels.isdisjoint(self.outputs):
            return set(), set(self.inputs)
        return set(self.inputs), set()


class Spark:
    runtime = "spark"

    def belongs(self, path: str) -> bool:
        # Spark writes folders only: a file at the top was put there by somebody else. `_SUCCESS` is an empty mark.
        return "/" in path and PurePosixPath(path).name != "_SUCCESS"

    def signature(self, files: Files) -> Signature:
        stages = list(_stages(files, ""))
        for path in files.paths:
            if path.endswith(".parquet"):
                _check_parquet(files, path)
        return _signature(stages)


def _signature(stages: list[_Stage]) -> Signature:
    """hydro-serving's rule: inputs are what stages take and none makes, outputs what they make and none takes.

    A label and what it alone is made from are neither: training needs them, serving does not.
    """
    labels = {column for stage in stages for column in stage.label}
    for_labels: set[str] = set()
    for_serving: set[str] = set()
    for stage in stages:
        of_labels, of_others = stage.sources(labels)
        for_labels |= of_labels
        for_serving |= of_others
    taken = dict.fromkeys(column for stage in stages for column in stage.inputs)
    made = dict.fromkeys(column for stage in stages for column in stage.outputs)
    return Signature(
        tuple(column for column in taken if column not in made and column not in for_labels - for_serving),
        tuple(column for column in made if column not in taken and column not in labels),
    )


def _stages(files: Files, folder: str) -> Iterator[_Stage]:
    """The stages of the one saved in `folder` ("" or ending with a slash), pipelines inside it taken apart."""
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
    for needed in _fitted_folders(simple_name):
        if not any(path.startswith(folder + needed) and path.endswith(".parquet") for path in files.paths):
            raise Incomplete(f"{folder}{needed} holds no parquet file")
    if "outputCol" not in params and "inputCol" in params and isinstance(metadata.get("uid"), str):
        params["outputCol"] = f"{metadata['uid']}__output"
    yield _Stage(*(_columns(params, fields, where) for fields in (_INPUTS, _OUTPUTS, _LABEL)))


def _fitted_folders(simple_name: str) -> tuple[str, ...]:
    """Where a stage of this class keeps what it learned; "" is anywhere, for models that hold other models."""
    if simple_name.startswith(("RandomForest", "GBT")):
        return "data/", "treesMetadata/"
    return ("",) if simple_name.endswith("Model") else ()


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
