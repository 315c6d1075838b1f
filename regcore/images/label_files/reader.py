"""A label file in any form that is known, by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from regcore.errors import DatasetError, UsageError
from regcore.files.input_file import read_input_text
from regcore.images.label_files.class_order import is_class_order, read_class_order
from regcore.images.label_files.ground_truth import read_ground_truth, read_wordnet_ids
from regcore.images.label_files.imagenet import VALIDATION_IMAGES, WORDNET_ID
from regcore.images.label_files.lines import Line, content_lines
from regcore.images.label_files.name_lines import read_name_lines, split_line
from regcore.images.label_files.table import read_table, table_of

_NUMBER = re.compile(r"[+-]?[0-9]+")
#: What other tools write over NAME INDEX.
_HEADER = re.compile(
    r"\W*(image|file|path|name|id)\w*\W+(label|class|index|target|category)\w*", re.IGNORECASE
)
_JSON_OBJECT = re.compile(r'\s*[\[{]\s*|\s*\{\s*"[^"]*"\s*:.*')
_NO_JSON = (
    "JSON is no label file, write NAME INDEX a line, or a table; --real takes ReaL's real.json"
)
_PICKLES = {".pkl", ".pickle", ".npy", ".pt", ".pth", ".mat"}


@dataclass(frozen=True)
class LabelFile:
    """What a label file says: the label of each name, or the index of each class.

    by_name: by the names of images; by_class: by the names of class folders. One of them is empty.
    form: in words; empty for NAME INDEX, the usual one.
    """

    path: Path
    form: str
    by_name: Mapping[str, int] = field(default_factory=dict)
    by_class: Mapping[str, int] = field(default_factory=dict)


def read_label_file(path: str | Path) -> LabelFile:
    """Reads labels in the form that the first line shows; the package has a reader for each.

    NAME INDEX a line; a table with a header (CSV, TSV); the devkit's ground truth, or WordNet ids,
    of the 50,000 validation images; the order of the classes, one a line (a class map). Blank
    lines, comments (#) and a UTF-8 byte order mark are skipped. Raises DatasetError with file,
    line number and line for what is none of these.
    """
    path = Path(path)
    if path.suffix.lower() in _PICKLES:
        raise DatasetError(f"{path}: labels are read from text: NAME INDEX a line, or a table")
    lines = content_lines(read_input_text(path))
    if not lines:
        raise DatasetError(f"{path}: no labels in this file")
    begins_json = lines[0].text.lstrip()[:1] in {"[", "{"}  # as a photo's name can, too
    named_json = path.suffix.lower() in {".json", ".jsonl"}
    if begins_json and (named_json or _JSON_OBJECT.fullmatch(lines[0].text)):
        raise DatasetError(f"{path}: {_NO_JSON}")
    for read in (_names, _table, _numbers, _wordnet_ids, _names_after_header, _classes):
        found = read(path, lines)
        if found is not None:
            return found
    if begins_json:
        raise DatasetError(f"{path}: {_NO_JSON}")
    return LabelFile(path, "", read_name_lines(path, lines))  # which says what is wrong


def _names(path: Path, lines: list[Line]) -> LabelFile | None:
    if split_line(lines[0].text) is None:
        return None
    return LabelFile(path, "", read_name_lines(path, lines))


def _table(path: Path, lines: list[Line]) -> LabelFile | None:
    table = table_of(path, lines[0])
    if table is None:
        return None
    labels = read_table(path, table, lines)
    if not labels:
        raise DatasetError(f"{path}: no labels in this file, only a header")
    return LabelFile(path, f"a table, labels in {table.label_column}", labels)


def _numbers(path: Path, lines: list[Line]) -> LabelFile | None:
    if not _NUMBER.fullmatch(lines[0].text.strip()):
        return None
    form = "the devkit's ground truth, mapped to ImageNet's order of classes"
    return LabelFile(path, form, read_ground_truth(path, lines))


def _wordnet_ids(path: Path, lines: list[Line]) -> LabelFile | None:
    # Fewer are an order of classes, of which there are at most half as many.
    if len(lines) < VALIDATION_IMAGES or not WORDNET_ID.fullmatch(lines[0].text.strip()):
        return None
    form = "the WordNet id of each validation image"
    return LabelFile(path, form, read_wordnet_ids(path, lines))


def _names_after_header(path: Path, lines: list[Line]) -> LabelFile | None:
    is_header = _HEADER.fullmatch(lines[0].text.strip())
    if not is_header or len(lines) == 1 or split_line(lines[1].text) is None:
        return None
    return LabelFile(path, "", read_name_lines(path, lines[1:]))


def _classes(path: Path, lines: list[Line]) -> LabelFile | None:
    # Where one of the next lines is NAME INDEX, the first is a slip.
    slip = any(split_line(line.text) is not None for line in lines[1:3])
    if slip or not is_class_order(path, lines[0].text):
        return None
    return LabelFile(path, "the order of the classes", by_class=read_class_order(path, lines))


def read_labels(path: str | Path) -> Mapping[str, int]:
    """The labels of a file that has them by the images' names; see read_label_file.

    Raises UsageError for the order of classes, which is for images in class folders.
    """
    found = read_label_file(path)
    if found.by_class:
        raise UsageError(f"{path}: lists classes, for images in class folders; labels are needed")
    return found.by_name
