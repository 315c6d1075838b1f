"""A log line by line, and the values of a row while they are gathered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from regcore.errors import LogError
from regcore.files.number_input import parse_count, parse_float
from regcore.formats.trtexec.result import Found, Row

#: trtexec's own stamp and level, wherever they stand: whatever is in front is somebody else's.
_STAMPED = re.compile(r"\[[0-9]{2}/[0-9]{2}/[0-9]{4}-[0-9]{2}:[0-9]{2}:[0-9]{2}\] \[([VIWEF])\] ?")
_LEVEL = re.compile(r"\[([VIWEF])\] ?")
#: What programs that keep logs put in front of a line: a quotation's marks, a bracket, the time,
#: a level, a container's name or stream.
_PREFIX = re.compile(
    r"[\s#>|]+"
    r"|\[[^\[\]]{0,80}\](?=\s|\[)"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.,]{5,18}(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?(?=\s)"
    r"|[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?=\s)"
    r"|(?:TRACE|DEBUG|INFO|WARNING|WARN|ERROR)(?=[\s:])[\s:-]+"
    r"|(?:stdout|stderr) [FP](?=\s)"
    r"|[\w.-]{1,64} +\| "
)
#: Behind this place no prefix is looked for.
_PREFIX_CHARACTERS = 400
_SHOWN = 40
#: Characters of a message, in which a line of the log may stand.
_LONGEST = 300


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
        short = detail if len(detail) <= _LONGEST else f"{detail[:_LONGEST]}..."
        raise LogError(self.path, number, short)

    def number(self, number: int, text: str, what: str) -> Found[float]:
        """The finite number >= 0 in the line `number`, which is `what`."""
        try:
            return Found(parse_float(text), number)
        except ValueError:
            self.fail(number, f"{what} is {text[:_SHOWN]!r}, which is no measurement")

    def count(self, number: int, text: str, what: str) -> Found[int]:
        """The whole number >= 1 in the line `number`, which is `what`."""
        try:
            return Found(parse_count(text, least=1), number)
        except ValueError as error:
            self.fail(number, f"{what}: {error}")


def _lines(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        level, begin = _begin(line)
        yield Line(number, level, line[begin:].strip(" \t#>"))


def _begin(line: str) -> tuple[str, int]:
    """The level of a line, and where its text begins."""
    stamped = _STAMPED.search(line, 0, _PREFIX_CHARACTERS)
    if stamped is not None:
        return stamped[1], stamped.end()
    place = 0
    while place < _PREFIX_CHARACTERS:
        level = _LEVEL.match(line, place)
        if level is not None:
            return level[1], level.end()
        prefix = _PREFIX.match(line, place)
        if prefix is None:
            break
        place = prefix.end()
    return "", place


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
        if rank is None:
            if part in self.values:
                self.log.fail(number, f"{self.name} has {part} twice")
            self.values[part] = found
            return
        percentage = self.log.number(number, rank, f"{self.name}, a percentage,").value
        if percentage in self.percentiles:
            self.log.fail(number, f"{self.name} has {part} twice")
        self.percentiles[percentage] = found

    def row(self) -> Row:
        """All of it; LogError where something is missing or out of order."""
        lacking = [part for part in ("min", "max", "median") if part not in self.values]
        if lacking:
            self._fail(f"has no {' and no '.join(lacking)}: it is cut short")
        low, high = self.values["min"].value, self.values["max"].value
        between = (self.values["median"], *self.percentiles.values())
        if any(not low <= found.value <= high for found in between):
            self._fail("has a median or percentile that is not between its min and max")
        if "mean" in self.values and not low <= self.values["mean"].value <= high:
            self._fail("has a mean that is not between its min and max")
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
