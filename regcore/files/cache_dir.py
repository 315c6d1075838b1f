"""Where regcore keeps what takes long to make and can be made again."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache() -> Path:
    """The user's cache folder for regcore: below XDG_CACHE_HOME where set, else ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "regcore"
