"""One measured rate, with where it is from and what was done to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext
from typing import Literal

from regcore.errors import DatasetError
from regcore.files.number_input import parse_decimal

#: A rate is of one device inside the model's execution only, of everything from files to results,
#: or of a stage of the benchmark tool's pipeline.
RateKind = Literal["interface", "end-to-end", "read", "preprocess", "infer", "post"]

#: Nothing that is measured here lies outside of these; a rate of 0 is of a run that did nothing.
_LOWEST, _HIGHEST = Decimal("1e-6"), Decimal("1e12")
_LARGEST_BATCH = 1 << 24
_SHOWN = 40
#: The digits of a quotient with as many decimals as may be asked for.
_DIGITS = 200


@dataclass(frozen=True)
class MeasuredRate:
    """images/s of a device at one batch size.

    measured, unit: as in the file. images_per_s: what the rules make of it, exactly.
    rules: in words, as "x 16 images a query". line: of the file, from 1; None where it has no
    lines that mean anything. devices: of how many it is the sum.
    """

    batch: int
    images_per_s: Decimal
    measured: Decimal
    unit: str
    file: str
    line: int | None
    rules: tuple[str, ...] = ()
    devices: int = 1

    @property
    def source(self) -> str:
        """`FILE:LINE`."""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def times(self, factor: int, rule: str) -> MeasuredRate:
        """The same, multiplied."""
        return replace(self, images_per_s=self.images_per_s * factor, rules=(*self.rules, rule))

    def plus(self, other: MeasuredRate) -> MeasuredRate:
        """With the rate of another device, at the same batch size."""
        added = f"+ {plain(other.images_per_s)} images/s of {other.source}"
        return replace(
            self,
            images_per_s=self.images_per_s + other.images_per_s,
            rules=(*self.rules, added),
            devices=self.devices + other.devices,
        )


def measured_cell(
    batch: int, value: str, file: str, line: int | None, unit: str = "images/s"
) -> MeasuredRate:
    """A cell to which no rule has been applied. value: a decimal number as text.

    Raises DatasetError for what is no rate of anything, or a batch size that none has.
    """
    place = file if line is None else f"{file}:{line}"
    if not 1 <= batch <= _LARGEST_BATCH:
        raise DatasetError(f"{place}: {batch} is no batch size")
    try:
        rate = parse_decimal(value)
    except ValueError as error:
        raise DatasetError(f"{place}: {error}") from error
    if not _LOWEST <= rate <= _HIGHEST:
        raise DatasetError(f"{place}: {value[:_SHOWN]} is no rate")
    return MeasuredRate(batch, rate, rate, unit, file, line)


def plain(value: Decimal) -> str:
    """Without an exponent or zeros at the end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rounded(value: Decimal, decimals: int) -> str:
    """To so many decimals, without zeros at the end."""
    with localcontext(Context(prec=_DIGITS)):
        return plain(round(value, decimals))


def best(cells: Sequence[MeasuredRate]) -> MeasuredRate | None:
    """The one with the highest rate."""
    return max(cells, key=lambda cell: cell.images_per_s, default=None)
