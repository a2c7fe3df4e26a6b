"""`python -m runtimes.spark_local.compile FOLDER OUT`: a saved model as one file, in a folder of its own.

`catenary model compile` starts it, for the command line has none of a runtime's packages. What was made is told as JSON
on standard output. A refusal is a sentence on standard error; the exit status is 1 for a model that cannot be served,
2 for folders that cannot be used. Nothing is written then.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from catenary.errors import CatenaryError, ModelBroken, SetupError
from runtimes.spark_local import PipelineModel, compile_model
from runtimes.spark_local.compiled import FILE


def compile_folder(folder: Path, out: Path) -> PipelineModel:
    """Compile the model in `folder` into `out`, and copy the files that lie beside those that Spark wrote.

    Raises ModelBroken, and SetupError where `out` is no place for it.
    """
    if not folder.is_dir():
        raise SetupError(f"{folder} is not a folder")
    if out.resolve().is_relative_to(folder.resolve()):
        raise SetupError(f"{out} is in the folder of the saved model: name another one")
    try:
        if out.exists() and not (out / FILE).is_file() and any(out.iterdir()):
            raise SetupError(f"{out} holds something that is not a compiled model: name another folder")
        model = compile_model(folder, out)
        for file in folder.iterdir():
            # Spark writes folders only, and hidden files
            if file.is_file() and file.name != FILE and not file.name.startswith("."):
                shutil.copyfile(file, out / file.name)
    except OSError as error:
        raise SetupError(f"{out} cannot be written: {error.strerror}") from error
    return model


def main(folder: str, out: str) -> int:
    """The program; returns its exit status."""
    try:
        model = compile_folder(Path(folder), Path(out))
    except CatenaryError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1 if isinstance(error, ModelBroken) else 2
    file = Path(out) / FILE
    columns = {"inputs": list(model.inputs), "outputs": list(model.outputs)}
    print(json.dumps({"file": str(file), "size_bytes": file.stat().st_size, **columns}))  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
