"""How far a stage's results are from the reference's, picture by picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]


@dataclass
class Differences:
    """Sums over pictures. Values of pictures with other sides are in no sum but `other_sides`."""

    compared: int = 0
    equal: int = 0
    values: int = 0
    differing: int = 0
    largest: float = 0.0
    total: float = 0.0
    differs: list[str] = field(default_factory=list)
    other_sides: list[str] = field(default_factory=list)

    def add(self, name: str, found: Values, right: Values) -> None:
        """The result of one picture. A value that is NaN differs, by as much as can be told."""
        self.compared += 1
        if found.shape != right.shape:
            self.differs.append(name)
            self.other_sides.append(name)
            return
        apart = np.abs(found.astype(np.float64) - right.astype(np.float64))
        apart = np.nan_to_num(apart, nan=np.inf, posinf=np.inf)
        differing = int(np.count_nonzero(apart))
        self.values += apart.size
        self.differing += differing
        if differing:
            self.differs.append(name)
            finite = apart[np.isfinite(apart)]
            self.largest = max(self.largest, float(finite.max(initial=0.0)))
            self.total += float(finite.sum())
        else:
            self.equal += 1

    @property
    def percent(self) -> float:
        """Of the values, those that differ."""
        return 100 * self.differing / self.values if self.values else 0.0

    @property
    def mean(self) -> float:
        """Of all values."""
        return self.total / self.values if self.values else 0.0


def same(found: Values, right: Values) -> bool:
    """Whether two results have the same sides and values."""
    return found.shape == right.shape and bool(np.array_equal(found, right))
