"""Writes the saves of this folder: `make.py fit` with the Spark that is installed, `make.py answer` with Spark 4.3.

`fit` saves each model of `fitted.py` in a folder called after Spark's version, with this Spark's own answers; `answer`
has Spark load every save that there is, of all versions, writes what it answers and says where that is something else.
Uids and dates are Spark's, so no two runs of `fit` give the same bytes.

    PYTHONPATH=.:tests/support python tests/runtimes/spark_local/saved/make.py fit
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

from fitted import models
from spark_parity import difference
from spark_reader import answers, data_frame, load_model
from spark_saves import FOLDER, SAVES, Save, named, pack, unpacked

from models.spark.spark_session import spark_session


def fit() -> None:
    with spark_session() as spark, tempfile.TemporaryDirectory() as folder:
        version = spark.version.rpartition(".")[0]
        for name, model, data in models(partial(data_frame, spark)):
            saved = Path(folder) / name
            model.write().save(str(saved))
            path = FOLDER / version / f"{name}.zip"
            pack(Save(saved, *data, answers(model, data_frame(spark, *data))), path)
            print(f"{named(path)}: {path.stat().st_size:,} bytes")


def answer() -> None:
    with spark_session() as spark:
        for path in SAVES:
            with tempfile.TemporaryDirectory() as folder:
                save = unpacked(path, Path(folder))
                expected = answers(load_model(spark, save.model), data_frame(spark, save.columns, save.rows))
                if found := difference(expected, save.expected):
                    print(f"{named(path)}: differs by {found}")
                    pack(replace(save, expected=expected), path)


if __name__ == "__main__":
    {"fit": fit, "answer": answer}[sys.argv[1]]()
