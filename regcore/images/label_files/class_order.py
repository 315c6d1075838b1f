"""The order of a model's classes, a class a line: timm's class maps, and lists of WordNet ids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from regcore.errors import DatasetError
from regcore.images.label_files.imagenet import WORDNET_ID
from regcore.images.label_files.label_text import collect_labels
from regcore.images.label_files.lines import Line

_DESCRIBED = re.compile(r"(n[0-9]{8})\s+(\S.*)")
_NUMBERED = re.compile(r"[0-9]+\s.*")


def is_class_order(path: str | Path, first: str) -> bool:
    """Whether a file that begins with this line, which is no NAME INDEX, lists classes.

    A name with blanks or commas is taken for a class only in a file whose name says "class".
    """
    first = first.strip()
    plain = re.search(r"[\s,;]", first) is None
    return plain or bool(_DESCRIBED.fullmatch(first)) or "class" in Path(path).name.lower()


def read_class_order(path: str | Path, lines: Sequence[Line]) -> dict[str, int]:
    """The index of each class: the place of its line among those that are no comments, from 0.

    What stands after a WordNet id is its description, as in LOC_synset_mapping.txt. Raises
    DatasetError with file, line number and line for a class that is listed twice, and for the
    devkit's own numbers, which no model has.
    """
    rows = ((number, text, (index, text)) for index, (number, text) in enumerate(lines))
    found = collect_labels(path, rows, _parse)
    if any(map(WORDNET_ID.fullmatch, found)) and not all(map(WORDNET_ID.fullmatch, found)):
        odd = next(name for name in found if not WORDNET_ID.fullmatch(name))
        raise DatasetError(f"{path}: WordNet ids, and beside them {odd[:80]!r}, which is none")
    return found


def _parse(row: tuple[int, str]) -> tuple[str, int]:
    index, line = row
    name = line.strip()
    described = _DESCRIBED.fullmatch(name)
    if described is None:
        return name, index
    if _NUMBERED.fullmatch(described[2]):
        raise DatasetError(
            "this is the devkit's own order of classes, which no model has; it belongs beside the "
            "devkit's ground truth"
        )
    return described[1], index
