"""The protocol of a metric: what counts scores against labels, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from numpy.typing import ArrayLike

from regcore.schemas.fields import described

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True)
class MetricValue:
    """A number with its unit, such as "%" or "images"; None where no image was counted."""

    value: Annotated[float | None, described("The number; null where no image was counted.")]
    unit: Annotated[str, described("Its unit, such as % or images.")]


class Measured(Protocol):
    """Numbers with a name, as they are shown and written beside TopN."""

    @property
    def name(self) -> str:
        """What it is called on the command line and in JSON."""

    def result(self) -> Mapping[str, MetricValue]:
        """The numbers by name; see Metric.result."""


class Metric(Protocol):
    """Counts the scores of images against their true classes.

    The result depends on the images alone: not on their order, on the borders of batches, or on
    how many processes counted them and were merged. A metric can be pickled, and a new one says
    what it has of no images.

    background: whether class 0 of the model is the background, so that label 0 is class 1. It is
    set before the first update, and not changed after it.
    """

    background: bool

    @property
    def name(self) -> str:
        """What the metric is called on the command line and in JSON."""

    def update(self, scores: Any, labels: ArrayLike) -> None:  # noqa: ANN401
        """Adds images, all or (where it raises) none.

        scores: [images, classes], as for `regcore.topk`; they are not kept. labels: int [images].
        """

    def merge(self, other: Self) -> None:
        """Adds the images of another metric of the same kind and settings; ValueError else."""

    def result(self) -> Mapping[str, MetricValue]:
        """The numbers so far by name, always the same names, in the order in which they are shown.

        A name is a key of JSON, such as `mean_confidence`. Counts of "images" are shown to people
        only where they are not 0.
        """
