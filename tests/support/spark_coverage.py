"""The table of `docs/spark-local.md`: which stages there are, and what was held against Spark of each.

Its rows follow from the engine's stages, its figures from a run of all the parity tests: nobody writes it by hand.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

from spark_parity import Coverage, Covered
from spark_scorers import SCORERS

from runtimes.spark_local.stages import BUILT_IN

PAGE = Path(__file__).resolve().parents[2] / "docs" / "spark-local.md"
BEGIN, END = "<!-- the table is generated: CATENARY_GOLDEN=update -->\n", "<!-- end of the table -->\n"
NO_RESULTS = "no result"


def stage_names() -> list[str]:
    """The simple names of the classes that are served, in order."""
    return sorted({name.rpartition(".")[2] for stage in BUILT_IN for name in stage.saved_as}, key=str.lower)


def written_names(page: str) -> list[str]:
    """The stages that the page's table names, in its order."""
    generated = page.partition(BEGIN)[2].partition(END)[0]
    return re.findall(r"^\| `(\w+)` \|", generated, re.MULTILINE)


def updated(page: str, coverage: Coverage) -> str:
    """The page with the table that follows from `coverage`."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}{table(coverage)}{END}{rest.partition(END)[2]}"


def table(coverage: Coverage) -> str:
    """A row for each stage; one that nothing was held against Spark of says so."""
    head = ("stage", "parameters covered", "rows compared", "largest difference", *SCORERS)
    rows = [head, ("---", "---", "--:", "---", *(":-:" for _ in SCORERS))]
    for name in stage_names():
        ticks = ("✓" if name in classes else "" for classes in SCORERS.values())
        rows.append((f"`{name}`", *_results(coverage.get(name), coverage.asked[name]), *ticks))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def bound(deviation: float) -> str:
    """A relative difference, rounded up to one digit."""
    if deviation == 0.0:
        return "exact"
    exponent = math.floor(math.log10(deviation))
    digit = math.ceil(round(deviation / 10.0**exponent, 6))
    return f"{digit}e{exponent}" if digit < 10 else f"1e{exponent + 1}"


def _results(covered: Covered | None, asked: set[str]) -> tuple[str, str, str]:
    if covered is None:
        return NO_RESULTS, "0", NO_RESULTS
    params = (f"`{name}`" for name in sorted(covered.varied() & asked, key=str.lower))
    return ", ".join(params), f"{covered.rows:,}", bound(covered.deviation)
