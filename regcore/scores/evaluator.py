"""What all counts of scores have in common with the metrics of torchmetrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from typing_extensions import Self


class Evaluator(ABC):
    """Counts images batch by batch: `update`, `compute`, `reset`, `merge`, and a call.

    A call counts a batch as `update` does, and returns what `compute` says of that batch alone.
    """

    @abstractmethod
    def reset(self) -> None:
        """Forgets all images; the settings stay."""

    @abstractmethod
    def compute(self) -> dict[str, float]:
        """What the images so far come to, by name: shares from 0 to 1, NaN where there are none."""

    @abstractmethod
    def update(self, scores: Any, labels: ArrayLike) -> None:  # noqa: ANN401
        """Adds images, all or (where it raises) none."""

    @abstractmethod
    def merge(self, other: Self) -> None:
        """Adds the images of another count of the same kind and settings; ValueError else."""

    def __call__(self, scores: Any, labels: ArrayLike) -> dict[str, float]:  # noqa: ANN401
        """Adds images as `update`, and returns what `compute` says of these alone."""
        batch = self._alone()
        batch.update(scores, labels)
        self.merge(batch)
        return batch.compute()

    def _alone(self) -> Self:
        """One with the same settings and no images; `reset` gives it counts of its own."""
        alone = copy(self)
        alone.reset()
        return alone
