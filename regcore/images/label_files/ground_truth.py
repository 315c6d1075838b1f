"""Labels of ImageNet's 50,000 validation images by their place: the devkit's, and TensorFlow's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from regcore.counted import counted
from regcore.errors import DatasetError
from regcore.images.label_files.devkit_order import DEVKIT_CLASSES, read_devkit_order
from regcore.images.label_files.imagenet import VALIDATION_IMAGES, validation_names
from regcore.images.label_files.label_text import collect_labels, parse_label
from regcore.images.label_files.lines import Line


def read_ground_truth(path: str | Path, lines: Sequence[Line]) -> dict[str, int]:
    """The labels of ILSVRC2012_validation_ground_truth.txt, by the images' names.

    Its numbers count from 1, in the devkit's own order of classes, which lies beside it (meta.mat,
    map_clsloc.txt) and is not that of any model: they are mapped to ImageNet's 1,000. Raises
    DatasetError where the order is not there, or the file is another.
    """
    _check_length(path, lines, "numbers")
    order = read_devkit_order(Path(path).parent, path)
    return _by_place(path, lines, lambda text: _devkit_class(text, order))


def read_wordnet_ids(path: str | Path, lines: Sequence[Line]) -> dict[str, int]:
    """The same of a WordNet id a line (imagenet_2012_validation_synset_labels.txt)."""
    _check_length(path, lines, "WordNet ids")
    return _by_place(path, lines, parse_label)


def _check_length(path: str | Path, lines: Sequence[Line], what: str) -> None:
    if len(lines) != VALIDATION_IMAGES:
        raise DatasetError(
            f"{path}: {counted(len(lines), 'line')} of {what} without names; only ImageNet's "
            f"{VALIDATION_IMAGES} validation images have an order that everybody knows"
        )


def _by_place(
    path: str | Path, lines: Sequence[Line], label_of: Callable[[str], int]
) -> dict[str, int]:
    named = zip(validation_names(), lines, strict=True)
    rows = ((number, text, (name, text.strip())) for name, (number, text) in named)
    return collect_labels(path, rows, lambda row: (row[0], label_of(row[1])))


def _devkit_class(text: str, order: Mapping[int, int]) -> int:
    number = parse_label(text)
    try:
        return order[number]
    except KeyError:
        raise DatasetError(f"the devkit numbers its classes from 1 to {DEVKIT_CLASSES}") from None
