"""The words of a guide: its lines with their headings, numbers, batch sizes and units."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from regcore.files.input_file import read_input_text
from regcore.schemas.fields import Positive, described

#: The sizes of a guide, and of a line that is looked at: longer ones are pictures in letters.
_MAX_BYTES = 1 << 24
MAX_LINE = 1 << 14

#: A number as guides write it, from its first digit; the thousands may be apart.
RATE = (
    r"(?<![0-9.,])([0-9]{1,3}(?:,[0-9]{3}){1,4}(?:\.[0-9]{1,20})?(?![0-9])"
    r"|[0-9]{1,20}(?:\.[0-9]{1,20})?(?![0-9]))"
)
#: Two numbers behind a comma, of which the first has a point: no thousands.
_LISTED = re.compile(r"(\.[0-9]{1,20}),(?=[0-9])")

_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*)")
_FENCE = re.compile(r"\s{0,12}(?:```|~~~)")
_TAG = re.compile(r"<[^<>]{0,200}>")
_EMPHASIS = str.maketrans("", "", "*`_~")

_ACCURACY = re.compile(r"精度|准确率|accuracy|\bacc\b|acc@|top-?[15]|\bmap\b", re.IGNORECASE)
_SPEED = re.compile(
    r"性能|吞吐|速度|throughput|performance|fps|qps|images/s|samples/s", re.IGNORECASE
)
_TIME = re.compile(r"时延|延迟|耗时|latency|\bms\b|\(ms\)|毫秒", re.IGNORECASE)


@dataclass(frozen=True)
class Note:
    """What could not be read or settled: the line, and why."""

    line: Annotated[Positive, described("Its line.")]
    text: Annotated[str, described("What could not be read, or is told twice and differently.")]


@dataclass(frozen=True)
class GuideLine:
    """A line of a guide. heading: whether it is one; its text then is without the marks."""

    number: int
    text: str
    heading: bool = False


def read_lines(path: Path) -> list[str]:
    """The lines of a guide. Raises DatasetError for what is no text in UTF-8 or UTF-16."""
    return read_input_text(path, _MAX_BYTES).splitlines()


def guide_lines(lines: Sequence[str], notes: list[Note]) -> Iterator[GuideLine]:
    """Each line, but for those that are too long, which are noted."""
    fenced = False
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            notes.append(Note(number, f"{len(line)} characters in a line, which is not read"))
            continue
        if _FENCE.match(line):
            fenced = not fenced
        heading = None if fenced else _HEADING.match(line)
        if heading is not None:
            yield GuideLine(number, without_tags(heading[1]), heading=True)
        else:
            yield GuideLine(number, _LISTED.sub(r"\1, ", line))


def without_tags(text: str) -> str:
    """A text without HTML tags, in which anchors carry numbers."""
    return _TAG.sub(" ", text)


def plain_text(text: str) -> str:
    """A text without emphasis, tags and white space around it."""
    return without_tags(text).translate(_EMPHASIS).strip()


def of_accuracy(text: str) -> bool:
    """Whether words speak of accuracies, and of no rates."""
    return bool(_ACCURACY.search(text)) and not _SPEED.search(text)


def of_time(text: str) -> bool:
    """Whether words speak of times, and of no rates."""
    return bool(_TIME.search(text)) and not re.search(
        r"吞吐|throughput|fps|qps", text, re.IGNORECASE
    )


def of_speed(text: str) -> bool:
    """Whether words speak of rates."""
    return bool(_SPEED.search(text))
