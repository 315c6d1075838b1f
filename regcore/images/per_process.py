"""A preprocessor for each process: threads do not outlive a fork."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from regcore.images.preprocessor import Preprocessor


class PerProcess:
    """Makes a preprocessor in every process that asks for one, and keeps it there."""

    def __init__(self, make: Callable[[], Preprocessor]) -> None:
        """make: called once in each process; it can be pickled where this one is."""
        self._make = make
        self._owner = 0
        self._made: Preprocessor | None = None

    def get(self) -> Preprocessor:
        """That of this process."""
        if self._made is None or self._owner != os.getpid():
            self._made, self._owner = self._make(), os.getpid()
        return self._made

    def __getstate__(self) -> dict[str, Any]:
        return {"_make": self._make, "_owner": 0, "_made": None}
