"""Every stage, saved by Spark and then damaged: a refusal that can be understood, never a crash or a wrong score."""

from __future__ import annotations

import json
import random
import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from spark_damage import Damage, damages
from spark_parity import same
from spark_saves import SAVES, Save, named, unpacked

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load

N_OF_EACH_KIND = max(settings().max_examples // 8, 1)
"""How many damages are tried of a save's metadata, and of the rest of it; with the profile `fuzz` many more."""

PYTHONS_OWN = re.compile(
    r"\w+Error\b|Traceback|NoneType|object is not|has no attribute|subscriptable|unhashable|out of range|to unpack"
    r"|recursion|broadcast|invalid literal|cannot convert|0x[0-9a-f]{6}"
)
"""What exceptions of Python and NumPy say, which tells nothing to the person who saved the model."""

CLASSES = {path.stem for path in SAVES}

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(autouse=True, scope="module")
def bounded_memory() -> Iterator[None]:
    """Four gigabytes more than now and no further: a size that nobody checked ends in a MemoryError, not in swap."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    now = int(re.search(r"VmSize:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024  # type: ignore[index]
    resource.setrlimit(resource.RLIMIT_AS, (now + (4 << 30), hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.parametrize("path", SAVES, ids=named)
def test_a_damaged_save_is_refused_or_unharmed(path: Path, tmp_path: Path) -> None:
    save = unpacked(path, tmp_path)
    places = {place.parent.parent.name for place in save.model.rglob("metadata/part-*")} | CLASSES
    expected = load(save.model).transform(save.rows)
    for damage in drawn(list(damages(save.model))):
        with damage.done_to(save.model):
            found = outcome(save)
        if isinstance(found, str):
            assert any(place in found for place in places), f"{damage}: {found}"
            assert not PYTHONS_OWN.search(found), f"{damage}: {found}"
            assert len(found) < 3000, damage
        elif damage.lost:
            assert same(found, expected), damage
    assert same(load(save.model).transform(save.rows), expected)


def outcome(save: Save) -> str | list[dict[str, object]] | None:
    """The answer, on which both paths agree; why the model was refused; None where a row was."""
    try:
        model = load(save.model)
    except ModelBroken as error:
        return error.reason
    try:
        answer = model.transform(save.rows)
    except InvalidInput:
        return None
    json.dumps(answer)
    for by_one_way in (model._by_row, model._by_column):
        assert same(by_one_way(save.rows), answer, 1e-9)
    return answer


def drawn(every: list[Damage]) -> list[Damage]:
    """Some of them, always the same ones: as many of the metadata, to which most could be done, as of all else."""
    of_metadata = [damage for damage in every if damage.file.parent.name == "metadata"]
    others = [damage for damage in every if damage.file.parent.name != "metadata"]
    kinds = (of_metadata, others)
    return [one for kind in kinds for one in random.Random(0).sample(kind, min(len(kind), N_OF_EACH_KIND))]
