"""Which files beside an ONNX model have its weights."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_AT_ONCE = 1 << 20
#: Of files that have weights of an ONNX model.
_WEIGHT_SUFFIXES = frozenset({".data", ".onnx_data", ".bin", ".weights"})


def weights_beside(model: Path, files: Iterable[Path]) -> list[Path]:
    """Those of `files` that are there, and that an ONNX model names as files with its weights.

    A model names such a file by its path below the model's own folder. The model is searched for
    that, not parsed, as it may be large; where it cannot be read, no file is one.
    """
    if model.suffix != ".onnx" or not model.is_file():
        return []
    folder = Path(os.path.realpath(model.parent))
    names: dict[bytes, Path] = {}
    for file in files:
        place = Path(os.path.realpath(file))
        if place.is_file() and place.is_relative_to(folder):
            names[os.fsencode(place.relative_to(folder))] = file
    if not names:
        return []
    return [names[name] for name in _found_in(model, list(names))]


def model_files(model: Path) -> list[Path]:
    """The files of a model: itself, and those with its weights, by their usual names."""
    if model.suffix.lower() == ".xml":  # of OpenVINO's own files
        weights = model.with_suffix(".bin")
        return [model, weights] if weights.is_file() else [model]
    if model.suffix != ".onnx":
        return [model]
    beside = (file for file in model.parent.iterdir() if file.suffix in _WEIGHT_SUFFIXES)
    return [model, *weights_beside(model, sorted(beside))]


def _found_in(path: Path, wanted: list[bytes]) -> list[bytes]:
    """Those of the texts that stand in a file."""
    overlap = max(map(len, wanted)) - 1
    found: set[bytes] = set()
    before = b""
    try:
        with path.open("rb") as file:
            while part := file.read(_AT_ONCE):
                text = before + part
                found.update(name for name in wanted if name in text)
                before = text[len(text) - overlap :]
    except OSError:  # whoever opens the model says so
        return []
    return sorted(found)
