"""Item specifics: the text `'Brand': ' Apple'; 'Style': ' Bar'` as a dict. Knows nothing of words and features.

Sellers type these texts, so every text is taken: what is not an entry is passed over, nothing is raised. A quote inside
a value stays in it (`'Screen Size': ' 4''` has the value `4'`); the last entry counts with or without its `;`.
"""

from __future__ import annotations

import re

# An entry ends at `';` only where another one begins, so that quotes and semicolons may stand inside a value.
_BETWEEN_ENTRIES = re.compile(r"'(?:\s*;)+\s*'(?=[^;]+'\s*:\s*')")
_BETWEEN_KEY_AND_VALUE = re.compile(r"'\s*:\s*'")
_OUTSIDE_ENTRIES = "; \t\r\n"


def parse_specifics(text: str) -> dict[str, str]:
    """Entries of `text`: keys trimmed and lower-cased, values trimmed; of a repeated key the last entry counts."""
    specifics = {}
    for entry in _BETWEEN_ENTRIES.split(text.strip(_OUTSIDE_ENTRIES).removeprefix("'").removesuffix("'")):
        key, *value = _BETWEEN_KEY_AND_VALUE.split(entry, maxsplit=1)
        if value and (name := key.strip().lower()):
            specifics[name] = value[0].strip()
    return specifics
