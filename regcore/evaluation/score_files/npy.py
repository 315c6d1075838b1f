"""Float scores in .npy and raw files, read and not mapped: a file may be cut short at any time."""

from __future__ import annotations

import io
import math
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.counted import counted
from regcore.errors import ScoreFileError

_DTYPES = (np.dtype("float32"), np.dtype("float16"))
#: NumPy's own bound of a header, and what stands before it.
_MOST_HEADER_BYTES = 1 << 14
_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
    (3, 0): np.lib.format.read_array_header_2_0,  # differs in the encoding of field names only
}


@dataclass(frozen=True)
class ArrayFile:
    """Scores of one dtype and shape that lie in a file, `offset` bytes from its start.

    column_major: in Fortran's order, so that a row is not in one piece.
    """

    path: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int
    column_major: bool = False

    @property
    def size(self) -> int:
        """How many scores there are."""
        return math.prod(self.shape)

    def read(self) -> NDArray[Any]:
        """All of it. Raises ScoreFileError where the file cannot be read, or ends before."""
        values = self._values(0, self.size)
        return values.reshape(self.shape, order="F" if self.column_major else "C")

    def read_rows(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Those rows, float32 [len(rows), columns]; errors as those of `read`."""
        if self.column_major:
            return self.read()[rows].astype(np.float32, order="C")
        columns = self.shape[1]
        result = np.empty((len(rows), columns), np.float32)
        # Rows that follow each other in the file are read together.
        breaks = np.flatnonzero(np.diff(rows) != 1) + 1
        for begin, end in zip([0, *breaks], [*breaks, len(rows)], strict=True):
            if end > begin:
                part = self._values(int(rows[begin]) * columns, (end - begin) * columns)
                result[begin:end] = part.reshape(-1, columns)
        return result

    def _values(self, first: int, count: int) -> NDArray[Any]:
        wanted = count * self.dtype.itemsize
        start = self.offset + first * self.dtype.itemsize
        found = bytearray(wanted)
        view, filled = memoryview(found), 0
        descriptor = _open_regular(self.path)
        try:
            while filled < wanted:
                got = os.preadv(descriptor, [view[filled:]], start + filled)
                if not got:
                    raise ScoreFileError(self.path, "cut short: it ends before its last score")
                filled += got
        except OSError as error:
            raise ScoreFileError(self.path, error.strerror or str(error)) from None
        finally:
            os.close(descriptor)
        return np.frombuffer(found, self.dtype)


def open_npy(path: str | Path) -> ArrayFile:
    """Where the scores of a .npy file lie, of any shape and byte order; not read yet.

    Raises ScoreFileError for what is no .npy file of float32 or float16, or is cut short.
    """
    descriptor = _open_regular(path)
    with os.fdopen(descriptor, "rb") as file:
        try:
            head = io.BytesIO(file.read(_MOST_HEADER_BYTES))
            size = os.fstat(file.fileno()).st_size
            shape, column_major, dtype = _READERS[np.lib.format.read_magic(head)](head)
        except OSError as error:
            raise ScoreFileError(str(path), error.strerror or str(error)) from None
        except Exception as error:  # noqa: BLE001  # damage makes NumPy's parsers raise all kinds
            words = " ".join(str(error).split())
            raise ScoreFileError(str(path), f"not a .npy file ({words:.200})") from None
    if dtype.newbyteorder("=") not in _DTYPES:
        raise ScoreFileError(str(path), f"scores of {dtype}, not float32 or float16")
    array = ArrayFile(str(path), dtype, shape, head.tell(), column_major)
    if min(shape, default=1) < 0 or array.size * dtype.itemsize > size - array.offset:
        raise ScoreFileError(
            str(path),
            f"cut short: {counted(size, 'byte does', 'bytes do')} not hold {shape} scores",
        )
    return array


def require_regular_file(path: str | Path) -> None:
    """Raises ScoreFileError for what is no file: to open a FIFO would wait forever."""
    os.close(_open_regular(path))


def _open_regular(path: str | Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise ScoreFileError(str(path), getattr(error, "strerror", None) or str(error)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ScoreFileError(str(path), "not a regular file")
    return descriptor
