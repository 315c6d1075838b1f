"""A log line by line, and the values of a row while they are gathered."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from regcore.errors import LogError
from regcore.trtexec_log.result import Found, Row

_LEVEL = re.compile(r"[\s#>]*(?:\[[0-9/:-]+\]\s*)*\[([VIWEF])\] ?")


@dataclass(frozen=True)
class Line:
    """A line without its time and level. level: V, I, W, E, F, or empty where it has none."""

    number: int
    level: str
    text: str


class Log:
    """The lines of a log, and how it fails. path: names it in errors."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = tuple(_lines(text))

    def said(self) -> Iterator[Line]:
        """Those that are neither warnings, errors nor the talk of --verbose."""
        return (line for line in self.lines if line.level in ("", "I"))

    def fail(self, number: int, detail: str) -> NoReturn:
        """Raises LogError for the line `number`."""
        raise LogError(self.path, number, detail)

    def number(self, number: int, text: str, what: str) -> Found[float]:
        """The finite number >= 0 in the line `number`, which is `what`."""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 <= value < math.inf:
            self.fail(number, f"{what} is {text!r}, which is no measurement")
        return Found(value, number)


def _lines(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        level = _LEVEL.match(line)
        rest = line[level.end() :] if level else line
        yield Line(number, level[1] if level else "", rest.strip(" \t#>"))


@dataclass
class RowValues:
    """The values of the row `name`, which begins at line `number`, while they are gathered."""

    log: Log
    name: str
    number: int
    values: dict[str, Found[float]] = field(default_factory=dict)
    percentiles: dict[float, Found[float]] = field(default_factory=dict)

    def add(self, number: int, text: str, part: str, rank: str | None) -> None:
        """Takes `text` of line `number` as min, max, mean or median; as percentile with a rank."""
        found = self.log.number(number, text, f"{self.name}, {part},")
        if part in self.values or (rank is not None and float(rank) in self.percentiles):
            self.log.fail(number, f"{self.name} has {part} twice")
        if rank is None:
            self.values[part] = found
        else:
            self.percentiles[float(rank)] = found

    def row(self) -> Row:
        """All of it; LogError where something is missing or out of order."""
        lacking = [part for part in ("min", "max", "median") if part not in self.values]
        if lacking:
            self._fail(f"has no {' and no '.join(lacking)}: it is cut short")
        low, high = self.values["min"].value, self.values["max"].value
        between = (self.values["median"], *self.percentiles.values())
        if any(not low <= found.value <= high for found in between):
            self._fail("has a median or percentile that is not between its min and max")
        return Row(
            name=self.name,
            line=self.number,
            min=self.values["min"],
            max=self.values["max"],
            mean=self.values.get("mean"),
            median=self.values["median"],
            percentiles=self.percentiles,
        )

    def _fail(self, detail: str) -> NoReturn:
        self.log.fail(self.number, f"{self.name} {detail}")
