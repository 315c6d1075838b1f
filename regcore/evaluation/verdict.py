"""Whether a port is as accurate as it should be: PASS, FAIL, or too few images to tell.

Against a published accuracy the rule looks at Wilson's 95 % interval of the run's own: PASS where
even its lower end is within the margin below the baseline, FAIL where even its upper end is not.
Against another run on the same images it looks at the 95 % interval of the change, by Agresti and
Min, in the same way. What lies between is UNDECIDED, and so is every run that is not complete, and
a gain on a published accuracy that chance does not explain: a port does not learn, so that it was
other images, or something differs in kind.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from regcore.errors import UsageError
from regcore.files.number_input import parse_float

_ALL = 100  # %


class Outcome(Enum):
    """What a reviewer reads first."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    UNDECIDED = "UNDECIDED"


@dataclass(frozen=True)
class Margin:
    """The drop that is allowed. unit: "pt", percentage points, or "%" of the accuracy before."""

    value: float
    unit: str

    @classmethod
    def parse(cls, text: str) -> Margin:
        """`1.0pt` or `1.0`, percentage points, or `1.0%`. Raises UsageError."""
        unit = "%" if text.rstrip().endswith("%") else "pt"
        with suppress(ValueError):
            value = parse_float(text.strip().removesuffix(unit))
            if value < _ALL:
                return cls(value, unit)
        raise UsageError(
            f"{text!r:.60} is not a margin: 1.0pt are percentage points, 1.0% is a part of the "
            "baseline"
        )

    def points(self, before: float) -> float:
        """In percentage points, below an accuracy of `before` percent."""
        return self.value if self.unit == "pt" else before * self.value / 100

    def __str__(self) -> str:
        return f"{self.value:g}{self.unit}"


def parse_accuracy(text: str) -> float:
    """An accuracy in percent: `77.862` or `77.862%`. Raises UsageError, also for a fraction."""
    try:
        value = parse_float(text.strip().removesuffix("%"))
    except ValueError as error:
        raise UsageError(f"an accuracy is a percentage as 77.862, but {error}") from error
    if not 0 <= value <= _ALL:
        raise UsageError(f"an accuracy lies between 0 and 100 %, not at {text}")
    if value <= 1 and not text.strip().endswith("%"):
        raise UsageError(
            f"{text} looks like a fraction, and a percentage is wanted: {100 * value:g}, or "
            f"{text}% if that is meant"
        )
    return value


def outcome_of(low: float, high: float, least: float, *, complete: bool) -> Outcome:
    """The rule, for the interval from `low` to `high` and the `least` value that is allowed."""
    if not complete:
        return Outcome.UNDECIDED
    if low >= least:
        return Outcome.PASS
    return Outcome.FAIL if high < least else Outcome.UNDECIDED


def overall(outcomes: list[Outcome]) -> Outcome:
    """FAIL if any fails, PASS if all pass."""
    if Outcome.FAIL in outcomes:
        return Outcome.FAIL
    return Outcome.UNDECIDED if Outcome.UNDECIDED in outcomes else Outcome.PASS
