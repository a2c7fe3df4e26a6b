"""Writes the saves of this folder with Spark itself.

    PYTHONPATH=.:tests/support python tests/runtimes/spark_local/saved/make.py fit

`fit`     saves the models of `fitted` in a folder called after the version of the Spark that is installed, 3.5
`older`   saves the models of `older`, in the formats of Spark 2: with Spark 4.3
`answer`  has Spark 4.3 load every save that there is, writes what it answers and says where that was something else

`fit` wants an environment with that pyspark and, besides, what the tests need. Uids and dates are Spark's, so no two
runs give the same bytes.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from fitted import models
from older import older_models, rewrite, without_sizes
from spark_parity import difference
from spark_reader import answers, data_frame, load_model
from spark_saves import FOLDER, NOT_BY_4_3, SAVES, Save, named, pack, unpacked

from models.spark.spark_session import spark_session


def fit(spark: Any) -> None:
    frame = partial(data_frame, spark)
    for name, model, data in models(frame):
        with saved(model) as folder:
            _pack(Save(folder, *data, answers(model, frame(*data))), spark.version.rpartition(".")[0], name)


def older(spark: Any) -> None:
    frame = partial(data_frame, spark)
    for (major, minor), name, model, data in older_models(frame):
        with saved(model) as folder:
            rewrite(spark, folder, (major, minor))
            expected = answers(load_model(folder), frame(*data))
            if name == "OneHotEncoder":
                without_sizes(folder)
            _pack(Save(folder, *data, expected), f"{major}.{minor}", name)


def answer(spark: Any) -> None:
    for path in SAVES:
        if named(path) in NOT_BY_4_3:
            continue
        with tempfile.TemporaryDirectory() as folder:
            save = unpacked(path, Path(folder))
            expected = answers(load_model(save.model), data_frame(spark, save.columns, save.rows))
            if found := difference(expected, save.expected):
                print(f"{named(path)}: differs by {found}")
                pack(replace(save, expected=expected), path)


@contextmanager
def saved(model: Any) -> Iterator[Path]:
    """The folder that Spark saves `model` in; gone when the context ends."""
    with tempfile.TemporaryDirectory() as folder:
        model.write().save(f"{folder}/model")
        yield Path(folder) / "model"


def _pack(save: Save, version: str, name: str) -> None:
    path = FOLDER / version / f"{name}.zip"
    pack(save, path)
    print(f"{named(path)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    with spark_session() as session:
        {"fit": fit, "older": older, "answer": answer}[sys.argv[1]](session)
