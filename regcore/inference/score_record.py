"""The scores of one batch as a record of a file, with checksums."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from msgspec import MsgspecError, convert
from numpy.typing import NDArray

from regcore.files.checksum import checksum
from regcore.images.diagnostics import Diagnostic

#: What a record begins with, its rows and classes, NumPy's name of the scores' type, the bytes of
#: its diagnostics, the checksums of the images' versions and of what follows.
_HEAD = struct.Struct("<4sII4sIQQ")
HEAD_BYTES = _HEAD.size
_MARK = b"rgcs"
_DTYPES = ("<f4", "<f2", "<u2", "|i1", "|u1")
_INDEX_BYTES = 8


@dataclass(frozen=True)
class ScoredBatch:
    """rows: int64 [n], places in the list of images; scores: [n, classes]."""

    rows: NDArray[np.int64]
    scores: NDArray[Any]
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class RecordHead:
    """What a record says of its body. version: checksum of the versions of its images."""

    rows: int
    classes: int
    dtype: np.dtype[Any]
    noticed_bytes: int
    version: int
    checksum: int

    @property
    def body_bytes(self) -> int:
        """The length of what follows."""
        score_bytes = self.rows * self.classes * self.dtype.itemsize
        return _INDEX_BYTES * self.rows + score_bytes + self.noticed_bytes


def pack_record(batch: ScoredBatch, version: int) -> tuple[bytes, bytes]:
    """Head and body of a record."""
    scores = np.ascontiguousarray(batch.scores)
    noticed = json.dumps([asdict(one) for one in batch.diagnostics]).encode()
    body = b"".join((batch.rows.astype("<i8").tobytes(), scores.tobytes(), noticed))
    rows, classes = scores.shape
    dtype = scores.dtype.str.encode()
    return _HEAD.pack(_MARK, rows, classes, dtype, len(noticed), version, checksum(body)), body


def unpack_head(head: bytes) -> RecordHead | None:
    """None for what is not the head of a record."""
    if len(head) < HEAD_BYTES:
        return None
    mark, rows, classes, dtype, noticed, version, of_body = _HEAD.unpack(head)
    name = dtype.decode("latin-1").rstrip("\0")
    if mark != _MARK or name not in _DTYPES or not rows or not classes:
        return None
    return RecordHead(rows, classes, np.dtype(name), noticed, version, of_body)


def unpack_body(head: RecordHead, body: bytes, images: int) -> ScoredBatch | None:
    """The batch; None for a body that is not whole, or has places beyond so many images."""
    if len(body) < head.body_bytes or checksum(body) != head.checksum:
        return None
    first = _INDEX_BYTES * head.rows
    rows = np.frombuffer(body, np.int64, head.rows)
    scores = np.frombuffer(body, head.dtype, head.rows * head.classes, first)
    try:
        found = json.loads(body[first + scores.nbytes :])
        diagnostics = convert(found, tuple[Diagnostic, ...])
    except (ValueError, MsgspecError, RecursionError):
        return None
    if rows.min() < 0 or rows.max() >= images or len(np.unique(rows)) < len(rows):
        return None
    return ScoredBatch(rows, scores.reshape(head.rows, head.classes), diagnostics)
