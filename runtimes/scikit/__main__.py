import os

# Predictions already run on several threads. OpenMP's own, spinning beside them, made one row in a hundred wait 100 ms
# where it now waits 8. It reads this when scikit-learn is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from runtimes.base.main import run
from runtimes.scikit.runtime import ScikitRuntime

raise SystemExit(run(ScikitRuntime()))
