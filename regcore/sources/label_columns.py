"""The class of each row of a table, from a column of numbers, or of text that says numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regcore.counted import agreeing, counted
from regcore.errors import DatasetError
from regcore.images.label_files.imagenet import WORDNET_ID, class_index
from regcore.sources.packages import import_arrow

if TYPE_CHECKING:
    import pyarrow as pa

#: What people call such columns; one of integers counts first.
_NAMES = ("label", "labels", "cls", "class", "target", "fine_label")
_INSTEAD = "--labels FILE says the class of each image instead"


def label_column(schema: pa.Schema) -> str | None:
    """The column with the labels, of whatever type it is; None where none has such a name."""
    types = import_arrow().types
    known = {field.name: field.type for field in schema}
    present = [name for name in _NAMES if name in known]
    integers = [name for name in present if types.is_integer(known[name])]
    return next(iter([*integers, *present]), None)


def column_labels(column: pa.ChunkedArray, name: str, table: str) -> NDArray[np.int64] | None:
    """The class of each row, int64 [rows]; None where no row has one, as in a test set.

    Integers of any width; floating point whose values are whole numbers; text that says such
    numbers, or WordNet ids of ImageNet's classes. Raises DatasetError, which names the table and
    the column, for anything else, and where some rows have a label and others none.
    """
    arrow = import_arrow()
    if arrow.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    where = f"{table}: the column {name}"
    if arrow.types.is_integer(column.type):
        try:
            values = _filled(column.cast(arrow.int64()))
        except arrow.ArrowInvalid as error:
            raise DatasetError(f"{where}: {error}") from None
    elif arrow.types.is_floating(column.type):
        values = _whole_numbers(column.cast(arrow.float64()), where)
    elif arrow.types.is_string(column.type) or arrow.types.is_large_string(column.type):
        values = _numbers_of_text(column.to_pylist(), where)
    else:
        raise DatasetError(f"{where} is of {column.type}, which is no class; {_INSTEAD}")
    return _checked(values, table)


def _filled(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.array(column.fill_null(-1).to_numpy(), np.int64)


def _whole_numbers(column: pa.ChunkedArray, where: str) -> NDArray[np.int64]:
    """NaN, which pandas has for no value, is none."""
    given = np.array(column.fill_null(np.nan).to_numpy(), np.float64)
    given[np.isnan(given)] = -1
    other = np.flatnonzero((given != np.floor(given)) | (np.abs(given) > 1 << 31))
    if len(other):
        raise DatasetError(f"{where} holds {given[other[0]]:g}, which is no class; {_INSTEAD}")
    return given.astype(np.int64)


def _numbers_of_text(texts: Iterable[str | None], where: str) -> NDArray[np.int64]:
    classes: dict[str | None, int] = {None: -1, "": -1}
    return np.array(
        [
            classes[text] if text in classes else classes.setdefault(text, _number(text, where))
            for text in texts
        ],
        np.int64,
    )


def _number(text: str | None, where: str) -> int:
    word = (text or "").strip()
    if WORDNET_ID.fullmatch(word):
        try:
            return class_index(word)
        except DatasetError as error:
            raise DatasetError(f"{where}: {error}; {_INSTEAD}") from None
    if word.isascii() and word.isdecimal() and len(word) <= 9:  # noqa: PLR2004
        return int(word)
    raise DatasetError(
        f"{where} holds {word[:40]!r}, and nothing says which class that is: numbers and WordNet "
        f"ids of ImageNet's classes are taken; {_INSTEAD}"
    )


def _checked(values: NDArray[np.int64], table: str) -> NDArray[np.int64] | None:
    if len(values) and (values == -1).all():
        return None
    if (values < 0).any():
        missing = int((values < 0).sum())
        are = f"{counted(len(values), 'label')} {agreeing(missing, 'is', 'are')}"
        raise DatasetError(f"{table}: {missing} of {are} missing")
    return values
