"""What the logs and statements in a guide say of its devices, line for line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from regcore.files.number_input import parse_count, parse_decimal
from regcore.reports.guide_lint.text import RATE, GuideLine, Note, guide_lines, of_speed

#: A log has the rate of one device or of queries, which a guide may multiply; the others are what
#: a guide makes of it. A run without images is only looked at where there is nothing else.
Kind = Literal["log", "queries", "stated", "product", "without images"]

_BATCH = re.compile(
    r"(?<![0-9A-Za-z])(?:batch[ _-]?size|batch|bs)[ _=-]{0,2}([0-9]{1,9})", re.IGNORECASE
)
_IN_NAME = re.compile(
    r"(?:batch_?size|batch|bs)[_-]?([0-9]{1,9})|(?<![0-9A-Za-z])([0-9]{1,9})bs", re.IGNORECASE
)
_WORD = re.compile(r"[A-Za-z0-9_./${}-]+")
_FILE_ENDS = (".txt", ".om", ".json", ".log", ".onnx")
_INTERFACE = re.compile(rf"Interface throughput ?Rate *[:\uff1a] *{RATE}", re.IGNORECASE)
_QPS = re.compile(rf"Throughput: *{RATE} *qps")
_AIS = re.compile(
    rf"throughput 1000\*batchsize(?:\.mean)?\(([0-9]{{1,9}})\)[^:]{{0,80}}: *{RATE}", re.IGNORECASE
)
_AIS_ALONE = re.compile(rf"throughput \(1000\*batchsize/NPU_compute_time\): *{RATE}", re.IGNORECASE)
_PURE = re.compile(rf"ave_throughputRate *[:=\uff1a] *{RATE}")
_TIMES = re.compile(
    rf"{RATE} {{0,4}}[xX\u00d7*] {{0,4}}([0-9]{{1,6}})(?![0-9.])(?: {{0,4}}= {{0,4}}{RATE})?"
)
_LATENCY = re.compile(
    rf"1000 *(?:/ *\( *{RATE} *(?:ms)? */ *([0-9]{{1,6}}) *\)|\* *([0-9]{{1,6}}) */ *{RATE})"
    rf" *= *{RATE}"
)
_STATED = re.compile(
    rf"(?:吞吐[率量]|throughput)[^0-9:\uff1a为]{{0,40}}[:\uff1a为] *{RATE}"
    r" *(?:fps|qps|images/s|既是|即是)",
    re.IGNORECASE,
)
#: Signs that make a multiplication a part of a longer one.
_JOINED = frozenset("xX\u00d7*/+-%^")
_BULLETS = ("*", "+", "-")
_SHORT = 24


@dataclass(frozen=True)
class Evidence:
    """What a line says.

    device: as the table calls it, None where none is named. batch: None where it is not told.
    measured: the figure of a log, factor: by how much the line multiplies it, written: what it
    makes of it, None where it leaves that open. own_batch: the size that the line's own arithmetic
    has in it. of_queries: whether it is a product of queries, as its unit says.
    """

    line: int
    device: str | None
    batch: int | None
    kind: Kind
    measured: Decimal
    factor: int = 1
    written: Decimal | None = None
    own_batch: int | None = None
    of_queries: bool = False


def find_evidence(
    lines: Sequence[str], devices: Sequence[str], notes: list[Note]
) -> Iterator[Evidence]:
    """What stands below headings, or in lines, that name a device, after a batch size."""
    named = _Devices(devices)
    device: str | None = None
    batch: int | None = None
    logged: set[Decimal] = set()
    for line in guide_lines(lines, notes):
        there = named.in_text(line.text)
        if line.heading:
            device, batch = there[0] if len(there) == 1 else None, _batch(line, None, [])
            continue
        if line.text.lstrip().startswith("|"):
            continue
        found = list(_in_line(line, logged))
        batch = _batch(line, batch, notes)
        if not found:
            if len(there) == 1 and _is_label(line.text, there[0]):
                device = there[0]
            continue
        of_line = device
        if len(there) == 1 and device is not None and there[0] != device:
            told = f"the line is of {there[0]}, but what stands above it is of {device}"
            notes.append(Note(line.number, told))
            of_line = None
        elif there:
            of_line = there[0] if len(there) == 1 else None
        for one in found:
            of_batch = one.own_batch or batch
            if batch is not None and of_batch != batch:
                told = f"the text says batch {batch}, the figure is of {of_batch}: not compared"
                notes.append(Note(line.number, told))
                of_batch = None
            yield replace(one, device=of_line, batch=of_batch)


class _Devices:
    """The names of the columns, as they are found in a text."""

    def __init__(self, names: Sequence[str]) -> None:
        self._patterns = [
            (
                name,
                re.compile(
                    rf"(?:(?<![0-9A-Za-z.,])|(?<=Ascend)){re.escape(name)}"
                    r"(?![0-9A-Za-z]|[.,][0-9]| *[xX\u00d7*] *[0-9])",
                    re.IGNORECASE,
                ),
            )
            for name in names
        ]

    def in_text(self, text: str) -> list[str]:
        return [name for name, pattern in self._patterns if pattern.search(text)]


def _is_label(text: str, device: str) -> bool:
    """Whether a line is but the name of a device, with a batch size perhaps."""
    text = text.strip(" \t*>:\uff1a-.").casefold()
    return len(text) <= _SHORT and text.startswith(device.casefold())


def _batch(line: GuideLine, context: int | None, notes: list[Note]) -> int | None:
    """The size that holds from this line on: the one that it names, in words or in a file's name.

    Several leave it open, and a name that contradicts the words is noted.
    """
    names = [word for word in _WORD.findall(line.text) if _is_file(word)]
    words = _WORD.sub(lambda word: " " if _is_file(word[0]) else word[0], line.text)
    in_words = {int(size) for size in _BATCH.findall(words)} - {0}
    in_names = {
        int(size) for name in names for pair in _IN_NAME.findall(name) for size in pair if size
    } - {0}
    if not in_words and not in_names:
        return context
    if len(in_words) == 1 and len(in_names) == 1 and in_words != in_names:
        (word,), (name,) = in_words, in_names
        notes.append(
            Note(line.number, f"the text says batch {word}, the file's name {name}: not compared")
        )
        return None
    told = in_words or in_names
    return told.pop() if len(told) == 1 else None


def _is_file(word: str) -> bool:
    return word.rstrip(".").endswith(_FILE_ENDS)


def _in_line(line: GuideLine, logged: set[Decimal]) -> Iterator[Evidence]:
    number, text = line.number, line.text
    if found := _AIS.search(text):
        own = parse_count(found[1])
        yield Evidence(number, None, None, "stated", _decimal(found[2]), own_batch=own or None)
        return
    for pattern, kind in _LOGS:
        if found := pattern.search(text):
            figure = _decimal(found[1])
            logged.add(figure)
            yield Evidence(number, None, None, kind, figure)
    if found := _LATENCY.search(text):
        latency, size = _decimal(found[1] or found[4]), parse_count(found[2] or found[3])
        if latency and size:
            exact = 1000 * size / latency
            yield Evidence(
                number, None, None, "product", exact, written=_decimal(found[5]), own_batch=size
            )
        return
    times = list(_multiplied(line, logged))
    yield from times
    if not times and (found := _STATED.search(text)):
        yield Evidence(number, None, None, "stated", _decimal(found[1]))


_LOGS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (_INTERFACE, "log"),
    (_QPS, "queries"),
    (_AIS_ALONE, "stated"),
    (_PURE, "without images"),
)


def _multiplied(line: GuideLine, logged: set[Decimal]) -> Iterator[Evidence]:
    """`263.872x4=1055.488`, of a figure of a log, or in a line that speaks of rates."""
    of_rates = of_speed(line.text)
    for found in _TIMES.finditer(line.text):
        before = line.text[: found.start()].strip()
        after = line.text[found.end() :].lstrip()[:1]
        if (before[-1:] in _JOINED and before not in _BULLETS) or after in _JOINED:
            continue
        factor, measured = parse_count(found[2]), _decimal(found[1])
        if not factor or not (of_rates or measured in logged):
            continue
        yield Evidence(
            line.number,
            None,
            None,
            "product",
            measured,
            factor=factor,
            written=None if found[3] is None else _decimal(found[3]),
            of_queries=line.text[found.end() :].lstrip().startswith("qps"),
        )


def _decimal(text: str) -> Decimal:
    return parse_decimal(text, thousands=True)
