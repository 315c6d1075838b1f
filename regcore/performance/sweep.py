"""Inferences of noise at several batch sizes that share a folder, as one column of a comparison."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from regcore.errors import RegcoreError
from regcore.files.json_input import read_json

_SAME = ("model", "backend", "provider", "recipe")
_BATCH = re.compile(r"perf_vision_batchsize_([0-9]{1,9})_device_[0-9]+\.txt")


@dataclass(frozen=True)
class _Earlier:
    """What is read of the perf.json that is replaced."""

    model: str
    backend: str
    provider: str
    recipe: str
    files: list[str] = field(default_factory=list)


def earlier_files(perf: Path, about: Mapping[str, str], batch_size: int) -> list[str]:
    """Names of benchmark files of other batch sizes, by the same model, backend and recipe.

    perf: the perf.json that is about to be replaced, which names them. Without one there are none.
    """
    try:
        earlier = read_json(perf, _Earlier)
    except RegcoreError:
        return []
    if any(getattr(earlier, key) != about.get(key) for key in _SAME):
        return []
    found = {name: _BATCH.fullmatch(name) for name in earlier.files}
    return [
        name
        for name, batch in found.items()
        if batch is not None and int(batch[1]) != batch_size and (perf.parent / name).is_file()
    ]
