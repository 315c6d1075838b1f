"""The evidence file: what was asked, every decision in its order, and what the test says of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec import UNSET

from regcore.counted import counted
from regcore.errors import DatasetError, MismatchError, OutputError, UsageError
from regcore.files.input_file import read_input
from regcore.files.json_input import as_form, parse_json
from regcore.files.lock import open_locked
from regcore.schemas import json_form
from regcore.schemas.fields import as_dict
from regcore.trust.certify.canary import CanaryResult
from regcore.trust.certify.chained_lines import ChainedLines, chained, read_chained
from regcore.trust.certify.evidence_form import (
    CanaryLine,
    Decision,
    EvidenceForm,
    Finding,
    FindingLine,
)
from regcore.trust.certify.order import draw_key

if TYPE_CHECKING:
    from typing_extensions import Self

_MAX_BYTES = 1 << 31


@dataclass(frozen=True)
class Evidence:
    """What stands in an evidence file; verdict: None where the test has not ended.

    chain: of the last line. torn: whether a line was not written whole behind it.
    """

    head: EvidenceForm
    canary: CanaryResult | None
    decisions: tuple[Decision, ...]
    verdict: Finding | None
    chain: str
    torn: bool


def read_evidence(path: Path) -> Evidence:
    """Reads and checks a file; raises DatasetError for what is no evidence.

    Raises MismatchError, which names the line, where the chain is broken, an image is there twice
    or out of its order, or something follows the verdict.
    """
    content = read_input(path, _MAX_BYTES)
    lines = _own_lines(content, path)
    return _parsed(lines, path)


def _own_lines(content: bytes, path: Path) -> ChainedLines:
    first = content.partition(b"\n")[0]
    if not first.startswith(_BEGIN):
        raise DatasetError(f"{path}: is no evidence of 'regcore certify'")
    return read_chained(content, path)


_BEGIN = b'{"format": {"name": "regcore evidence"'


def _parsed(lines: ChainedLines, path: Path) -> Evidence:
    if not lines.lines:
        raise DatasetError(f"{path}: its first line is not whole")
    head = parse_json(lines.lines[0], EvidenceForm, f"{path}, line 1")
    if head.format != json_form("evidence"):
        raise DatasetError(f"{path}: is of another version of regcore")
    canary: CanaryResult | None = None
    verdict: Finding | None = None
    decisions: list[Decision] = []
    before = b""
    for number, line in enumerate(lines.lines[1:], 2):
        where = f"{path}, line {number}"
        found = parse_json(line, dict[str, Any], where)
        if verdict is not None:
            raise MismatchError(f"{where}: follows the verdict")
        if "image" in found:
            decisions.append(as_form(found, Decision, where))
            key = draw_key(head.seed, decisions[-1].image)
            if key <= before:
                raise MismatchError(f"{where}: {decisions[-1].image} is not in the seed's order")
            before = key
        elif "canary" in found:
            canary = as_form(found, CanaryLine, where).canary
        else:
            verdict = as_form(found, FindingLine, where).verdict
    if len(decisions) > head.images:
        has = counted(len(decisions), "decision")
        raise MismatchError(f"{path}: has {has} of {counted(head.images, 'image')}")
    return Evidence(head, canary, tuple(decisions), verdict, lines.chain, lines.torn)


class EvidenceFile:
    """An evidence file that is written, by one process at a time; a context manager.

    found: what stands in it from before, None where it is new. chain: of the last line so far.
    """

    def __init__(self, path: Path, head: EvidenceForm) -> None:
        """Begins a new file, or goes on with that of the same head, date and environment aside.

        Raises UsageError where the file is of another question (another seed, too), and what
        read_evidence does.
        """
        self._path = path
        self._file: BinaryIO = open_locked(path)
        self.found: Evidence | None = None
        self.chain = ""
        try:
            self._begin(head)
        except BaseException:
            self._close()
            raise

    def _begin(self, head: EvidenceForm) -> None:
        if not os.fstat(self._file.fileno()).st_size:
            self.add([as_dict(head)])
            return
        content = read_input(self._path, _MAX_BYTES)
        if not content.startswith(_BEGIN):
            raise UsageError(
                f"{self._path}: is there and is no evidence of 'regcore certify'; give another file"
            )
        lines = _own_lines(content, self._path)
        self.found = _parsed(lines, self._path)
        _check_same(self.found.head, head, self._path)
        self.chain = lines.chain
        self._file.truncate(lines.end)

    def add(self, contents: Iterable[dict[str, Any]]) -> None:
        """Appends lines, and has them on the disk. Raises OutputError."""
        written = []
        for content in contents:
            line, self.chain = chained(content, self.chain)
            written.append(line)
        try:
            self._file.write(b"".join(written))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputError(f"{self._path}: cannot write: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        """Closes the file. What a full disk did not take, `add` has told: closing tries again."""
        with suppress(OSError):
            self._file.close()


#: What is not the same, in words; all else is named as it is.
_WORDS = {
    "seed": "seed",
    "order": "list of images",
    "alpha": "error rate",
    "port": "port",
    "reference": "reference",
    "test": "version of the test",
}


def _check_same(found: EvidenceForm, wanted: EvidenceForm, path: Path) -> None:
    """A test goes on with its own question, or not at all."""
    there = replace(found, date=wanted.date, environment=wanted.environment, chain=UNSET)
    a, b = as_dict(there), as_dict(wanted)
    keys = [key for key in b if a.get(key) != b[key]]
    if "seed" in keys and "order" in keys:
        keys.remove("order")  # which follows from the seed
    other = [_WORDS.get(key, key) for key in keys]
    if other:
        raise UsageError(
            f"{path}: is the evidence of another question: it has another {', '.join(other)} "
            f"(seed {found.seed}, margin {found.margin}, alpha {found.alpha:g}); a test goes on as "
            "it began, and another one needs a file of its own"
        )
