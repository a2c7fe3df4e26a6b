"""The words of a statement, and its numbers as Spark types them.

Spark's `SqlBaseLexer.g4` and `ParserUtils.unescapeSQLString`, 4.3. Comments are left out.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import NamedTuple

from ..errors import Unreadable
from ..values import text
from .expression import Literal
from .types import BIGINT, DOUBLE, INT, RANGES, decimal

_NUMBER = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?(bd|[dlsyf])?", re.IGNORECASE)


class Token(NamedTuple):
    """`kind`: word, quoted (in backticks), number, text, symbol or end."""

    kind: str
    text: str


_PATTERN = re.compile(
    r"""(?P<blank>\s+|--[^\n]*|/\*(?!\+).*?\*/)
    |(?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?(?:BD|bd|[A-Za-z])?(?![\w]))
    |(?P<word>[A-Za-z_]\w*)
    |`(?P<quoted>(?:[^`]|``)+)`
    |(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<symbol><=>|==|<>|!=|<=|>=|\|\||[-+*/%()=<>,.;!])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}


def tokens(statement: str) -> list[Token]:
    """All words of a statement, the end after them. Raises Unreadable."""
    found_so_far, at = [], 0
    while at < len(statement):
        found = _PATTERN.match(statement, at)
        if found is None or found.lastgroup is None:
            raise Unreadable(f"{statement[at : at + 12]!r} is not among what is evaluated of SQL")
        at, kind, value = found.end(), found.lastgroup, found[found.lastgroup]
        if kind == "text":
            value = _unescaped(value[1:-1])
        elif kind == "quoted":
            value = value.replace("``", "`")
        if kind != "blank":
            found_so_far.append(Token(kind, value))
    return [*found_so_far, Token("end", "")]


def _unescaped(value: str) -> str:
    def character(found: re.Match[str]) -> str:
        if found[1]:
            if 0xD800 <= int(found[1], 16) < 0xE000:
                raise Unreadable(f"the escape {found[0]!r}, half a character, is not read")
            return chr(int(found[1], 16))
        if found[2] in "%_":
            return found[0]
        if found[2].isdigit() and found[2] != "0":
            raise Unreadable(f"the escape {found[0]!r} is not read")
        return _ESCAPES.get(found[2], found[2])

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", character, value, flags=re.DOTALL)


def number(written: str) -> Literal:
    """A number as Spark types it: whole, decimal, or a double where it has an exponent or ends in D."""
    if len(written) > 400:
        raise Unreadable(f"a number of {len(written)} characters is not read")
    if not _NUMBER.fullmatch(written):
        raise Unreadable(f"the number {written} is not read")
    digits = written.rstrip("BDLbdlSYFsyfeE")
    suffix = written[len(digits) :].upper()
    if suffix == "D" or (not suffix and "e" in written.lower()):
        if math.isinf(float(digits)):
            raise Unreadable(f"the number {written} is too large for a double")
        return Literal(DOUBLE, float(digits), text(float(digits)))
    if suffix == "BD" or (not suffix and "." in digits):
        return _decimal(digits)
    if suffix not in ("", "L") or "." in digits or "e" in digits.lower():
        raise Unreadable(f"the number {written} is not read")
    value = int(digits)
    type_ = INT if not suffix and _fits(value, "int") else BIGINT
    return Literal(type_, value, str(value)) if _fits(value, type_.kind) else _decimal(digits)


def _fits(value: int, kind: str) -> bool:
    low, high = RANGES[kind]
    return low <= value <= high


def _decimal(digits: str) -> Literal:
    value = Decimal(digits)
    _, every, exponent = value.as_tuple()
    scale = max(0, -int(exponent))
    precision = max(len(every) + max(0, int(exponent)), scale)
    if precision > 38:
        raise Unreadable(f"the number {digits} has more than 38 digits")
    return Literal(decimal(precision, scale), value, format(value, "f"))
