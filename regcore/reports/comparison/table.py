"""Cells as the guide's table of section 7.4: batches down, devices and their ratios across."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regcore.counted import agreeing
from regcore.errors import MismatchError, UsageError
from regcore.formats.rate import MeasuredRate, RateKind, best, rounded
from regcore.reports.comparison.accuracy import Accuracy
from regcore.reports.comparison.ports import Port
from regcore.reports.comparison.sources import Source

_BEST = "best"
_TWO = 2


@dataclass(frozen=True)
class Column:
    """A device. chips: of its card, by which the rate of one was multiplied.

    cells: rates by batch size. accuracies: by rank and batch size, None where none is told.
    left_out: sentences on files beside them that were not taken.
    """

    name: str
    cells: Mapping[int, MeasuredRate]
    accuracies: Mapping[tuple[int, int | None], Accuracy]
    chips: int = 1
    left_out: tuple[str, ...] = ()

    def at(self, batch: int | None) -> MeasuredRate | None:
        """The cell of a batch size; of None, the best."""
        return best(list(self.cells.values())) if batch is None else self.cells.get(batch)


@dataclass(frozen=True)
class Ratio:
    """One column divided by another, to so many decimals."""

    above: str
    below: str
    decimals: int = 8

    @property
    def name(self) -> str:
        """`310P/310`."""
        return f"{self.above}/{self.below}"


@dataclass(frozen=True)
class Comparison:
    """metric: what the cells are; columns and ratios in the order of the table.

    against: the column that counts as right, to which `ports` compares all runs.
    """

    metric: RateKind
    columns: tuple[Column, ...]
    ratios: tuple[Ratio, ...]
    against: str | None = None
    ports: tuple[Port, ...] = ()

    @property
    def rows(self) -> tuple[tuple[str, int | None], ...]:
        """Names and batch sizes of the rates, the best last; empty where there are none."""
        batches = sorted({batch for column in self.columns for batch in column.cells})
        if not batches:
            return ()
        return (*((f"bs{batch}", batch) for batch in batches), (_BEST, None))

    @property
    def accuracy_rows(self) -> tuple[tuple[str, tuple[int, int | None]], ...]:
        """Names, ranks and batch sizes of the accuracies."""
        found = {place for column in self.columns for place in column.accuracies}
        return tuple(
            (f"Top{rank}" + (f" bs{batch}" if batch is not None else ""), (rank, batch))
            for rank, batch in sorted(found, key=lambda place: (place[1] or 0, place[0]))
        )

    @property
    def incomplete(self) -> tuple[str, ...]:
        """A sentence on each evaluation that is not complete."""
        sentences = {
            f"{column.name}: INCOMPLETE, {accuracy.counted} "
            f"{agreeing(accuracy.expected_images or 0, 'image', 'images')}, {accuracy.file}": None
            for column in self.columns
            for accuracy in column.accuracies.values()
            if not accuracy.complete
        }
        return tuple(sentences)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What was left out, and what keeps the accuracies from being of the same images."""
        left_out = tuple(line for column in self.columns for line in column.left_out)
        counts = {
            column.name: accuracy.expected_images
            for column in self.columns
            for accuracy in column.accuracies.values()
            if accuracy.expected_images is not None
        }
        if len(set(counts.values())) < _TWO:
            return left_out
        told = ", ".join(f"{name} {images:,}" for name, images in counts.items())
        return (*left_out, f"the accuracies are not of the same images: {told}")

    def ratio(self, ratio: Ratio, batch: int | None) -> str:
        """As text; empty where one of the cells is missing."""
        by_name = {column.name: column for column in self.columns}
        above, below = by_name[ratio.above].at(batch), by_name[ratio.below].at(batch)
        if above is None or below is None or not below.images_per_s:
            return ""
        return rounded(above.images_per_s / below.images_per_s, ratio.decimals)


def read_column(name: str, sources: Sequence[Source], metric: RateKind, chips: int = 1) -> Column:
    """A device's results. Raises MismatchError where two of them have the same row."""
    cells: dict[int, MeasuredRate] = {}
    accuracies: dict[tuple[int, int | None], Accuracy] = {}
    left_out: list[str] = []
    for found in (source.read(metric) for source in sources):
        left_out += found.left_out
        for cell in found.rates:
            if cell.batch in cells:
                raise _twice(f"{name} at batch {cell.batch}", cells[cell.batch], cell)
            if chips > 1 and cell.devices > 1:
                raise MismatchError(
                    f"{name} at batch {cell.batch} is the sum of {cell.devices} devices already; "
                    "leave out --chips"
                )
            cells[cell.batch] = cell.times(chips, f"x {chips} chips") if chips > 1 else cell
        for accuracy in found.accuracies:
            place = accuracy.rank, accuracy.batch
            if place in accuracies:
                raise _twice(f"{name}, Top{accuracy.rank},", accuracies[place], accuracy)
            accuracies[place] = accuracy
    return Column(name, cells, accuracies, chips, tuple(left_out))


def _twice(
    what: str, one: MeasuredRate | Accuracy, other: MeasuredRate | Accuracy
) -> MismatchError:
    return MismatchError(
        f"{what} has two results: {one.source} and {other.source}; give one of them"
    )


def compare(metric: RateKind, columns: Sequence[Column], ratios: Sequence[Ratio]) -> Comparison:
    """The table. Raises UsageError for a ratio of columns that are not there."""
    names = {column.name for column in columns}
    for ratio in ratios:
        for name in (ratio.above, ratio.below):
            if name not in names:
                raise UsageError(f"--ratio {ratio.name}: no column {name}")
    return Comparison(metric, tuple(columns), tuple(ratios))
