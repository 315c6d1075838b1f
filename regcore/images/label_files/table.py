"""CSV and TSV with a header: Kaggle's LOC_val_solution.csv, and what pandas and R write."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from regcore.counted import counted
from regcore.errors import DatasetError
from regcore.images.label_files.imagenet import WORDNET_ID
from regcore.images.label_files.label_text import collect_labels, is_label, parse_label
from regcore.images.label_files.lines import Line

#: Names of columns, without case, blanks and signs; the first that a table has is taken.
_IMAGES = (
    *("imagepath", "filepath", "path", "imagefile", "filename", "file", "fname", "imagename"),
    *("imgname", "imageid", "image", "images", "img", "name", "id"),
)
_LABELS = (
    *("label", "labels", "labelindex", "labelid", "classindex", "classidx", "classid", "class"),
    *("target", "groundtruth", "predictionstring", "wordnetid", "wnid", "synset", "y"),
)
_DELIMITERS = ("\t", ",", ";")
_SUFFIXES = {".csv", ".tsv"}
_COLUMNS = 2
_BOX = 5  # a WordNet id and the corners of what it names
_WHOLE = re.compile(r"([0-9]{1,20})\.0+")


@dataclass(frozen=True)
class Table:
    """Where a table has what: the columns' places and names; header: whether it has one."""

    delimiter: str
    image: int
    label: int
    names: tuple[str, ...]
    header: bool

    @property
    def label_column(self) -> str:
        """The label's column in words."""
        return f"the column {self.names[self.label]!r}" if self.header else "the second column"


def table_of(path: str | Path, first: Line) -> Table | None:
    """The form of a table that begins with this line; None where the line begins none.

    Two columns need no header, where the second of the first line is a label. Raises DatasetError
    for a header that does not say which column has the images, or which the labels.
    """
    for delimiter in _DELIMITERS:
        if delimiter not in first.text:
            continue
        names = tuple(_rows(path, [first], delimiter)[0][1])
        if len(names) == _COLUMNS and is_label(names[1]):
            return Table(delimiter, 0, 1, names, header=False)
        keys = [re.sub(r"[\W_]", "", name.casefold()) for name in names]
        image = next((keys.index(key) for key in _IMAGES if key in keys), None)
        label = next((keys.index(key) for key in _LABELS if key in keys), None)
        if image is not None and label is not None:
            return Table(delimiter, image, label, names, header=True)
        missing = [
            (kind, known[0])
            for place, kind, known in ((image, "images", _IMAGES), (label, "labels", _LABELS))
            if place is None
        ]
        is_header = Path(path).suffix.lower() in _SUFFIXES and not any(map(str.isdigit, keys))
        if len(missing) > 1 and not is_header:
            continue  # a text of another form
        kinds, columns = (" and ".join(texts) for texts in zip(*missing, strict=True))
        raise DatasetError(
            f"{path}, line {first.number}: {', '.join(names)[:200]!r}: no column of {kinds} among "
            f"these; call it {columns}"
        )
    return None


def read_table(path: str | Path, table: Table, lines: Sequence[Line]) -> dict[str, int]:
    """The label of each image. Raises DatasetError with file, line number and line."""
    rows = _rows(path, lines[int(table.header) :], table.delimiter)
    shown = ((number, table.delimiter.join(row), row) for number, row in rows)
    return collect_labels(path, shown, partial(_parse, table))


def _parse(table: Table, row: Sequence[str]) -> tuple[str, int]:
    columns = len(table.names)
    if len(row) != columns:
        raise DatasetError(f"{counted(len(row), 'column')}, where the first line has {columns}")
    return row[table.image], _label(row[table.label].strip())


def _label(text: str) -> int:
    """A label, or one that stands as 5.0, as pandas writes it, or with boxes as Kaggle has it."""
    whole = _WHOLE.fullmatch(text)
    if whole:
        return parse_label(whole[1])
    words = text.split()
    if len(words) == 1:
        return parse_label(words[0])
    if not words or not WORDNET_ID.fullmatch(words[0]):
        raise DatasetError(f"{text[:40]!r} is no label: a class index, or a WordNet id with boxes")
    if len(words) % _BOX:
        raise DatasetError("a WordNet id is followed by four numbers, the corners of its box")
    different = sorted(set(words[::_BOX]))
    if len(different) > 1:
        raise DatasetError(f"two classes for one image: {different[0]} and {different[1]}")
    return parse_label(words[0])


def _rows(path: str | Path, lines: Iterable[Line], delimiter: str) -> list[tuple[int, list[str]]]:
    """The rows, each with the number of the line on which it ends."""
    number = 0

    def feed() -> Iterator[str]:
        nonlocal number
        for line in lines:
            number = line.number
            yield f"{line.text}\n"

    reader = csv.reader(feed(), delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        return [(number, row) for row in reader]
    except csv.Error as error:
        raise DatasetError(f"{path}, line {number}: {error}") from error
