"""A guide's text: its logs and statements as evidence, and its table of rates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from regcore.comparison.cell import Cell, measured_cell
from regcore.errors import DatasetError

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_HEADING = re.compile(r"#{1,6} +(.*)")
_BATCH = re.compile(r"(?:batch_?size|batch|bs)[ _=]?([0-9]+)", re.IGNORECASE)
_INTERFACE = re.compile(rf"Interface throughputRate: *{_NUMBER}")
_QPS = re.compile(rf"Throughput: *{_NUMBER} *qps")
_PRODUCT = re.compile(rf"{_NUMBER} *[x\u00d7*] *([0-9]+) *= *{_NUMBER}")
_STATED = re.compile(
    rf"(?:吞吐率|throughput)[^0-9:\uff1a]*[:\uff1a] *{_NUMBER} *(fps|qps|images/s)"
)
_ROW = re.compile(r"(?:bs|batch) ?([0-9]+)")
_BEST = re.compile(r"best|最优", re.IGNORECASE)


@dataclass(frozen=True)
class Evidence:
    """What a line of a guide says of a device at a batch size.

    factor: where the line multiplies the rate of a log, by how much; product: what it makes of it.
    """

    device: str
    cell: Cell
    factor: int = 1
    product: Decimal | None = None


@dataclass(frozen=True)
class GuideTable:
    """A Markdown table with a row for each batch size.

    header: line number and the names of the columns; rows: line number, the batch size (None: the
    best) and the texts of the columns.
    """

    line: int
    header: tuple[str, ...]
    rows: tuple[tuple[int, int | None, tuple[str, ...]], ...]

    @property
    def devices(self) -> tuple[str, ...]:
        """Columns that are no ratio of two others."""
        return tuple(name for name in self.header if "/" not in name)


def read_lines(path: Path) -> list[str]:
    """The lines of a guide. Raises DatasetError."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from error


def find_table(lines: Sequence[str]) -> GuideTable | None:
    """The first table whose rows are batch sizes."""
    header: tuple[int, list[str]] | None = None
    rows: list[tuple[int, int | None, tuple[str, ...]]] = []
    for number, line in enumerate([*lines, ""], 1):
        texts = _table_cells(line)
        if texts is None:
            if rows and header is not None:
                return GuideTable(header[0], tuple(header[1][1:]), tuple(rows))
            header = None
        elif header is None:
            header = (number, texts)
        else:
            name = _ROW.fullmatch(texts[0])
            if name is not None:
                rows.append((number, int(name[1]), tuple(texts[1:])))
            elif _BEST.search(texts[0]):
                rows.append((number, None, tuple(texts[1:])))
    return None


def _table_cells(line: str) -> list[str] | None:
    line = line.strip()
    if not line.startswith("|"):
        return None
    return [text.strip() for text in line.strip("|").split("|")]


def find_evidence(file: str, lines: Sequence[str], devices: Sequence[str]) -> Iterator[Evidence]:
    """What logs and statements say, below headings that name a device, after a batch size."""
    device = batch = None
    for number, line in enumerate(lines, 1):
        heading = _HEADING.match(line)
        if heading is not None:
            device, batch = _named_device(heading[1], devices), None
            continue
        if device is None or line.lstrip().startswith("|"):
            continue
        sizes = _BATCH.findall(line)
        batch = int(sizes[-1]) if sizes else batch
        if batch is not None:
            yield from _in_line(file, number, line, device, batch)


def _in_line(file: str, number: int, line: str, device: str, batch: int) -> Iterator[Evidence]:
    for pattern, unit in ((_INTERFACE, "images/s"), (_QPS, "queries/s")):
        if found := pattern.search(line):
            yield Evidence(device, measured_cell(batch, found[1], file, number, unit))
    if found := _PRODUCT.search(line):
        cell = measured_cell(batch, found[1], file, number)
        yield Evidence(device, cell, int(found[2]), Decimal(found[3]))
    elif found := _STATED.search(line):
        yield Evidence(device, measured_cell(batch, found[1], file, number))


def _named_device(heading: str, devices: Sequence[str]) -> str | None:
    """The device that a heading names; of `310` and `310P` the longer name that is in it."""
    for name in sorted(devices, key=len, reverse=True):
        if re.search(rf"(?<![0-9A-Za-z.]){re.escape(name)}(?![0-9A-Za-z.])", heading):
            return name
    return None
