"""Text as Java's `String` treats it: lower case, and splitting at a pattern.

`java/lang/ConditionalSpecialCasing.java` and the word rules of `sun/text/resources/BreakIteratorRules.java`, OpenJDK 17
to 21. Python differs in the capital sigma at the end of a word, for Java has its own idea of a word, and in Turkish.
Characters are those of Python's Unicode, 14 or later; JDK 17 knows 13 and leaves 40 newer capitals as they are.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SPACES = "\t\n\x0b\f\r"
r"""What `\s` is in Java beside the blank: ASCII's white space, where Python's takes Unicode's."""

_SIGMA = "Σ"

# What Java's rules hold together, in the letters that `_kind` gives characters: letters and numbers that touch one
# another, and each of them across one mark in its midst. What joins a letter or a number (E) goes with it, and what is
# nothing to the rules (I) with anything.
_LETTERS, _DIGITS = "(?:L[EI]*+)++", "(?:D[EI]*+)++"
_WORD = f"{_LETTERS}(?:[BW]I*+{_LETTERS})*+(?:HI*+)?+"
_NUMBER = f"{_DIGITS}(?:[BN]I*+{_DIGITS})*+"
_PIECE = re.compile(f"(?=[LD])(?:{_WORD})?+(?:{_NUMBER}{_WORD})*+(?:{_NUMBER})?+|.", re.DOTALL)


def lower(text: str) -> str:
    """`toLowerCase()` in any language but Turkish, Azeri and Lithuanian."""
    if _SIGMA not in text:
        return text.lower()
    kinds = "".join(map(_kind, text))
    pieces = []
    for found in _PIECE.finditer(kinds):
        piece = text[found.start() : found.end()]
        pieces.append(_with_final_sigma(piece) if _SIGMA in piece else piece)
    return "".join(pieces).lower()


def lower_turkic(text: str) -> str:
    """`toLowerCase` with the language `tr` or `az`: a dotless I stays without its dot, İ becomes i."""
    lowered = []
    after_i = False
    for position, char in enumerate(text):
        if char == "I":
            lowered.append("i" if _dot_follows(text, position) else "ı")
        elif char == "İ":
            lowered.append("i")
        elif not (after_i and char == "\u0307"):
            lowered.append(char)
        after_i = char == "I" or (after_i and unicodedata.combining(char) not in (0, 230))
    return lower("".join(lowered))


def words(text: str) -> list[str]:
    r"""`split("\\s")`: cut at every white space, not at every run of them, and no empty texts at the end."""
    for space in _SPACES:
        if space in text:
            text = text.replace(space, " ")
    return _without_empty_end(text.split(" "))


def split(text: str, pattern: re.Pattern[str]) -> list[str]:
    """`Pattern.split` by what has no groups and matches a character at least: no empty texts at the end."""
    return _without_empty_end(pattern.split(text))


def _without_empty_end(pieces: list[str]) -> list[str]:
    """A text that was not cut stays, the empty one too."""
    if len(pieces) > 1:
        while pieces and not pieces[-1]:
            pieces.pop()
    return pieces


def _with_final_sigma(word: str) -> str:
    """`word` with each capital sigma lowered: as the final one behind a letter with case and before none."""
    cased = [position for position, char in enumerate(word) if _is_cased(char)]
    lowered = list(word)
    for position, char in enumerate(word):
        if char == _SIGMA:
            lowered[position] = "ς" if cased[0] < position == cased[-1] else "σ"
    return "".join(lowered)


def _dot_follows(text: str, position: int) -> bool:
    """Whether a dot above belongs to the letter at `position`."""
    for char in text[position + 1 :]:
        if char == "\u0307":
            return True
        if unicodedata.combining(char) in (0, 230):
            return False
    return False


def _is_cased(char: str) -> bool:
    return unicodedata.category(char) in ("Lu", "Ll", "Lt") or bool(_OTHER_CASED.match(char))


_OTHER_CASED = re.compile("[\u02b0-\u02b8\u02c0\u02c1\u02e0-\u02e4\u0345\u037a\u1d2c-\u1d61\u2160-\u217f\u24b6-\u24e9]")
_EAST_ASIAN = re.compile(
    "[\u3005\u4e00-\u9fa5\uf900-\ufa2d\u30a1-\u30fa\u30fd\u30fe\u3041-\u3094\u309d\u309e\u309b\u309c\u30fb\u30fc]"
)
_MARKS = {
    '"': "B",
    "'": "B",
    ".": "B",
    "\xad": "W",
    "\u2027": "W",
    ",": "N",
    "\u066b": "N",
    "\u0964": "H",
    "\u0965": "H",
}
_KINDS = {"Mc": "L", "Mn": "E", "Me": "E", "Cf": "I", "Pd": "W", "Pc": "W"}


@lru_cache(maxsize=4096)
def _kind(char: str) -> str:
    """What a character is to the word rules: L letter, D digit, E joined to one of them, I ignored, X no part of a
    word; marks: W inside words, N inside numbers, B inside both, H behind a word.
    """
    if char in _MARKS:
        return _MARKS[char]
    category = unicodedata.category(char)
    if kind := _KINDS.get(category):
        return kind
    # Java's rules look at halves of characters beyond U+FFFF
    apart = char > "\uffff" or _EAST_ASIAN.match(char)
    return "X" if apart else {"L": "L", "N": "D"}.get(category[0], "X")
