"""The scores of an evaluation that is under way, so that it goes on after its process has died.

A file of one line of JSON, which says of what the scores are, and of a record for each batch, with
the scores as the backend gave them. A batch with an image that failed has none: it is run again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.files.checksum import checksum
from regcore.inference.score_record import (
    HEAD_BYTES,
    ScoredBatch,
    pack_record,
    unpack_body,
    unpack_head,
)

if TYPE_CHECKING:
    from typing_extensions import Self

JOURNAL = "run.scores.part"

#: Gives, for places of images, int64 [places, any number], what tells each from another image that
#: had its name before.
Versions = Callable[[NDArray[np.int64]], NDArray[np.int64]]

_LONGEST_LINE = 1 << 16
#: Only a kill can lose what was scored in so many seconds, or up to so many bytes.
_WRITTEN_EVERY = 1.0
_WRITTEN_AT = 1 << 20


class ScoreJournal:
    """The journal of one evaluation; nothing is on the disk before there is something to keep.

    kept: bool [images], whose scores there are from an interrupted run. other: what differs
    between that and this one, where they are not the same, so that nothing of it is used.
    """

    def __init__(
        self,
        path: Path,
        job: dict[str, Any],
        count: int,
        versions: Versions,
        *,
        warn: Callable[[str], object],
        anew: bool = False,
    ) -> None:
        """job: what the scores depend on besides the images, as JSON; its line begins the file.

        count: of the images. warn: called with a sentence where the disk takes no scores; the work
        goes on. anew: whether to use nothing that is there.
        """
        self._path = path
        self._job = json.loads(json.dumps(job))
        self._line = json.dumps(job).encode() + b"\n"
        self._versions = versions
        self._warn = warn
        self._file: FileIO | None = None
        self._refused = False
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._written = monotonic()
        self._records: list[int] = []  # where they begin
        self._torn_at: int | None = None
        self.other: list[str] = []
        self.kept = np.zeros(count, np.bool_)
        if not anew:
            self._read()

    def add(self, batch: ScoredBatch) -> None:
        """Keeps the scores of one more batch; they are copied."""
        if self._refused:
            return
        parts = pack_record(batch, self._version(batch.rows))
        self._pending += parts
        self._pending_bytes += sum(map(len, parts))
        due = monotonic() - self._written > _WRITTEN_EVERY
        if due or self._pending_bytes >= _WRITTEN_AT:
            self._write()

    def batches(self) -> Iterator[ScoredBatch]:
        """What an interrupted run has left of the images as they are."""
        file = self._file
        found = (self._record(file, start) for start in self._records if file is not None)
        yield from (batch for batch, _ in found if batch is not None)

    def close(self) -> None:
        """Lets go of the file, which then has all scores until now, on the disk."""
        self._write()
        file, self._file = self._file, None
        if file is not None:
            with file, suppress(OSError):  # the scores are counted, whatever the disk has of them
                os.fsync(file.fileno())

    def remove(self) -> None:
        """Deletes the file: the results that were made of the scores are written."""
        self._pending.clear()
        self._discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        """Finds what there is of this job, up to the first record that is not whole."""
        try:
            file = self._open(os.O_RDWR)
        except OSError:
            return
        line = file.readline(_LONGEST_LINE)
        if line != self._line:
            self.other = _differing(line, self._job)
            file.close()
            return
        self._file = file
        start, self._torn_at = -1, len(line)
        while start < self._torn_at:
            start = self._torn_at
            batch, self._torn_at = self._record(file, start)
            if batch is not None and not self.kept[batch.rows].any():
                self._records.append(start)
                self.kept[batch.rows] = True

    def _record(self, file: FileIO, start: int) -> tuple[ScoredBatch | None, int]:
        """The record at this place and where it ends; None for one of images that changed.

        It ends where it starts if it is not whole.
        """
        file.seek(start)
        head = unpack_head(file.read(HEAD_BYTES))
        left = os.fstat(file.fileno()).st_size - start - HEAD_BYTES
        if head is None or head.rows > len(self.kept) or head.body_bytes > left:
            return None, start
        batch = unpack_body(head, file.read(head.body_bytes), len(self.kept))
        if batch is None:
            return None, start
        is_current = head.version == self._version(batch.rows)
        return (batch if is_current else None), start + HEAD_BYTES + head.body_bytes

    def _version(self, rows: NDArray[np.int64]) -> int:
        return checksum(np.ascontiguousarray(self._versions(rows)).tobytes())

    def _write(self) -> None:
        if not self._pending:
            return
        try:
            if self._file is None:
                self._path.unlink(missing_ok=True)
                self._file = self._open(os.O_RDWR | os.O_CREAT | os.O_EXCL)
                self._pending.insert(0, self._line)
            elif self._torn_at is not None:
                self._file.seek(self._torn_at)
                self._file.truncate()
            self._torn_at = None
            _write_all(self._file, b"".join(self._pending))
        except OSError as error:
            self._warn(
                f"{self._path}: cannot write: {error.strerror}; the run goes on, but if it is "
                "interrupted, the next one begins anew"
            )
            self._refused = True
            self._discard()
        self._pending.clear()
        self._pending_bytes = 0
        self._written = monotonic()

    def _open(self, flags: int) -> FileIO:
        flags |= os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        return FileIO(os.open(self._path, flags, 0o666), "r+")

    def _discard(self) -> None:
        file, self._file = self._file, None
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        if file is not None:
            file.close()


def _write_all(file: FileIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _differing(line: bytes, job: dict[str, Any]) -> list[str]:
    try:
        there = json.loads(line)
    except (ValueError, RecursionError):
        return []
    if not isinstance(there, dict):
        return []
    return [key for key, value in job.items() if there.get(key) != value]
