"""The tables of rates in a guide: a row for each batch size, a column for each device."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from regcore.files.number_input import parse_count, parse_decimal
from regcore.reports.guide_lint.text import (
    Note,
    guide_lines,
    of_accuracy,
    of_speed,
    of_time,
    plain_text,
)

_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"[\s:-]*")
_SIZE = re.compile(
    r"(.{0,60}?)[\s_-]*\b(?:bs|batch[ _]?size|batch)[ _=]?([0-9]{1,9})", re.IGNORECASE
)
_BARE = re.compile(r"[0-9]{1,9}")
_BARE_HEADER = re.compile(r"bs|batch(?:[ _-]?size)?|批次?(?:大小)?", re.IGNORECASE)
_BEST = re.compile(r"(?:最优|最佳|best)[\s_-]*(?:bs|batch(?:[ _-]?size)?|性能)?", re.IGNORECASE)
_UNIT = re.compile(
    r"\s*(?:fps|qps|(?:images?|imgs?|samples?|frames?)/s(?:ec)?|张/秒|倍)", re.IGNORECASE
)
_OF_DEVICE = re.compile(
    r"\s*[(\uff08/]\s*(?:fps|qps|images?/s|samples?/s)\s*[)\uff09]?|基准|单卡|性能|吞吐[率量]",
    re.IGNORECASE,
)
#: Quotients of devices that are not named: these columns are of no device.
_UNNAMED_RATIO = re.compile(r"(?:加速|提升|性能)比|倍[率数]|提升|speed-?\s?up|ratio", re.IGNORECASE)
_ABSENT = {"", "-", "--", "/", "\\", "—", "n/a", "na", "none", "无", "null"}
_TITLE = 40
_MOST_COLUMNS, _MOST_ROWS = 64, 1000


@dataclass(frozen=True)
class Figure:
    """A cell: its text as it stands there, and the rate or ratio that it is, if it is one."""

    text: str
    value: Decimal | None


@dataclass(frozen=True)
class TableRow:
    """line: its number. batch: its size, None for the best. figures: by the names of columns."""

    line: int
    batch: int | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class GuideTable:
    """A table with a row for each batch size.

    line: of its header. header: the names of the columns but the first. devices: of the columns
    with rates, by their places; ratios: of those with quotients, above and below as places.
    """

    line: int
    header: tuple[str, ...]
    devices: dict[int, str]
    ratios: dict[int, tuple[int, int]]
    rows: tuple[TableRow, ...]


def find_tables(lines: Sequence[str], notes: list[Note]) -> list[GuideTable]:
    """The tables of rates; what looks like one and is none is noted."""
    found = []
    for context, block in _blocks(lines, notes):
        table = _table(context, block, notes)
        if table is not None:
            found.append(table)
    return found


def _blocks(
    lines: Sequence[str], notes: list[Note]
) -> Iterator[tuple[str, list[tuple[int, list[str]]]]]:
    """Lines of bars that follow one another, with the heading and the title above them."""
    heading = above = ""
    block: list[tuple[int, list[str]]] = []
    last = 0
    for line in guide_lines([*lines, "end"], []):
        text = line.text.strip()
        if text.startswith("|"):
            if block and line.number != last + 1:
                yield f"{heading} {above}", block
                block = []
            cells = [cell.strip() for cell in _BAR.split(text.removeprefix("|").removesuffix("|"))]
            block.append((line.number, cells))
            last = line.number
            continue
        if block:
            yield f"{heading} {above}", block
            block, above = [], ""
        if line.heading:
            heading, above = text, ""
        elif text:
            is_title = len(text) <= _TITLE or text.endswith((":", "\uff1a"))
            above = text[-_TITLE:] if is_title else ""
        if "<table" in text.casefold():
            notes.append(Note(line.number, "a table in HTML, which is not read"))


def _table(
    context: str, block: list[tuple[int, list[str]]], notes: list[Note]
) -> GuideTable | None:
    (line, first), *others = block
    header = [plain_text(text) for text in first]
    rows = [(number, texts) for number, texts in others if not _is_rule(texts)]
    sizes = _sizes(header[0], [plain_text(texts[0]) for _, texts in rows])
    if not any(size is not None for size in sizes):
        if of_speed(" ".join(header)):
            notes.append(Note(line, "a table whose rows are no batch sizes, which is not read"))
        return None
    if of_accuracy(context) or of_time(context):
        notes.append(Note(line, "a table of accuracies or times, which is not compared"))
        return None
    if len(header) > _MOST_COLUMNS or len(rows) > _MOST_ROWS:
        notes.append(Note(line, "a table of more columns or rows than any of rates has"))
        return None
    names = header[1:]
    devices, ratios = _columns(line, names, notes)
    kept = []
    for (number, texts), size in zip(rows, sizes, strict=True):
        if size is None:
            continue
        figures = [_figure(text) for text in texts[1 : len(header)]]
        figures += [Figure("", None)] * (len(names) - len(figures))
        kept.append(TableRow(number, None if size == 0 else size, tuple(figures)))
    devices = {place: name for place, name in devices.items() if not _of_percentages(kept, place)}
    ratios = {place: ends for place, ends in ratios.items() if devices.keys() >= set(ends)}
    table = GuideTable(line, tuple(names), devices, ratios, tuple(kept))
    notes += _unread(table)
    return table


def _sizes(corner: str, names: list[str]) -> list[int | None]:
    """The batch size of each row, 0 for the best; None of what is no row of a batch."""
    bare = _BARE_HEADER.fullmatch(corner) is not None
    sizes: list[int | None] = []
    models: set[str] = set()
    for name in names:
        found = _SIZE.fullmatch(name)
        if found is not None and int(found[2]):
            models.add(found[1])
            sizes.append(parse_count(found[2]))
        elif bare and _BARE.fullmatch(name) and int(name):
            sizes.append(int(name))
        else:
            sizes.append(0 if _BEST.fullmatch(name) else None)
    # Logs of several models in one table cannot be told apart.
    if len(models) > 1 or not any(sizes):
        return [None for _ in names]
    return sizes


def _columns(
    line: int, names: list[str], notes: list[Note]
) -> tuple[dict[int, str], dict[int, tuple[int, int]]]:
    """Which columns are of devices, and which are quotients of two of these."""
    devices = {}
    for place, name in enumerate(names):
        if "/" not in name and _UNNAMED_RATIO.search(name):
            notes.append(Note(line, f"the column {name} does not say what is divided by what"))
            continue
        device = _OF_DEVICE.sub("", name).strip()
        if device and "/" not in device and not of_accuracy(name) and not of_time(name):
            devices[place] = device
    by_name: dict[str, int] = {}
    twice = set()
    for place, device in devices.items():
        if by_name.setdefault(device.casefold(), place) != place:
            twice.add(device.casefold())
    notes += [Note(line, f"several columns are called {name}, none is compared") for name in twice]
    devices = {place: name for place, name in devices.items() if name.casefold() not in twice}
    ratios = {}
    for place, name in enumerate(names):
        above, bar, below = _OF_DEVICE.sub("", name).casefold().partition("/")
        if not bar:
            continue
        ends = [by_name.get(end.strip()) for end in (above, below)]
        if ends[0] in devices and ends[1] in devices:
            ratios[place] = (ends[0] or 0, ends[1] or 0)
        else:
            notes.append(Note(line, f"the column {name} is no quotient of two other columns"))
    return devices, ratios


def _figure(text: str) -> Figure:
    cleaned = plain_text(text)
    unit = _UNIT.search(cleaned)
    number = cleaned[: unit.start()] if unit and unit.end() == len(cleaned) else cleaned
    try:
        return Figure(cleaned, parse_decimal(number, thousands=True))
    except ValueError:
        return Figure(cleaned, None)


def _of_percentages(rows: Sequence[TableRow], place: int) -> bool:
    """Whether a column holds accuracies."""
    texts = [row.figures[place].text for row in rows]
    return all("%" in text for text in texts if text.casefold() not in _ABSENT) and any(texts)


def _unread(table: GuideTable) -> Iterator[Note]:
    for row in table.rows:
        for place in (*table.devices, *table.ratios):
            figure = row.figures[place]
            if figure.value is None and figure.text.casefold() not in _ABSENT:
                name = table.header[place]
                yield Note(row.line, f"{figure.text[:40]!r} in the column {name} is no rate")


def _is_rule(texts: list[str]) -> bool:
    return all(_RULE.fullmatch(text) for text in texts)
