"""One label, as files spell it: the index of a class, or a WordNet id of ImageNet's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from regcore.errors import DatasetError
from regcore.images.label_files.imagenet import WORDNET_ID, class_index

_Row = TypeVar("_Row")

_MAX_LABEL = 2**31 - 1
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_SHOWN = 8000  # characters of a line that is no label


def is_label(text: str) -> bool:
    """Whether a text looks like a label, be it one that no class has."""
    return _INTEGER.fullmatch(text) is not None or WORDNET_ID.fullmatch(text) is not None


def parse_label(text: str) -> int:
    """The class index, 0 to 2**31 - 1. Raises DatasetError for a text that is no label."""
    if WORDNET_ID.fullmatch(text):
        return class_index(text)
    if not _INTEGER.fullmatch(text):
        raise DatasetError(f"{text[:40]!r} is neither a class index nor a WordNet id")
    label = int(text)
    if not 0 <= label <= _MAX_LABEL:
        raise DatasetError(f"a label lies between 0 and {_MAX_LABEL}")
    return label


def collect_labels(
    path: str | Path,
    rows: Iterable[tuple[int, str, _Row]],
    parse: Callable[[_Row], tuple[str, int]],
) -> dict[str, int]:
    """The labels of a file by their names, each of which may come again with the same label.

    rows: the number of a line (from 1), the line as it is shown, and what `parse` takes. Raises
    DatasetError with file, line number and line.
    """
    labels: dict[str, int] = {}
    for number, line, row in rows:
        try:
            _add(labels, *parse(row))
        except DatasetError as error:  # noqa: PERF203  (it costs nothing where nothing is raised)
            shown = line.strip()[:_SHOWN]
            raise DatasetError(f"{path}, line {number}: {shown!r}: {error}") from None
    return labels


def _add(labels: dict[str, int], name: str, label: int) -> None:
    if not name:
        raise DatasetError("the name is empty")
    if "\0" in name:
        raise DatasetError("a name cannot hold a NUL character")
    if labels.setdefault(name, label) != label:
        shown = name[:200] if name.isprintable() else repr(name[:200])
        raise DatasetError(f"{shown} was given the label {labels[name]} before")
