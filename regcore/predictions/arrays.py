"""Float scores in .npy files."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import numpy as np

from regcore.errors import PredictionError

_DTYPES = (np.dtype("float32"), np.dtype("float16"))


def open_npy(path: str | Path) -> np.memmap[Any, Any]:
    """A memory map of float32 or float16 scores, of any shape and byte order.

    Raises PredictionError, in NumPy's own words.
    """
    require_regular_file(path)
    try:
        scores = np.lib.format.open_memmap(path, mode="r")
    except OSError as error:
        raise PredictionError(str(path), error.strerror or str(error)) from None
    except Exception as error:  # noqa: BLE001  # damage makes NumPy's parsers raise all kinds
        raise PredictionError(str(path), str(error) or type(error).__name__) from None
    if scores.dtype.newbyteorder("=") not in _DTYPES:
        raise PredictionError(str(path), f"scores of {scores.dtype}, not float32 or float16")
    return scores


def require_regular_file(path: str | Path) -> None:
    """Raises PredictionError for what is no file: to open a FIFO would wait forever."""
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise PredictionError(str(path), "not a regular file")
    except OSError as error:
        raise PredictionError(str(path), error.strerror or str(error)) from None
