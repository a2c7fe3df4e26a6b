r"""Java's regular expressions in Python's, as far as both mean the same.

`java/util/regex/Pattern.java`, OpenJDK 17 to 21. Taken over: literals and escapes, `.`, `^`, `$`, `\s \d \w` and their
opposites, `\h \v`, `\p{…}` of Unicode's general categories and of POSIX, classes of characters and ranges, groups,
look-around, alternatives, all quantifiers, `(?i)` for ASCII. Refused: what JDKs understand differently (`\b`), what
Python has no word for (classes in classes, `&&`), back references, other flags, and expressions that can match nothing,
for Java finds such matches inside of characters beyond U+FFFF. Characters are those of Python's Unicode, which may be
newer.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import chain

_TERMINATORS = r"\n\r\x85\u2028\u2029"
# At the end, or before a line terminator that ends the text, but not between the two characters of \r\n
_END = r"(?=(?:\r\n|[\r\x85\u2028\u2029])?\Z|(?<!\r)\n\Z)"
_HORIZONTAL = r"\t \xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_VERTICAL = r"\n-\r\x85\u2028\u2029"
_CONTROLS = {"t": r"\t", "n": r"\n", "r": r"\r", "f": r"\f", "a": r"\x07", "e": r"\x1b"}
_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0b\f\r",
}
_CATEGORY = re.compile("L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?")
_QUANTIFIER = re.compile(r"(?:[*?+]|\{(?P<least>\d{1,4})(?:,\d{0,4})?\})[?+]?")
_HEX = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|x\{([0-9a-fA-F]{1,6})\}")
_PROPERTY = re.compile(r"([pP])(?:([A-Z])|\{((?:gc=|general_category=)?\w+)\})", re.ASCII)
_GROUPS = ("(?<=", "(?<!", "(?i:", "(?:", "(?=", "(?!", "(?>")
_ASSIGNED = (range(0x40000), range(0xE0000, 0xE1000))
"""All characters but those without a meaning, of category C."""
_NAMED_GROUP = re.compile(r"\(\?<[a-zA-Z][a-zA-Z0-9]*>")
_LOOKS = ("(?=", "(?!", "(?<=", "(?<!")


class NotTranslated(ValueError):
    """A construct that is refused; the message names it."""


def compile_java(java: str) -> re.Pattern[str]:
    """The expression `java` as Java would compile it without flags. Raises NotTranslated."""
    flags = re.ASCII  # then \s, \d, \w and (?i) are Java's
    pattern = java.removeprefix("(?i)")
    if pattern != java:
        flags |= re.IGNORECASE
    if "(?i" in java and re.search(r"\\[pP]", java):
        raise NotTranslated("a \\p without regard to case")
    source = _Source(pattern)
    try:
        translated, least = source.alternatives()
        if not source.at_end():
            raise NotTranslated("a ) without its (")
        if not least:
            raise NotTranslated("an expression that can match nothing")
        return re.compile(translated, flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise NotTranslated(f"what Python refuses ({error})") from error


class _Source:
    """A pattern that is read from left to right. Each part comes with the least number of characters it matches."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def at_end(self) -> bool:
        return self._at == len(self._pattern)

    def alternatives(self) -> tuple[str, int]:
        translated, least = self._sequence()
        while self._takes("|"):
            other, other_least = self._sequence()
            translated, least = f"{translated}|{other}", min(least, other_least)
        return translated, least

    def _sequence(self) -> tuple[str, int]:
        parts, least = [], 0
        while not self.at_end() and self._pattern[self._at] not in "|)":
            part, part_least = self._part()
            if found := self._matched(_QUANTIFIER):
                count = found["least"]
                part_least *= int(count) if count is not None else found[0][0] == "+"
                part += found[0]
            parts.append(part)
            least += part_least
        return "".join(parts), least

    def _part(self) -> tuple[str, int]:
        for start in _GROUPS:
            if self._takes(start):
                return self._group(start, 0 if start in _LOOKS else 1)
        if self._matched(_NAMED_GROUP):
            return self._group("(?:", 1)
        if self._pattern.startswith("(?", self._at):
            raise NotTranslated(self._pattern[self._at : self._at + 4])
        if self._takes("("):
            return self._group("(?:", 1)
        if self._takes("["):
            return self._class(), 1
        if self._takes("\\Q"):
            quoted, _, rest = self._pattern[self._at :].partition("\\E")
            self._at = len(self._pattern) - len(rest)
            if not quoted:
                raise NotTranslated("an empty quotation")
            return re.escape(quoted), len(quoted)  # a quantifier behind it is for its last character, in both
        if self._takes("\\"):
            escaped, is_class = self._escape()
            return f"[{escaped}]" if is_class else escaped, 1
        char = self._next()
        if char in "*+?{":
            raise NotTranslated(f"{char} in a place where it is no literal")
        if char in "^$":
            return {"^": "^", "$": _END}[char], 0
        return (f"[^{_TERMINATORS}]" if char == "." else re.escape(char)), 1

    def _group(self, start: str, weight: int) -> tuple[str, int]:
        inside, least = self.alternatives()
        if not self._takes(")"):
            raise NotTranslated("a ( without its )")
        return f"{start}{inside})", least * weight

    def _class(self) -> str:
        negated = "^" if self._takes("^") else ""
        members: list[str] = []
        while not self._takes("]"):
            if self._pattern.startswith(("&&", "["), self._at):
                raise NotTranslated("&& or a class inside a class")
            first, is_class = self._member()
            if self._pattern.startswith("-", self._at) and not self._pattern.startswith("-]", self._at):
                self._next()
                last, last_is_class = self._member()
                if is_class or last_is_class or "\\-" in (first, last):
                    raise NotTranslated("a range that does not go from a character to a character")
                first = f"{first}-{last}"
            members.append(first)
        if not members:
            raise NotTranslated("an empty class")
        return f"[{negated}{''.join(members)}]"

    def _member(self) -> tuple[str, bool]:
        """One character of a class, or a class inside it, in the form that it has there."""
        if self._takes("\\"):
            return self._escape()
        char = self._next()
        if char == "[":
            raise NotTranslated("a class inside a class")
        return re.escape(char), False

    def _escape(self) -> tuple[str, bool]:
        """What follows a backslash, in the form that it has inside a class, and whether it is more than a character."""
        if found := self._matched(_HEX):
            code = int(found[1] or found[2] or found[3], 16)
            if code > sys.maxunicode or 0xD800 <= code <= 0xDFFF:
                raise NotTranslated(f"\\{found[0]}")
            return re.escape(chr(code)), False
        if found := self._matched(_PROPERTY):
            return _property(found[2] or found[3], negated=found[1] == "P"), True
        char = self._next()
        if char in "sSdDwW":
            return f"\\{char}", True
        if char in "hv":
            return (_HORIZONTAL if char == "h" else _VERTICAL), True
        if char in _CONTROLS:
            return _CONTROLS[char], False
        if char.isascii() and char.isalnum():
            raise NotTranslated(f"\\{char}")
        return re.escape(char), False

    def _matched(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self._pattern, self._at)
        if found:
            self._at = found.end()
        return found

    def _takes(self, text: str) -> bool:
        if not self._pattern.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _next(self) -> str:
        if self.at_end():
            raise NotTranslated("an end inside of an escape or a class")
        self._at += 1
        return self._pattern[self._at - 1]


def _property(name: str, *, negated: bool) -> str:
    """A POSIX class or a general category, in the form that it has inside a class."""
    category = name.removeprefix("Is") if name.startswith("Is") else name.rpartition("=")[2]
    if name in _POSIX:
        ranges = _ranges_of_posix(name)
    elif _CATEGORY.fullmatch(category):
        ranges = _ranges_of_category(category)
    else:
        raise NotTranslated(f"\\{'P' if negated else 'p'}{{{name}}}")
    if negated:
        edges = [-1, *(edge for ends in ranges for edge in ends), sys.maxunicode + 1]
        ranges = [(end + 1, start - 1) for end, start in zip(edges[::2], edges[1::2], strict=True) if end + 1 < start]
    return "".join(f"\\U{start:08x}-\\U{end:08x}" for start, end in ranges)


@cache
def _ranges_of_posix(name: str) -> list[tuple[int, int]]:
    inside = re.compile(f"[{_POSIX[name]}]")
    return _ranges(code for code in range(128) if inside.match(chr(code)))


@cache
def _ranges_of_category(category: str) -> list[tuple[int, int]]:
    codes = chain.from_iterable(_ASSIGNED)
    return _ranges(code for code in codes if unicodedata.category(chr(code)).startswith(category))


def _ranges(codes: Iterable[int]) -> list[tuple[int, int]]:
    """The first and the last of each run of ascending numbers."""
    ranges: list[tuple[int, int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1] = (ranges[-1][0], code)
        else:
            ranges.append((code, code))
    return ranges
