"""Which files beside an ONNX model have its weights."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from mmap import ACCESS_READ, mmap
from pathlib import Path

#: The key of external_data in front of a value's length.
_LOCATION = re.compile(rb"\x0a\x08location\x12")
_MORE = 0x80
_LONGEST_NAME = 4096
#: Of files that have weights of an ONNX model.
_WEIGHT_SUFFIXES = frozenset({".data", ".onnx_data", ".bin", ".weights"})


def weights_beside(model: Path, files: Iterable[Path]) -> list[Path]:
    """Those of `files` that are there, and that an ONNX model names as files with its weights.

    A model names such a file by its path below the model's own folder. The model is searched for
    such names, not parsed, as it may be large; where it cannot be read, no file is one.
    """
    # Not Path.is_file, which raises for a name that no file can have.
    there = [file for file in files if os.path.isfile(file)]  # noqa: PTH113
    if not there or model.suffix != ".onnx" or not model.is_file():
        return []
    named = _named_in(model)
    if not named:
        return []
    folder = Path(os.path.realpath(model.parent))
    last = {name.rpartition(b"/")[2] for name in named}
    found: dict[bytes, Path] = {}
    for file in there:
        place = Path(os.path.realpath(file))
        if os.fsencode(place.name) in last and place.is_relative_to(folder):
            name = os.fsencode(place.relative_to(folder))
            if name in named:
                found[name] = file
    return [found[name] for name in sorted(found)]


def model_files(model: Path) -> list[Path]:
    """The files of a model: itself, and those with its weights, by their usual names."""
    if model.suffix.lower() == ".xml":  # of OpenVINO's own files
        weights = model.with_suffix(".bin")
        return [model, weights] if weights.is_file() else [model]
    if model.suffix != ".onnx":
        return [model]
    beside = (file for file in model.parent.iterdir() if file.suffix in _WEIGHT_SUFFIXES)
    return [model, *weights_beside(model, sorted(beside))]


def _named_in(path: Path) -> set[bytes]:
    """The locations of weights that a file names, as protobuf writes them, a key and its value."""
    found: set[bytes] = set()
    try:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as text:
            for key in _LOCATION.finditer(text):
                size, at = _varint(text, key.end())
                name = text[at : at + size] if size <= _LONGEST_NAME else b""
                if name:
                    found.add(os.path.normpath(name))
    except (OSError, ValueError):  # not readable, or empty: whoever opens the model says so
        return set()
    return found


def _varint(text: mmap, at: int) -> tuple[int, int]:
    """A number of protobuf's in up to two bytes, and the place behind it."""
    first = text[at : at + 2].ljust(2, b"\0")
    if first[0] < _MORE:
        return first[0], at + 1
    return first[0] - _MORE + first[1] * _MORE, at + 2
