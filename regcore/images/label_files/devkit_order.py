"""How ILSVRC's devkit numbers the classes: an order of its own, which no model has."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from regcore.errors import BackendError, DatasetError, first_line
from regcore.files.input_file import read_input, read_input_text
from regcore.images.label_files.imagenet import class_indices
from regcore.images.label_files.lines import content_lines

DEVKIT_CLASSES = 1000

_META = "meta.mat"
#: Text with the same numbers: `n02119789 1 kit_fox` a line, or `1 n02119789`, or the id alone.
_LISTS = ("map_clsloc.txt", "ILSVRC2012_mapping.txt", "synsets.txt")
_MAX_META = 8 << 20
_PAIR = re.compile(
    r"(?P<id>n[0-9]{8})(?:\s+(?P<number>[0-9]{1,9})(?:\s.*)?)?"
    r"|(?P<first>[0-9]{1,9})\s+(?P<last>n[0-9]{8})(?:\s.*)?"
)


def read_devkit_order(folder: Path, wanted_by: str | Path) -> dict[int, int]:
    """The class index, by ImageNet's order, of each of the devkit's numbers, 1 to 1000.

    It is read from the meta.mat or the list that lies in `folder`. Raises DatasetError where none
    is there, where it is no order of the 1,000 classes, or where two say different things, and
    BackendError where meta.mat needs scipy, which is not installed.
    """
    found: dict[Path, dict[int, int]] = {}
    for name in (_META, *_LISTS):
        path = folder / name
        if path.exists():
            numbers = _read_meta(path) if name == _META else _read_list(path)
            found[path] = _checked(path, numbers)
    if not found:
        raise DatasetError(
            f"{wanted_by}: numbers by the devkit's own order of classes, which is not the sorted "
            f"one; put the devkit's {_META} or {_LISTS[0]} beside it"
        )
    (first, order), *others = found.items()
    for path, other in others:
        if other != order:
            raise DatasetError(f"{first} and {path} contradict each other on the devkit's order")
    return order


def _checked(path: Path, numbers: dict[int, str]) -> dict[int, int]:
    known = class_indices()
    if set(numbers) != set(range(1, DEVKIT_CLASSES + 1)) or set(numbers.values()) != set(known):
        raise DatasetError(
            f"{path}: does not give each of ImageNet's {DEVKIT_CLASSES} classes one number from 1 "
            f"to {DEVKIT_CLASSES}"
        )
    order = {number: known[wordnet_id] for number, wordnet_id in numbers.items()}
    if all(index == number - 1 for number, index in order.items()):
        raise DatasetError(f"{path}: the sorted order of the classes, which is not the devkit's")
    return order


def _read_list(path: Path) -> dict[int, str]:
    numbers: dict[int, str] = {}
    for place, (number, line) in enumerate(content_lines(read_input_text(path)), 1):
        pair = _PAIR.fullmatch(line.strip())
        if pair is None:
            raise DatasetError(
                f"{path}, line {number}: {line.strip()[:80]!r}: expected a WordNet id and the "
                "devkit's number, as in 'n02119789 1 kit_fox'"
            )
        given = pair["number"] or pair["first"]
        numbers[int(given) if given else place] = pair["id"] or pair["last"]
    return numbers


def _read_meta(path: Path) -> dict[int, str]:
    """The numbers and WordNet ids of all synsets without children."""
    content = read_input(path, _MAX_META)
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise BackendError(
            f"{path}: reading it needs scipy ({error}); pip install 'regcore[labels]', or put the "
            f"devkit's {_LISTS[0]} beside it"
        ) from error
    try:
        table = loadmat(io.BytesIO(content), squeeze_me=True, variable_names=["synsets"])
        return dict(_leaf(synset) for synset in table["synsets"] if not int(synset["num_children"]))
    except Exception as error:
        raise DatasetError(
            f"{path}: not the devkit's list of synsets ({first_line(error)})"
        ) from error


def _leaf(synset: Any) -> tuple[int, str]:  # noqa: ANN401
    return int(synset["ILSVRC2012_ID"]), str(synset["WNID"])
