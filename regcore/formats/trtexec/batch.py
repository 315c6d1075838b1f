"""How many images a query of trtexec has: everything that a log says of it, and no contradiction.

The line `Batch: N`, the command, the shapes of the inputs and who names the file are witnesses of
equal worth; where two of them disagree there is no number. Of an implicit batch (`--batch=N`)
trtexec counts the images itself, of an explicit one (`--shapes`) it counts queries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from regcore.counted import counted
from regcore.formats.trtexec.lines import Line, Log
from regcore.formats.trtexec.result import Found

_LINE = "Batch: "
_EXPLICIT = "Explicit"
_SHAPE_LINES = (
    "Input inference shape",
    "Input binding for ",
    "Created input binding for ",
)
_OVERRIDDEN = "Automatically overriding shape to: "
_IN_NAME = re.compile(r"(?:bs|batch(?:_?size)?)[_-]?([0-9]{1,9})", re.IGNORECASE)
#: An input with fewer dimensions may be an image without its batch.
_WITH_BATCH = 4


@dataclass(frozen=True)
class Command:
    """The options of trtexec in a log, and the line in which they stand."""

    line: int
    options: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        """The last value of an option, empty where it has none; None where it is not given."""
        return next((value for key, value in reversed(self.options) if key == name), None)


@dataclass(frozen=True)
class Batch:
    """How large a query is.

    size: its images; None where nothing tells it. counted: of these, how many trtexec has counted
    already, 1 where it counts queries. implicit: whether the log itself says so.
    """

    size: Found[int] | None
    counted: int = 1
    implicit: bool = False


def find_commands(log: Log) -> list[Command]:
    """The command lines in a log: of its first and last line, or pasted above an excerpt."""
    return [found for line in log.lines if (found := _command(line)) is not None]


def _command(line: Line) -> Command | None:
    _, program, rest = line.text.partition("trtexec")
    words = rest.split()
    given = [word[2:].partition("=") for word in words if word.startswith("--")]
    if not program or not given or line.level == "V":
        return None
    return Command(line.number, tuple((name, value) for name, _, value in given))


def find_batch(log: Log, commands: list[Command], told: int | None, told_by: str) -> Batch:
    """What all witnesses agree on. Raises LogError, with both lines, where two of them do not.

    told: the batch that `told_by`, the file's name, say, tells.
    """
    printed, explicit = _printed(log)
    implicit = [found for command in commands if (found := _option(log, command)) is not None]
    if printed is not None:
        implicit.insert(0, printed)
    if explicit is not None and implicit:
        log.fail(
            explicit.line or 0,
            f"the batch is {explicit.value} here, but "
            f"{counted(implicit[0].value, 'image is', 'images are')} asked for "
            f"in line {implicit[0].line}",
        )
    may_lack = printed is not None or (bool(implicit) and explicit is None)
    sizes = [*implicit, *_shapes(log, commands, may_lack_batch=may_lack or _one(log))]
    for found in sizes[1:]:
        if found.value != sizes[0].value:
            log.fail(
                found.line or 0,
                f"the batch is {found.value} here, but {sizes[0].value} in line {sizes[0].line}",
            )
    if sizes and told is not None and told != sizes[0].value:
        log.fail(
            sizes[0].line or 0,
            f"the batch is {sizes[0].value} here, not {told}, as {told_by} says",
        )
    asked = next((command for command in commands if command.get("shapes")), None)
    if implicit and printed is None and asked is not None:
        log.fail(
            asked.line,
            f"--shapes is of queries, but --batch in line {implicit[0].line} is of images: which "
            "of them was run?",
        )
    if not implicit:
        if told is not None and not sizes:
            _expect_named(log, commands, told, told_by)
        size = sizes[0] if sizes else None if told is None else Found(told, None)
        return Batch(size)
    if printed is None and len(sizes) == len(implicit) and told is None:
        # What was asked for is not always what ran.
        return Batch(None)
    return Batch(sizes[0], counted=sizes[0].value, implicit=True)


def _expect_named(log: Log, commands: list[Command], told: int, told_by: str) -> None:
    """A batch that nothing else tells must not be another than that in the engine's name."""
    for command in commands:
        named = _IN_NAME.findall((command.get("loadEngine") or "").rpartition("/")[2])
        others = [size for size in named if int(size) != told]
        if others:
            log.fail(
                command.line,
                f"the batch is {others[0]} in the engine's name, not {told}, as {told_by} says",
            )


def _printed(log: Log) -> tuple[Found[int] | None, Found[str] | None]:
    """The implicit batch in a line of its own, or the words that it is explicit."""
    for line in log.said():
        if line.text.startswith(_LINE):
            text = line.text.removeprefix(_LINE)
            if text.startswith(_EXPLICIT):
                return None, Found(_EXPLICIT, line.number)
            size = log.count(line.number, text, "the batch")
            # Some versions print 1 here also for an engine with an explicit batch.
            if size.value > 1:
                return size, None
    return None, None


def _one(log: Log) -> bool:
    """Whether the log says `Batch: 1`, as of an implicit batch, or of an engine."""
    return any(line.text == f"{_LINE}1" for line in log.said())


def _option(log: Log, command: Command) -> Found[int] | None:
    value = command.get("batch")
    if value is None or command.get("explicitBatch") is not None:
        return None
    size = log.count(command.line, value, "--batch")
    return size if size.value > 1 else None


def _shapes(log: Log, commands: list[Command], *, may_lack_batch: bool) -> Iterator[Found[int]]:
    """The first dimension of each shape of an input, where it is a batch."""
    for command in commands:
        # Those that an engine is optimised for are run where no others are given.
        shapes = command.get("shapes") or command.get("optShapes")
        for shape in shapes.split(",") if shapes else ():
            yield from _first(log, command.line, shape.rpartition(":")[2], may_lack_batch=False)
    for line in log.lines:
        shape = "" if line.level == "V" else _shape_in(line.text)
        yield from _first(log, line.number, shape, may_lack_batch=may_lack_batch)


def _shape_in(text: str) -> str:
    """The shape of an input in a line, or nothing."""
    if text.startswith(_SHAPE_LINES[0]):
        return text.rpartition("=")[2]
    if text.startswith(_SHAPE_LINES[1:]):
        return text.rpartition(" with dimensions ")[2].partition(" ")[0]
    return text.partition(_OVERRIDDEN)[2].partition(" ")[0]


def _first(log: Log, number: int, shape: str, *, may_lack_batch: bool) -> Iterator[Found[int]]:
    first, _, others = shape.strip("'\" .").partition("x")
    rank = 2 + others.count("x")
    if others and first.isdecimal() and not (may_lack_batch and rank < _WITH_BATCH):
        yield log.count(number, first, "the batch")
