"""What a run's model made of each image: `predictions.csv`, one line an image.

The columns are image, label, and the best classes with their scores, class1, score1, class2, ...;
an image that failed has its label and no classes, one whose scores are all NaN has `nan` as score1
and no class: it was evaluated, and is wrong. All are the model's own numbers: with 1001
classes the label is one more than in the label file, and 0 is the background. CSV, as it is for
looking at, sorting and joining, and as 50,000 images are 5 MB. Nine digits give the same float32.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DatasetError
from regcore.files.atomic import replacing
from regcore.files.input_file import read_input
from regcore.scores.topk import NO_CLASS, NO_PREDICTION

PREDICTIONS = "predictions.csv"
#: Its name in older folders, which are still read.
OLDER_PREDICTIONS = "decisions.csv"

_RANKS = 5
_COLUMNS = [f"{what}{k}" for k in range(1, _RANKS + 1) for what in ("class", "score")]
#: What makes a spreadsheet calculate, and the quote itself, so that such names come back.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_MAX_DIGITS = 9  # of a class or label
_HEADER = ["image", "label", *_COLUMNS]
#: From here on a number is rounded to an infinite float32.
_OVERFLOW = 2.0**128 - 2.0**103


@dataclass(frozen=True)
class TopPredictions:
    """images: paths below the root that was evaluated, each once.

    labels: int64 [images], true classes. classes int64 and scores float32, [images, 5]: the best
    classes as `best_classes` has them; NO_CLASS and NaN where an image failed.
    """

    images: tuple[str, ...]
    labels: NDArray[np.int64]
    classes: NDArray[np.int64]
    scores: NDArray[np.float32]

    @property
    def evaluated(self) -> NDArray[np.bool_]:
        """Whether each image was evaluated."""
        return np.asarray(self.classes[:, 0] != NO_CLASS)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether the first choice is the true class."""
        return np.asarray((self.classes[:, 0] >= 0) & (self.classes[:, 0] == self.labels))


def write_predictions(path: Path, predictions: TopPredictions) -> None:
    """Writes the file, whole or not at all."""
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        # By itself the writer quotes a line feed in a name, but not a carriage return.
        returns = any("\r" in image for image in predictions.images)
        writer = csv.writer(
            file,
            lineterminator="\n",
            quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL,
        )
        writer.writerow(_HEADER)
        rows = zip(
            predictions.images,
            predictions.labels.tolist(),
            predictions.classes.tolist(),
            predictions.scores.tolist(),
            strict=True,
        )
        for image, label, classes, scores in rows:
            best = [
                text
                for found, score in zip(classes, scores, strict=True)
                for text in _choice(found, score)
            ]
            writer.writerow([as_cell(image), label, *best])


def _choice(found: int, score: float) -> tuple[str, str]:
    if found == NO_PREDICTION:
        return "", "nan"
    return (str(found), f"{score:.9g}") if found >= 0 else ("", "")


def _read_choice(found: str, score: str) -> tuple[int, float]:
    if found:
        return parse_class(found), _parse_score(score)
    if score not in {"", "nan"}:
        raise ValueError("a score without its class")
    return (NO_PREDICTION if score else NO_CLASS), np.nan


def _parse_score(text: str) -> float:
    """The value of a float32; ValueError for a number that no float32 is, as well."""
    value = float(text)
    if _OVERFLOW <= abs(value) < math.inf:
        raise ValueError(f"{text[:40]!r} is no float32")
    return value


def parse_class(text: str) -> int:
    """The number of a class; ValueError for what is none."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS):
        raise ValueError(f"{text[:40]!r} is no class")
    return int(text)


def as_cell(name: str) -> str:
    """A name that no spreadsheet takes for a formula; those that begin like one get a quote."""
    return f"'{name}" if name.startswith(_FORMULA) else name


def _as_name(text: str) -> str:
    return text[1:] if text.startswith("'") and text.startswith(_FORMULA, 1) else text


def read_predictions(path: Path) -> TopPredictions:
    """What `write_predictions` wrote. Raises DatasetError, which names the line."""
    images: list[str] = []
    labels: list[int] = []
    classes: list[list[int]] = []
    scores: list[list[float]] = []
    try:
        text = read_input(path).decode("utf-8", "surrogateescape")
        with io.StringIO(text, newline="") as file:
            reader = csv.reader(file)
            if next(reader, None) != _HEADER:
                raise DatasetError(f"{path}: not a file of predictions: its header is another")
            for row in reader:
                try:
                    image, label, *best = row
                    choices = [
                        _read_choice(*pair) for pair in zip(best[::2], best[1::2], strict=True)
                    ]
                    images.append(_as_name(image))
                    labels.append(parse_class(label))
                    classes.append([found for found, _ in choices])
                    scores.append([score for _, score in choices])
                    complete = len(best) == 2 * _RANKS
                except ValueError:
                    complete = False
                if not complete:
                    raise DatasetError(f"{path}, line {reader.line_num}: not a prediction")
    except (csv.Error, ValueError) as error:
        raise DatasetError(f"{path}: {error}") from error
    if len(set(images)) != len(images):
        raise DatasetError(f"{path}: an image is in it twice")
    return TopPredictions(
        tuple(images),
        np.array(labels, np.int64),
        np.array(classes, np.int64).reshape(-1, _RANKS),
        np.array(scores, np.float32).reshape(-1, _RANKS),
    )
