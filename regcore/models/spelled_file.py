"""The file that a model's spelling names."""

from __future__ import annotations

from pathlib import Path


def spelled_file(model: str) -> str | None:
    """The end of the spelling that is a file: FILE, or WEIGHTS in torch:NAME:WEIGHTS; else None."""
    while model and not Path(model).is_file():
        model = model.partition(":")[2]
    return model or None
