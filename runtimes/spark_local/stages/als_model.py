"""ALSModel: the factors of a user times those of an item, added in single precision.

Spark's `ml/recommendation/ALS.scala`, 4.3 (2.x saves the same). An unknown user or item is NaN or, where
coldStartStrategy is `drop`, its row is dropped. Ids are whole numbers of 32 bits, and not null. Equal to the last bit.
Spark turns the columns of ids into integers on the way; here a row keeps what it brought.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..columns import Column
from ..errors import Rejected
from ..fields import NUMBER, Field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import kind

_END = 2**31
_Factors = npt.NDArray[np.float32]


@register
@dataclass(frozen=True, kw_only=True)
class ALSModel(Stage):
    """`users` and `items`: where the factors of an id stand in `factors`, (n_ids, rank) each, of single precision."""

    saved_as = ("org.apache.spark.ml.recommendation.ALSModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    drops_rows: bool
    users: Mapping[int, int]
    items: Mapping[int, int]
    factors: tuple[_Factors, _Factors]

    @classmethod
    def load(cls, saved: Saved) -> ALSModel:
        rank = saved.count("rank")
        users, of_users = _factors(saved, "userFactors", rank)
        items, of_items = _factors(saved, "itemFactors", rank)
        strategy = saved.text("coldStartStrategy", "nan").lower()
        if strategy not in ("nan", "drop"):
            raise saved.unreadable(f"coldStartStrategy is {strategy!r}, not nan or drop")
        return cls(
            inputs=(saved.column("userCol", "user"), saved.column("itemCol", "item")),
            outputs=(saved.column("predictionCol", "prediction"),),
            drops_rows=strategy == "drop",
            users=users,
            items=items,
            factors=(of_users, of_items),
        )

    def takes(self) -> Mapping[str, Field]:
        return dict.fromkeys(self.inputs, NUMBER)

    def makes(self) -> Mapping[str, Field]:
        return dict.fromkeys(self.outputs, NUMBER)

    def apply(self, *values: Any) -> tuple[float] | None:
        user_at = self.users.get(_id(values[0], self.inputs[0]))
        item_at = self.items.get(_id(values[1], self.inputs[1]))
        found = math.nan
        if user_at is not None and item_at is not None:
            products = self.factors[0][user_at] * self.factors[1][item_at]
            found = float(np.add.accumulate(products)[-1])
        return None if self.drops_rows and math.isnan(found) else (found,)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        if self.drops_rows:
            return None
        places = []
        for column, known in zip(columns, (self.users, self.items), strict=True):
            if not isinstance(column, list) or any(type(of) is not int or not -_END <= of < _END for of in column):
                return None
            places.append(np.array([known.get(of, -1) for of in column]))
        users, items = places
        products = self.factors[0][users] * self.factors[1][items]
        found = np.add.accumulate(products, axis=1)[:, -1].astype(np.float64)
        return (np.where((users < 0) | (items < 0), np.nan, found),)


def _factors(saved: Saved, name: str, rank: int) -> tuple[dict[int, int], _Factors]:
    table = saved.table(name)
    ids, features = saved.whole_numbers(table, "id"), saved.lists(table, "features")
    numbers = saved.items(features)
    if len(set(ids.tolist())) != len(ids) or not len(ids):
        raise saved.unreadable(f"the ids of {name} are none, or one stands there twice")
    if numbers.dtype != np.float32 or (features.lengths != rank).any():
        raise saved.unreadable(f"{name} has not {rank} numbers of single precision for each id")
    return {number: at for at, number in enumerate(ids.tolist())}, numbers.reshape(-1, rank)


def _id(value: object, column: str) -> int:
    if type(value) is int or (type(value) is float and value.is_integer()):
        if -_END <= value < _END:
            return int(value)
        raise Rejected(f"is {value}, which is no number of 32 bits", column)
    raise Rejected(f"should be a whole number, not {value if type(value) is float else kind(value)}", column)
