"""Documentation that follows from the code is made from it. `CATENARY_GOLDEN=update` writes it anew."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from catenary.local.settings import LocalSettings
from catenary.settings import Settings
from catenary.sidecar import SidecarSettings
from gateway.settings import GatewaySettings
from manager.settings import ManagerSettings
from repository.settings import RepositorySettings
from runtimes.base.settings import RuntimeSettings

CHECKOUT = Path(__file__).resolve().parents[1]

PROCESSES: dict[str, type[Settings]] = {
    "Every process": Settings,
    "Local stack (`catenary up`, `catenary demo`)": LocalSettings,
    "Manager": ManagerSettings,
    "Gateway's app": GatewaySettings,
    "Repository": RepositorySettings,
    "Runtimes": RuntimeSettings,
    "Sidecar (`catenary sidecar`)": SidecarSettings,
}

HEAD = """# Settings

Each process reads environment variables with the prefix `CATENARY_`. A TOML file named by `CATENARY_CONFIG` stands
under the environment (its keys are the names below without the prefix, in lower case), the command line's flags stand
over it. `CATENARY_ENVOY` names an Envoy binary other than the one that was installed with Catenary.
"""


def _default(name: str, kind: type[Settings]) -> str:
    field = kind.model_fields[name]
    if field.is_required():
        return "needed"
    default = field.get_default(call_default_factory=True)
    if name == "threads":
        return "the cores, at most 4"
    if isinstance(default, Path) and default.is_relative_to(Path.home()):
        return "the user's folder for it"
    return "" if default in (None, "") else f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _table(kind: type[Settings]) -> str:
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in kind.model_fields.items():
        if kind is Settings or name not in Settings.model_fields:
            meaning = re.sub(r"\s+", " ", field.description or "").replace("|", "\\|")
            rows.append(f"| `CATENARY_{name.upper()}` | {_default(name, kind)} | {meaning} |")
    return "\n".join(rows)


def test_the_settings_page_is_true() -> None:
    page = HEAD + "".join(f"\n## {title}\n\n{_table(kind)}\n" for title, kind in PROCESSES.items())
    file = CHECKOUT / "docs" / "settings.md"
    if os.environ.get("CATENARY_GOLDEN") == "update":
        file.write_text(page)
    assert file.read_text() == page


@pytest.mark.parametrize("kind", PROCESSES.values(), ids=lambda kind: kind.__name__)
def test_every_setting_says_what_it_is(kind: type[Settings]) -> None:
    assert [name for name, field in kind.model_fields.items() if not field.description] == []


PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_example_of_a_models_metadata_is_the_examples_own() -> None:
    (block,) = re.findall(
        r"```json\n(\{\"model\": \"iris\".*?)```", (CHECKOUT / "docs" / "models.md").read_text(), re.DOTALL
    )
    assert json.loads(block) == json.loads((CHECKOUT / "models" / "scikit" / "iris" / "metadata.json").read_text())
