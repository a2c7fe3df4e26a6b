from runtimes.base.main import run
from runtimes.scikit.runtime import ScikitRuntime

raise SystemExit(run(ScikitRuntime()))
