"""The README's shell blocks, by the section that holds them."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"
CONTAINERS = "The same as containers"


def commands() -> dict[str, list[str]]:
    """Sections in their order, those without shell blocks left out."""
    _, *parts = re.split(r"^## (.*)\n", README.read_text(), flags=re.MULTILINE)
    found = {
        title: re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }
    return {title: blocks for title, blocks in found.items() if blocks}
