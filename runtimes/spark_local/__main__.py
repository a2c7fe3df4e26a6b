from runtimes.base.main import run
from runtimes.spark_local.runtime import SparkRuntime

raise SystemExit(run(SparkRuntime()))
