from runtimes.base.main import run
from runtimes.custom.runtime import CustomRuntime

raise SystemExit(run(CustomRuntime()))
