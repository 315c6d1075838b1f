"""NAME INDEX, one image a line: `val_label.txt`, and the lists of Caffe and PaddleClas."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from regcore.errors import DatasetError
from regcore.images.image_names import is_image_name
from regcore.images.label_files.label_text import collect_labels, is_label, parse_label
from regcore.images.label_files.lines import Line

_QUOTED = re.compile(r'"((?:[^"]|"")*)"\s+(\S+)')
_NUMBER = re.compile(r"[+-]?[0-9]*[.]?[0-9]+(e[+-]?[0-9]+)?", re.IGNORECASE)
_EXPECTED = (
    "expected NAME INDEX, as in 'photo_1.JPEG 65'; the line splits at its last blank, and a NAME "
    "may stand in double quotes"
)


def read_name_lines(path: str | Path, lines: Iterable[Line]) -> dict[str, int]:
    """The label of each name.

    A name may hold white space, and come again with the same label; an INDEX may be a WordNet id.
    Raises DatasetError with file, line number and line otherwise.
    """
    return collect_labels(path, ((number, text, text) for number, text in lines), _parse)


def _parse(line: str) -> tuple[str, int]:
    found = split_line(line)
    if found is None:
        raise DatasetError(_EXPECTED)
    name, label = found
    second = None if line.lstrip().startswith('"') else _number_behind_image(name)
    if second is not None:
        raise DatasetError(
            f"{second} and {label} both look like labels of an image; keep one of them, or put a "
            "NAME with blanks in double quotes"
        )
    return name, parse_label(label)


def _number_behind_image(name: str) -> str | None:
    """The first number that follows an image's name in `name`."""
    words = [word.rstrip(",;") for word in name.split()]
    images = [place for place, word in enumerate(words) if is_image_name(word)]
    behind = words[images[0] + 1 :] if images else []
    return next((word for word in behind if is_label(word) or _NUMBER.fullmatch(word)), None)


def split_line(line: str) -> tuple[str, str] | None:
    """NAME and INDEX of a line; None where it has no such form."""
    line = line.strip()
    quoted = _QUOTED.fullmatch(line)
    if quoted and is_label(quoted[2]):
        return quoted[1].replace('""', '"'), quoted[2]
    fields = line.rsplit(maxsplit=1)
    if len(fields) == 1 or not is_label(fields[1]):
        return None
    name = fields[0]
    # Tabs and commas part columns, of which a table has names or two at most.
    return None if "\t" in name or name.endswith((",", ";")) else (name, fields[1])
