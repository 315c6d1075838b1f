"""Parts of value files, read into memory that is there already."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError, RegcoreError

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}


def read_exactly(path: Path, file_bytes: int, offset: int, rows: NDArray[np.uint8]) -> None:
    """Fills contiguous `rows` from a file of `file_bytes`.

    Raises DatasetError where there is none, or one of another size.
    """
    wrong = f"{path}: missing or of another size; 'regcore preprocess' mends it"
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise DatasetError(wrong) from error
    except OSError as error:
        kind = RegcoreError if error.errno in _EXHAUSTED else DatasetError
        raise kind(f"{path}: {error.strerror}") from error
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_size != file_bytes:
            raise DatasetError(wrong)
        memory = rows.data.cast("B")
        while len(memory):
            count = os.preadv(file, [memory], offset)
            if not count:
                raise DatasetError(f"{path}: cut short while it was read")
            memory = memory[count:]
            offset += count
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from error
    finally:
        os.close(file)
