"""What is known of a column: its type, and what its numbers mean, as Spark's ML attributes tell it.

Spark's `ml/attribute/attributes.scala` and `AttributeGroup.scala`, 4.3. They travel with the column from the stage that
makes it to those that ask: for labels, for sizes, for features by name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Type: TypeAlias = Literal[
    "any",
    "number",
    "decimal",
    "boolean",
    "string",
    "vector",
    "array<string>",
    "array<number>",
    "array<vector>",
    "array",
]
"""A column's type as far as a row of JSON can tell: `number` is every numeric type of SQL, `any` is not known.

`decimal` is a number that may be one of SQL's decimals. They are served as doubles, whose text is another.
"""
MOST_NAMED = 65_536
"""The most numbers of a vector to each of which a stage gives a meaning, unless it was given them itself."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What one number means. `values`: a nominal or binary one's labels, if they are known; `n_values`: how many."""

    name: str | None = None
    kind: Literal["unresolved", "numeric", "nominal", "binary"] = "numeric"
    values: tuple[str, ...] | None = None
    n_values: int | None = None

    @property
    def cardinality(self) -> int | None:
        """How many values a nominal or binary number has, if that is known."""
        if self.values is not None:
            return len(self.values)
        return 2 if self.kind == "binary" else self.n_values

    def named(self, name: str | None) -> Attribute:
        """The same under another name."""
        return replace(self, name=name)


@dataclass(frozen=True, slots=True)
class Field:
    """A column. `attribute`: what its numbers mean, where it holds one in each row.

    `size`: how many numbers its vectors hold; `members`: what each of them means. None: not known. Members without a
    size: what they mean if the vectors turn out to hold as many numbers as there are members.
    """

    type: Type = "any"
    attribute: Attribute | None = None
    size: int | None = None
    members: tuple[Attribute, ...] | None = None

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The labels of a nominal or binary column."""
        return self.attribute.values if self.attribute else None

    def fits(self, asked: Field) -> bool:
        """Whether this column may be what a stage asks for; what is not known may be anything."""
        same = "any" in (self.type, asked.type) or _family(self.type) == _family(asked.type)
        return same and (None in (self.size, asked.size) or self.size == asked.size)


def vector(size: int | None = None, members: tuple[Attribute, ...] | None = None) -> Field:
    """A column of vectors."""
    return Field("vector", size=len(members) if members is not None else size, members=members)


NUMBER = Field("number")
STRING = Field("string")
STRINGS = Field("array<string>")
ANY = Field()


def _family(type_: Type) -> str:
    """Every array fits an array of what is not known."""
    return "array" if type_.startswith("array") else "number" if type_ == "decimal" else type_
